"""``dh.drive``: motion without frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dh

pytestmark = pytest.mark.usefixtures("toy_method")

FRAMES = 33
"""ceil(1.3 s x 25)."""
JAW = dh.ARKIT_BLENDSHAPES.index("jawOpen")


def jaw(chunks: Iterator[dh.Motion]) -> NDArray[np.float32]:
    return np.concatenate([chunk["blendshapes"][:, JAW] for chunk in chunks])


def test_it_yields_the_motion_that_a_renderer_would_get(picture: Path, speech: Path) -> None:
    chunks = list(dh.drive("toy", source=picture, audio=speech, options={"gain": 2}))
    assert [chunk.start for chunk in chunks] == list(np.cumsum([0, *map(len, chunks[:-1])]))
    assert sum(map(len, chunks)) == FRAMES
    assert {(chunk.space.name, chunk.fps) for chunk in chunks} == {("arkit", 25.0)}
    assert jaw(iter(chunks))[-1] > jaw(iter(chunks))[0]


def test_speech_in_chunks_gives_the_motion_of_the_whole(picture: Path, speech: Path) -> None:
    chunks = dh.read_speech(speech, chunk_seconds=0.1)
    arguments: dict[str, Any] = {"source": picture, "options": {"jitter": 0.5}, "seed": 3}
    whole = jaw(dh.drive("toy", audio=speech, **arguments))
    np.testing.assert_array_equal(jaw(dh.drive("toy", audio=chunks, **arguments)), whole)


def test_controls_are_attached_and_not_applied(picture: Path, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "looks.csv").write_text("time,fade\n0,0\n", encoding="utf-8")
    chunks = list(dh.drive("toy", source=picture, audio=speech, controls=tmp_path / "looks.csv"))
    assert all(chunk.controls is not None and not chunk.controls.fade.any() for chunk in chunks)
    assert jaw(iter(chunks)).any()


def test_a_wrong_request_is_refused_before_any_work(picture: Path, speech: Path) -> None:
    with pytest.raises(dh.OptionError, match="gain"):
        dh.drive("toy", source=picture, audio=speech, options={"gain": -1})
    with pytest.raises(dh.MediaError, match=r"gone\.wav"):
        dh.drive("toy", source=picture, audio=speech.with_name("gone.wav"))


def test_what_is_left_early_and_closed_leaves_no_thread(picture: Path, speech: Path) -> None:
    before = threading.active_count()
    motion = dh.drive("toy", source=picture, audio=speech)
    next(motion)
    motion.close()  # type: ignore[attr-defined]  # a generator is an iterator
    assert threading.active_count() == before
