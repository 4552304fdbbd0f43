"""What the process holds: threads, open files, and files that were left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dh.testing.contract.clause import ContractBroken


@dataclass(frozen=True)
class Holdings:
    """What the process holds: threads of Python by identity, and open descriptors by what they lead to."""

    threads: dict[int, str]
    files: Counter[str]

    @classmethod
    def now(cls) -> Holdings:
        """As they are, rubbish collected."""
        gc.collect()
        threads = {id(thread): thread.name for thread in threading.enumerate()}
        return cls(threads, Counter(_descriptors()))

    def growth(self, after: Holdings) -> list[str]:
        """What came since and is still there."""
        threads = [f"thread {name!r}" for key, name in after.threads.items() if key not in self.threads]
        files = [f"open {name}" for name in (after.files - self.files).elements()]
        return threads + files

    def wait_for_growth_to_go(self, seconds: float) -> list[str]:
        """What came since and does not go within some seconds: a thread that was told to end may take a moment."""
        deadline = time.monotonic() + seconds
        while (left := self.growth(Holdings.now())) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left


def _descriptors() -> Iterator[str]:
    folder = Path("/proc/self/fd")
    if folder.is_dir():
        for entry in folder.iterdir():
            with contextlib.suppress(OSError):  # of the listing itself
                target = str(entry.readlink())
                # Sockets and pipes have a number of their own, which must not make two counts of one kind differ.
                yield target.partition(":[")[0] if ":[" in target else target
        return
    import psutil

    yield from (file.path for file in psutil.Process().open_files())


@contextlib.contextmanager
def empty_folders() -> Iterator[Callable[[], list[str]]]:
    """Makes the working folder and that of temporary files empty ones; the value tells what is in them.

    PyTorch's store of compiled code is kept apart: it stays on purpose, and merely importing the compiler makes it,
    where temporary files are unless told otherwise.
    """
    before, default = Path.cwd(), tempfile.tempdir
    environment = {name: os.environ.get(name) for name in ("TMPDIR", "TORCHINDUCTOR_CACHE_DIR")}
    with tempfile.TemporaryDirectory(prefix="dh-contract-") as root:
        work, temporary = Path(root, "work"), Path(root, "temporary")
        work.mkdir()
        temporary.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(Path(root, "compiled"))
        os.chdir(work)

        def left() -> list[str]:
            return [
                f"{where} {path.relative_to(folder)}"
                for folder, where in ((work, "file in the working folder:"), (temporary, "temporary file:"))
                for path in sorted(folder.rglob("*"))
            ]

        try:
            yield left
        finally:
            os.chdir(before)
            tempfile.tempdir = default
            for name, value in environment.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def within(seconds: float, action: Callable[[], Any], what: str) -> Any:
    """Returns what an action gives; what it raises passes.

    Raises:
        ContractBroken: it takes longer than ``seconds``; its thread, a daemon, is left alone then.
    """
    result: list[Any] = []
    failure: list[BaseException] = []

    def act() -> None:
        try:
            result.append(action())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=act, name="dh contract", daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not result:
        raise ContractBroken(f"{what} takes longer than {seconds:g} s")
    return result[0]
