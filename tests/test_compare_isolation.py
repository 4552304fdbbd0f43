"""A comparison outlives what it compares: every way to fail is one cell's result, and all others are complete."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dh.testing import write_distribution
from samples import PORTRAIT, Done

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

PLUGIN = """
import dh

FREE = dh.Licence(name="MIT", commercial="allowed")
WEIGHTS = dh.CheckpointSpec(
    name="never-pulled", repository="owner/never", revision="v1", need="required",
    files=(dh.CheckpointFile(path="a", licence=FREE),),
)


@dh.hookimpl
def dh_drivers():
    for name in ("raises", "segfaults", "hangs", "stalls", "hungry", "leaves", "prints", "waits", "weightless"):
        yield dh.DriverSpec(
            name=name, summary=name, implementation=f"faulty_drivers:{name.capitalize()}", motion_space="arkit",
            look_ahead=0.0, checkpoints=(WEIGHTS,) if name == "weightless" else (),
        )
    yield dh.DriverSpec(
        name="unloadable", summary="ends the process that imports it", implementation="faulty_import:Driver",
        options="faulty_import:Options", motion_space="arkit", look_ahead=0.0,
    )


@dh.hookimpl
def dh_metrics():
    yield dh.MetricSpec(
        name="fatal", summary="ends its process", implementation="faulty_drivers:Fatal", unit="", higher_is_better=None
    )
"""

DRIVERS = """
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

import dh
import numpy as np


class Good:
    def __init__(self, options, context):
        self.fps = context.fps

    def drive(self, avatar, speech):
        for frame, _ in enumerate(dh.split_frames(speech, self.fps)):
            if frame == 5:
                self.fault()
            yield dh.arkit_motion(frame, self.fps)


class Raises(Good):
    def fault(self):
        raise ValueError("bad wiring")


class Segfaults(Good):
    def fault(self):
        ctypes.string_at(0)


class Hangs(Good):
    def fault(self):
        ctypes.PyDLL(None).sleep(600)  # with the interpreter's lock, so that no thread of the process can run


class Stalls(Good):
    def fault(self):
        time.sleep(600)


class Hungry(Good):
    def fault(self):
        taken = []
        for _ in range(100):
            taken.append(np.ones(2_000_000))  # 16 MB
            time.sleep(0.02)


class Leaves(Good):
    def fault(self):
        os._exit(7)


class Prints(Good):
    def fault(self):
        print('{"event": "ended", "state": "failed"}', flush=True)
        os.write(1, b"native words\\n")


class Waits(Good):
    def fault(self):
        folder = pathlib.Path(os.environ["WAITING_ROOM"])
        if not (folder / "go").exists():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            (folder / "began.part").write_text(f"{os.getpid()} {child.pid}")
            (folder / "began.part").rename(folder / "began")
            time.sleep(600)


class Fatal:
    def __init__(self, options, context):
        pass

    def measure(self, material):
        os.kill(os.getpid(), signal.SIGSEGV)
"""

IMPORT = "import ctypes; ctypes.string_at(0)"


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which the toy method and the faulty drivers are installed."""
    site = tmp_path_factory.mktemp("site")
    write_distribution(site, "toy", "dh.testing.toy")
    write_distribution(site, "faulty", "faulty_plugin", source=PLUGIN)
    (site / "faulty_drivers.py").write_text(DRIVERS, encoding="utf-8")
    (site / "faulty_import.py").write_text(IMPORT, encoding="utf-8")
    room = tmp_path_factory.mktemp("room")
    paths = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": paths, "DH_CHECKPOINTS": str(room), "WAITING_ROOM": str(room)}


def arguments(report: Path, methods: str, audio: Path, *others: str) -> list[str]:
    face = audio.with_name("face.png")
    Image.open(PORTRAIT).resize((192, 192)).save(face)
    inputs = ["-s", str(face), "-a", str(audio)]
    return ["compare", "-m", methods, *inputs, "-o", str(report), *(others or ("--metrics", "none"))]


def cells_of(report: Path) -> dict[str, dict[str, Any]]:
    """Cells by the label of their variant."""
    results = json.loads((report / "results.json").read_text())
    labels = {variant["id"]: variant["label"] for variant in results["variants"]}
    return {labels[cell["variant"]]: cell for cell in results["cells"]}


FAULTS = {
    "toy+raises": ("failed", "driver raises: ValueError: bad wiring"),
    "toy+segfaults": ("crashed", "ended by SIGSEGV"),
    "toy+hangs": ("hung", "no progress for 4 s in phase"),
    "toy+stalls": ("hung", "driver stalls: no result for 4 s"),
    "toy+hungry": ("out of memory", "more than the 0.5 GiB of --memory"),
    "toy+leaves": ("crashed", "ended with status 7 and no result"),
    "toy+weightless": ("missing", "weightless: missing weights: needs the checkpoint never-pulled"),
    "toy+unloadable": ("crashed", "ended by SIGSEGV"),
}
WHOLE = ("toy", "toy+prints", "face-mesh")


def test_every_fault_is_its_own_cells_result(
    tmp_path: Path, plugged: dict[str, str], dh_command: Callable[..., Done], short_speech: Path
) -> None:
    report = tmp_path / "report"
    limits = ("--jobs", "4", "--timeout", "4", "--memory", "0.5", "--metrics", "none")
    methods = ",".join(("toy", *FAULTS, *WHOLE[1:]))
    done = dh_command(*arguments(report, methods, short_speech, *limits), env=plugged)
    cells = cells_of(report)
    assert {label: cell["state"] for label, cell in cells.items()} == {
        **dict.fromkeys(WHOLE, "done"),
        **{label: state for label, (state, _) in FAULTS.items()},
    }
    for label, (_, words) in FAULTS.items():
        assert words in cells[label]["reason"]
        assert cells[label]["video"] is None
    for label in WHOLE:
        assert cells[label]["frames"] == 13
        assert (report / cells[label]["video"]).stat().st_size > 1000
    assert cells["toy+weightless"]["remedy"].startswith("run: dh checkpoints pull never-pulled")
    assert "in drive" in (report / cells["toy+hangs"]["log"]).read_text()  # where it hung
    assert "native words" in (report / cells["toy+prints"]["log"]).read_text()
    assert done.status == 1
    counts = "3 of 11 cells are done, 1 failed, 3 crashed, 1 out of memory, 2 hung, 1 missing"
    assert done.err.splitlines()[-1] == f"dh: {counts}: {report / 'index.html'}"
    assert (report / "index.html").is_file()


def test_an_evaluation_that_crashes_leaves_its_cell_done(
    tmp_path: Path, plugged: dict[str, str], dh_command: Callable[..., Done], short_speech: Path
) -> None:
    report = tmp_path / "report"
    done = dh_command(*arguments(report, "toy", short_speech, "--metrics", "fatal"), env=plugged)
    assert done.status == 0, done.err
    assert "is not measured: crashed: ended by SIGSEGV" in done.err
    cell = cells_of(report)["toy"]
    assert (cell["state"], cell["evaluation"]) == ("done", None)
    assert "SIGSEGV" in cell["evaluation_reason"]


def start_and_wait(command: list[str], environment: dict[str, str], began: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dh", *command], env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    )
    wait_for(began.exists)
    return process


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
def test_a_comparison_that_is_ended_half_way_leaves_no_process_and_goes_on(
    tmp_path: Path, plugged: dict[str, str], dh_command: Callable[..., Done], short_speech: Path, sent: signal.Signals
) -> None:
    report = tmp_path / "report"
    command = arguments(report, "toy,toy+waits", short_speech)
    environment = {**plugged, "WAITING_ROOM": str(tmp_path)}
    process = start_and_wait(command, environment, tmp_path / "began")
    children = [int(pid) for pid in (tmp_path / "began").read_text().split()]
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    wait_for(lambda: all(map(gone, children)))
    assert {label: cell["state"] for label, cell in cells_of(report).items()} == {
        "toy": "done",
        "toy+waits": "interrupted",
    }
    if sent is not signal.SIGKILL:
        assert process.returncode == 130
        assert err.splitlines()[-1] == (
            "dh: interrupted: 1 of 2 cells are done, 1 interrupted; the same command goes on"
        )

    finished = report / cells_of(report)["toy"]["video"]
    before = finished.stat().st_mtime_ns, hashlib.sha256(finished.read_bytes()).hexdigest()
    (tmp_path / "go").touch()
    again = dh_command(*command, env=environment)
    assert again.status == 0, again.err
    assert (finished.stat().st_mtime_ns, hashlib.sha256(finished.read_bytes()).hexdigest()) == before
    assert "kept          toy--" in again.err
    assert {cell["state"] for cell in cells_of(report).values()} == {"done"}
