"""The shipped starter while nobody speaks: a face that lives, with a shut mouth."""

from __future__ import annotations

import numpy as np
import pytest

import dh
from dh_ditto.starter import layout
from dh_ditto.starter.driver import StarterDriver
from dh_ditto.starter.options import StarterOptions
from dh_ditto.synthesis.evaluate import jitter
from dh_ditto.synthesis.shapes import lip_opening

SECONDS = 24


@pytest.fixture(scope="module")
def silence() -> np.ndarray:
    """Motion rows of zeros, heard online."""
    driver = StarterDriver(StarterOptions(online=True), dh.Context(fps=25.0, seed=0, device="cpu"))
    speech = iter([dh.AudioChunk(np.zeros(SECONDS * 16000, np.float32), 0)])
    return np.concatenate(list(driver.rows(speech)))


def test_the_mouth_is_shut_and_still(silence: np.ndarray) -> None:
    opening = lip_opening(layout.blendshapes_of(silence))
    assert opening.max() < 0.03
    assert jitter(opening, np.ones(len(opening), bool)) < 0.003


def test_eyes_blink(silence: np.ndarray) -> None:
    lids = layout.blendshapes_of(silence)[:, dh.ARKIT_BLENDSHAPES.index("eyeBlinkLeft")]
    assert 2 <= np.count_nonzero((lids[1:] > 0.5) & (lids[:-1] <= 0.5)) <= 14


def test_the_head_sways_without_trembling_or_drifting(silence: np.ndarray) -> None:
    angles = silence[:, layout.SLICES["rotation"]]
    assert jitter(angles, np.ones(len(angles), bool)) < 0.02, "degrees a frame squared"
    assert 0.05 < angles.std(0).max() < 3
    thirds = [part.mean(0) for part in np.array_split(angles, 3)]
    assert np.abs(thirds[2] - thirds[0]).max() < 2
