"""The published driver online: frames come within the look-ahead that it states, and need no later speech."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dh_ditto.audio_features import FEATURE_SIZE, StreamingFeatures
from dh_ditto.driver import online_look_ahead
from dh_ditto.motion import VECTOR_SIZE, Array
from dh_ditto.options import DriverOptions
from dh_ditto.windows import WINDOW_FRAMES, MotionWindows

RATE, FRAME = 16000, 640


def encoder(samples: Array) -> Array:
    """[m, 1024]: every row hears everything; a stand-in for HuBERT with its sizes."""
    return np.full(((samples.shape[1] - 400) // 320 + 1, FEATURE_SIZE), samples.sum(), np.float32)


def diffusion(kp_cond: Array, cond: Array, steps: int) -> Array:
    """Every frame shows everything that its window heard."""
    heard = np.broadcast_to(cond[:, :, :1].sum(1, keepdims=True), (1, WINDOW_FRAMES, VECTOR_SIZE))
    return np.asarray(heard + 0.1 * kp_cond[:, None], np.float32)


def parts(options: DriverOptions, samples: Array) -> Iterator[Array]:
    """Frames given after each 40 ms, and those of the end."""
    overlap = options.overlap
    assert overlap is not None
    features = StreamingFeatures(encoder, options.chunks, True, options.reference_defects)
    windows = MotionWindows(
        diffusion,
        np.zeros((1, VECTOR_SIZE), np.float32),
        overlap_v2=overlap,
        lead=np.zeros((overlap, FEATURE_SIZE), np.float32),
        smo_k_d=options.smoothing,
        reference_defects=options.reference_defects,
    )
    for start in range(0, len(samples), FRAME):
        yield windows.push(features.push(samples[start : start + FRAME]))
    yield np.concatenate([windows.push(features.finish()), windows.finish()])


def noise(frames: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 0.1, frames * FRAME).astype(np.float32)


@pytest.mark.parametrize("defects", [False, True])
@pytest.mark.parametrize(
    "options", [{"overlap": 70}, {"overlap": 78, "smoothing": 1}, {"overlap": 73, "chunks": (3, 3, 1)}, {"overlap": 40}]
)
def test_frames_come_within_the_look_ahead_and_no_sooner(options: dict[str, Any], defects: bool) -> None:
    made = DriverOptions.model_validate({**options, "online": True, "reference_defects": defects})
    ahead, given, longest = online_look_ahead(made), 0, 0.0
    for number, part in enumerate(list(parts(made, noise(260)))[:-1]):
        heard = (number + 1) / 25
        if len(part):
            longest = max(longest, heard - (given + 1) / 25)
        given += len(part)
        assert given >= np.floor(round((heard - ahead) * 25, 6))
    assert 0 <= longest - ahead < 0.04, "the longest wait, but for the rest of a chunk"


@pytest.mark.parametrize("options", [{"overlap": 70}, {"overlap": 77, "chunks": (2, 4, 1)}])
def test_no_frame_depends_on_later_speech(options: dict[str, Any]) -> None:
    made = DriverOptions.model_validate({**options, "online": True})
    samples, other = noise(120), noise(120, 1)
    motion = np.concatenate(list(parts(made, samples)))
    depends = False
    for frame in range(40, 60):
        heard = round(((frame + 1) / 25 + online_look_ahead(made)) * RATE)
        later, sooner = (np.concatenate([samples[:end], other[end:]]) for end in (heard, heard - 40))
        np.testing.assert_array_equal(np.concatenate(list(parts(made, later)))[: frame + 1], motion[: frame + 1])
        depends |= not np.array_equal(np.concatenate(list(parts(made, sooner)))[frame], motion[frame])
    assert depends, "some frame needs all of it"


@pytest.mark.parametrize(("overlap", "seconds"), [(70, 0.845), (78, 0.365)])
def test_the_published_look_ahead(overlap: int, seconds: float) -> None:
    assert online_look_ahead(DriverOptions(online=True, overlap=overlap)) == pytest.approx(seconds)
