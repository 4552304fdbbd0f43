"""Faults: signals at any moment leave no partial output and no child; a failing plugin is reported by name."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dh.testing import write_distribution
from samples import PORTRAIT, SPEECH, Done

GOOD_RUN = ["run", "-m", "face-mesh", "-s", str(PORTRAIT), "-a", str(SPEECH)]

FAULTY = """
import time
import dh
{import_time}

@dh.hookimpl
def dh_drivers():
    yield dh.DriverSpec(
        name="faulty", summary="fails", implementation="faulty_plugin:Faulty", motion_space="arkit", look_ahead=0.0
    )
    {registering}

class Faulty:
    def __init__(self, options, context):
        self.fps = context.fps
        {constructing}

    def drive(self, avatar, speech):
        for frame, samples in enumerate(dh.split_frames(speech, self.fps)):
            if frame == 10:
                {streaming}
            yield {motion}
"""

GOOD_MOTION = "dh.arkit_motion(frame, self.fps)"


def faulty(folder: Path, **faults: str) -> dict[str, str]:
    """An installed plugin with faults, as environment for a process."""
    parts = {"import_time": "", "registering": "", "constructing": "pass", "streaming": "pass", "motion": GOOD_MOTION}
    source = FAULTY.format(**{**parts, **faults})
    write_distribution(folder, "faulty", "faulty_plugin", source=source)
    return {"PYTHONPATH": str(folder), "DH_STALL_SECONDS": "6"}


@pytest.mark.parametrize(
    ("faults", "status", "words"),
    [
        ({"constructing": "raise ValueError('bad wiring')"}, 1, "driver faulty: ValueError: bad wiring"),
        ({"streaming": "raise RuntimeError('out of breath')"}, 1, "driver faulty: RuntimeError: out of breath"),
        ({"streaming": "raise SystemExit(7)"}, 1, "driver faulty: SystemExit: 7"),
        ({"streaming": "time.sleep(60)"}, 1, "driver faulty: no result for 6 s"),
        ({"streaming": "while True: pass"}, 1, "driver faulty: no result for 6 s"),
        ({"motion": "42"}, 1, "driver faulty: gave a int, not Motion"),
        ({"motion": "dh.arkit_motion(frame + 1, self.fps)"}, 1, "driver faulty: gave motion from frame 1, expected 0"),
        ({"motion": "dh.arkit_motion(frame, 50.0)"}, 1, "driver faulty: gave motion at 50 frames per second"),
        ({"motion": "dh.arkit_motion(frame, self.fps, jawOpen=float('nan'))"}, 1, "driver faulty: ValueError"),
    ],
)
def test_a_plugin_that_fails_in_a_run_is_named(
    tmp_path: Path, dh_command: Callable[..., Done], faults: dict[str, str], status: int, words: str
) -> None:
    output = tmp_path / "videos" / "out.mp4"
    output.parent.mkdir()
    done = dh_command(
        *GOOD_RUN, "-o", output, "--driver", "faulty", env=faulty(tmp_path / "site", **faults), timeout=60
    )
    assert done.status == status, done.err
    lines = [line for line in done.err.splitlines() if not line.startswith("note:")]
    assert len(lines) == 1, done.err
    assert words in lines[0]
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"import_time": "raise ImportError('libmissing.so.3: cannot open shared object file')"}, "libmissing.so.3"),
        ({"import_time": "raise SystemExit('go away')"}, "go away"),
        ({"registering": "raise KeyError('weights')"}, "weights"),
    ],
)
def test_a_plugin_that_fails_to_load_lets_everything_else_work(
    tmp_path: Path, dh_command: Callable[..., Done], faults: dict[str, str], words: str
) -> None:
    environment = faulty(tmp_path / "site", **faults)
    assert dh_command("--help", env=environment).status == 0
    plugins = {row["name"]: row for row in json.loads(dh_command("plugins", "--json", env=environment).out)}
    assert plugins["faulty"]["state"] == "broken"
    assert words in plugins["faulty"]["detail"]
    assert plugins["faulty"]["brings"] == []
    assert plugins["face-mesh"]["state"] == "ok"
    methods = {row["name"]: row["state"] for row in json.loads(dh_command("methods", "--json", env=environment).out)}
    assert methods["face-mesh"] == "ok"
    doctor = dh_command("doctor", env=environment)
    assert doctor.status == 1
    assert f"FAIL  plugin faulty: broken: {plugins['faulty']['detail']}" in doctor.out
    strict = dh_command("methods", env={**environment, "DH_STRICT": "1"})
    assert strict.status == 1
    assert strict.err.startswith("dh: plugin faulty: broken:")


def test_a_driver_that_ends_early_is_held_and_said(tmp_path: Path, dh_command: Callable[..., Done]) -> None:
    environment = faulty(tmp_path / "site", streaming="return")
    output = tmp_path / "out.mp4"
    done = dh_command(*GOOD_RUN, "-o", output, "--driver", "faulty", env=environment)
    assert done.status == 0, done.err
    assert "driver faulty ended" in done.err
    record = json.loads((tmp_path / "out.mp4.json").read_text())
    assert record["output"]["frames"] > 100


def start(output: Path) -> subprocess.Popen[str]:
    # Its own session, so that what it leaves behind can be found by its group.
    return subprocess.Popen(
        [sys.executable, "-m", "dh", *GOOD_RUN, "-o", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def group_is_empty(group: int) -> bool:
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


MOMENTS = [round(random.Random(2).uniform(0.1, 3.5), 2) for _ in range(5)]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted_at_any_moment_it_ends_promptly_and_leaves_nothing(tmp_path: Path, moment: float) -> None:
    process = start(tmp_path / "out.mp4")
    time.sleep(moment)
    already_done = process.poll() is not None
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    if not already_done and process.returncode != 0:
        assert time.monotonic() - begin < 5
        assert process.returncode in (130, -signal.SIGINT)
        assert "Traceback" not in err or process.returncode == -signal.SIGINT
        assert list(tmp_path.iterdir()) == []
    assert group_is_empty(process.pid)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_nothing_partial_has_the_final_name(
    tmp_path: Path, moment: float, dh_command: Callable[..., Done]
) -> None:
    output = tmp_path / "out.mp4"
    process = start(output)
    time.sleep(moment)
    process.kill()
    process.communicate(timeout=20)
    assert group_is_empty(process.pid)
    if output.exists():  # then it was whole before the signal came
        import av

        with av.open(str(output)) as container:
            assert sum(1 for _ in container.decode(video=0)) > 100


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_the_next_run_removes_what_a_killed_one_left(
    tmp_path: Path, dh_command: Callable[..., Done], short_speech: Path
) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    process = start(folder / "out.mp4")
    deadline = time.monotonic() + 30
    while not list(folder.glob(".out.mp4.*.part")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=20)
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    run = ["run", "-m", "face-mesh", "-s", PORTRAIT, "-a", short_speech, "-o", folder / "out.mp4"]
    assert dh_command(*run).status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["out.mp4", "out.mp4.json"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_that_leaves_ends_the_run(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dh", *GOOD_RUN, "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(2000)
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=20) in (1, 2)
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 1
