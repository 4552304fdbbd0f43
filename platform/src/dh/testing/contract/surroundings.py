"""Settings that belong to the whole process, and so to nobody: environment, folder, warnings, signals, generators."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

_NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


@dataclass(frozen=True)
class Surroundings:
    """Settings of the whole process; each field is called in a complaint as it is called here.

    What torch holds is None until torch is imported.
    """

    environment: dict[str, str]
    working_folder: str
    warning_filters: list[Any]
    signal_handlers: dict[int, Any]
    module_path: list[str]
    numpy_errors: dict[str, str]
    random_state: Any
    numpy_random_state: Any
    torch_settings: dict[str, Any] | None
    torch_random_state: list[int] | None

    @classmethod
    def now(cls) -> Surroundings:
        """As they are."""
        torch = sys.modules.get("torch")
        return cls(
            environment=dict(os.environ),
            working_folder=str(Path.cwd()),
            warning_filters=list(warnings.filters),
            signal_handlers={int(number): signal.getsignal(number) for number in signal.valid_signals()},
            module_path=list(sys.path),
            numpy_errors={kind: str(way) for kind, way in np.geterr().items()},
            random_state=random.getstate(),
            numpy_random_state=_plain(np.random.get_state()),
            torch_settings=None if torch is None else {name: get(torch) for name, (get, _, _) in _TORCH.items()},
            torch_random_state=None if torch is None else torch.get_rng_state().tolist(),
        )

    def put(self) -> None:
        """Makes them so, as far as one can: signal handlers can be set in the main thread alone."""
        for name in set(os.environ) - set(self.environment):
            del os.environ[name]
        os.environ.update(self.environment)
        os.chdir(self.working_folder)
        warnings.resetwarnings()
        warnings.filters[:] = self.warning_filters  # type: ignore[index]
        sys.path[:] = self.module_path
        np.seterr(**self.numpy_errors)  # type: ignore[arg-type]
        random.setstate(self.random_state)
        np.random.set_state(self.numpy_random_state)
        if threading.current_thread() is threading.main_thread():
            for number, handler in self.signal_handlers.items():
                if handler is not None and signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
        torch = sys.modules.get("torch")
        if torch is not None and self.torch_settings is not None:
            for name, (_, put, _) in _TORCH.items():
                put(torch, self.torch_settings[name])
        if torch is not None and self.torch_random_state is not None:
            torch.set_rng_state(torch.tensor(self.torch_random_state, dtype=torch.uint8))

    def plain(self, touched: Collection[str]) -> Surroundings:
        """These, with values that a component which changes settings hardly gives them: so the change is seen even if
        the component has made the same change before.

        Args:
            touched: environment variables to remove.
        """
        settings = self.torch_settings
        return replace(
            self,
            environment={name: value for name, value in self.environment.items() if name not in touched},
            warning_filters=[("default", None, Warning, None, 0)],
            numpy_errors=dict(_NUMPY_ERRORS),
            torch_settings=None
            if settings is None
            else {name: plain(settings[name]) for name, (*_, plain) in _TORCH.items()},
        )

    def changes(self, after: Surroundings) -> list[str]:
        """What is not as it was, in words."""
        changed = []
        for entry in fields(self):
            before, now = getattr(self, entry.name), getattr(after, entry.name)
            if before is None or before == now:
                continue
            what = entry.name.replace("_", " ")
            if isinstance(before, dict) and isinstance(now, dict):
                keys = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
                what += f" ({', '.join(map(str, keys))})"
            changed.append(what)
        return changed


def seed_everything(seed: int) -> None:
    """Seeds the generators that belong to nobody."""
    random.seed(seed)
    np.random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def _plain(state: Any) -> Any:
    """A state of numpy's generator with a tuple in place of its array, so that two can be compared."""
    name, keys, *rest = state
    return (name, tuple(keys.tolist()), *rest)


_Get = Callable[[Any], Any]
_Put = Callable[[Any, Any], Any]
_TORCH: dict[str, tuple[_Get, _Put, Callable[[Any], Any]]] = {
    "default dtype": (
        lambda torch: torch.get_default_dtype(),
        lambda torch, value: torch.set_default_dtype(value),
        lambda value: sys.modules["torch"].float32,
    ),
    "threads": (
        lambda torch: torch.get_num_threads(),
        lambda torch, value: torch.set_num_threads(value),
        lambda value: value + 1,
    ),
    "grad mode": (
        lambda torch: torch.is_grad_enabled(),
        lambda torch, value: torch.set_grad_enabled(value),
        lambda value: True,
    ),
    "deterministic algorithms": (
        lambda torch: torch.are_deterministic_algorithms_enabled(),
        lambda torch, value: torch.use_deterministic_algorithms(value),
        lambda value: False,
    ),
    "cudnn benchmark": (
        lambda torch: torch.backends.cudnn.benchmark,
        lambda torch, value: setattr(torch.backends.cudnn, "benchmark", value),
        lambda value: False,
    ),
}
"""Settings of torch by name: how to get and to put each, and its plain value from the one that it has."""
