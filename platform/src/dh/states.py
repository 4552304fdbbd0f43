"""States instead of exceptions: what a plugin or a component needs before it can run here, and the remedy."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dh.declarations import ComponentSpec
from dh.errors import CheckpointMissing, DeviceMissing, DHError, ExtraMissing, PluginError
from dh.home import command


class State(str, Enum):
    """What keeps a plugin or a component from running, if anything."""

    OK = "ok"
    INCOMPATIBLE = "incompatible API"
    MISSING_EXTRA = "missing extra"
    MISSING_WEIGHTS = "missing weights"
    UNSUPPORTED_DEVICE = "unsupported device"
    BROKEN = "broken"


_ERRORS: dict[State, type[DHError]] = {
    State.INCOMPATIBLE: PluginError,
    State.MISSING_EXTRA: ExtraMissing,
    State.MISSING_WEIGHTS: CheckpointMissing,
    State.UNSUPPORTED_DEVICE: DeviceMissing,
    State.BROKEN: PluginError,
}


@dataclass(frozen=True)
class Status:
    """A state with what is wrong (``detail``) and the command or step that mends it (``remedy``).

    ``of_weights`` is whether other weights would mend it too.
    """

    state: State = State.OK
    detail: str = ""
    remedy: str = ""
    of_weights: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is in the way."""
        return self.state is State.OK

    def error(self, owner: str) -> DHError:
        """The exception that this state means to someone who wants to use ``owner`` now."""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return _ERRORS[self.state](f"{owner}: {self.state.value}: {self.detail}{remedy}")


def available_devices() -> tuple[str, ...]:
    """Kinds of device that this machine seems to have, told without importing torch: "cpu", "cuda", "mps"."""
    found = ["cpu"]
    if os.environ.get("CUDA_VISIBLE_DEVICES") != "" and (Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi")):
        found.append("cuda")
    if sys.platform == "darwin" and os.uname().machine == "arm64":
        found.append("mps")
    return tuple(found)


def choose_device(wanted: str, specs: list[ComponentSpec]) -> list[str]:
    """The device of each component: its best available one, or the wanted one where it runs there.

    Args:
        wanted: "auto", or a kind with an optional index ("cuda:1").
        specs: the components of a chain. One that cannot use the wanted device keeps the CPU.

    Raises:
        DeviceMissing: this machine lacks the wanted device, or no component can use it.
    """
    here = available_devices()
    if wanted == "auto":
        return [next((kind for kind in spec.devices if kind in here), "") for spec in specs]
    kind = wanted.partition(":")[0]
    if kind not in here:
        raise DeviceMissing(f"--device {wanted}: this machine has {', '.join(here)}; choose one of these or 'auto'")
    if not any(kind in spec.devices for spec in specs):
        runs = sorted({device for spec in specs for device in spec.devices})
        raise DeviceMissing(f"--device {wanted}: no component of this method runs there, only on {', '.join(runs)}")
    return [wanted if kind in spec.devices else "cpu" for spec in specs]


def status_of(spec: ComponentSpec, distribution: str, *, commercial_only: bool = False) -> Status:
    """What keeps a component of a loaded plugin from running on this machine.

    Args:
        spec: the component.
        distribution: the package that brings it, for the command that adds its extra.
        commercial_only: count only weights that clearly allow commercial use, where there are alternatives.
    """
    missing = [module for module in spec.requires if not importable(module)]
    if missing:
        remedy = _extra_command(distribution, spec.extra)
        return Status(State.MISSING_EXTRA, f"needs {', '.join(missing)}", f"run: {remedy}")
    here = available_devices()
    if not any(device in here for device in spec.devices):
        runs, has = " or ".join(spec.devices), ", ".join(here)
        return Status(State.UNSUPPORTED_DEVICE, f"runs on {runs}", f"this machine has {has}")
    if spec.checkpoints:
        from dh.checkpoints.needs import absent, without_modules

        instead = f"; or --set {spec.weights_option}=FOLDER" if spec.weights_option else ""
        names = absent(spec, commercial_only=commercial_only)
        if names:
            remedy = f"run: {command()} checkpoints pull {' '.join(names)}{instead}"
            what = f"needs the checkpoint{'s' if len(names) > 1 else ''} {', '.join(names)}"
            return Status(State.MISSING_WEIGHTS, what, remedy, of_weights=True)
        useless = without_modules(spec, commercial_only=commercial_only)
        if useless is not None:
            modules = ", ".join(module for module in useless.requires if not importable(module))
            remedy = f"run: {_extra_command(distribution, useless.extra)}{instead}"
            what = f"needs {modules} for the checkpoint {useless.name}"
            return Status(State.MISSING_EXTRA, what, remedy, of_weights=True)
    return Status()


def importable(module: str) -> bool:
    """Whether a module is installed, told without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def extra_missing(owner: str, module: str, distribution: str, extra: str | None) -> ExtraMissing:
    """The error of a component that finds at run time that it needs a module of one of its optional extras.

    Args:
        owner: what needs it, for the message.
        module: that cannot be imported.
        distribution: the package whose extra brings it.
        extra: its name; None where no extra does.
    """
    remedy = f"run: {_extra_command(distribution, extra)}"
    error = Status(State.MISSING_EXTRA, f"needs {module}", remedy).error(owner)
    assert isinstance(error, ExtraMissing)
    return error


def _extra_command(distribution: str, extra: str | None) -> str:
    if os.environ.get("DH_LAUNCHER"):
        return f"{command()} setup all"
    return f"pip install '{distribution}[{extra}]'" if extra else f"pip install --upgrade '{distribution}'"
