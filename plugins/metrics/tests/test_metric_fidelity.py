"""PSNR and SSIM read what is known of the pictures, and what others published for theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data
from skimage.metrics import structural_similarity

import dh
from dh_metrics.fidelity import psnr, ssim

Image = NDArray[np.uint8]


def scene(frame: int, height: int = 96, width: int = 128) -> Image:
    """A gradient that moves two pixels a frame."""
    x, y = np.meshgrid(np.arange(width) + 2 * frame, np.arange(height))
    waves = [128 + 100 * np.sin(2 * np.pi * (x / 40 + y / period)) for period in (30, 50, 70)]
    return np.stack(waves, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("step", [1, 5, 20])
def test_psnr_of_known_noise_is_known(step: int) -> None:
    signs = np.random.default_rng(0).choice([-step, step], size=(64, 64, 3))
    picture = np.full((64, 64, 3), 128, np.uint8)
    assert psnr((picture + signs).astype(np.uint8), picture) == pytest.approx(20 * np.log10(255 / step))


def test_a_frame_that_equals_the_reference_counts_as_100_db_and_ssim_1() -> None:
    assert psnr(scene(3), scene(3)) == 100
    assert ssim(scene(3), scene(3)) == 1


def test_psnr_and_ssim_agree_with_the_values_published_for_a_noisy_photograph() -> None:
    """scikit-image documents what the independent programme of ipol.im/pub/art/2011/g_lmii gives for this pair."""
    photograph = data.camera()
    noise = 20.0 * np.random.RandomState(5).randn(*photograph.shape)
    noisy = np.clip(photograph + noise, 0, 255).astype(np.uint8)
    pair = [np.repeat(picture[..., None], 3, axis=2) for picture in (noisy, photograph)]
    assert psnr(*pair) == pytest.approx(22.409353363576034, abs=1e-5)
    assert ssim(*pair) == pytest.approx(0.357959091663361, abs=1e-4)


def test_ssim_is_that_of_scikit_image() -> None:
    one, other = scene(0), scene(1)
    luma = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (one, other)]
    expected = structural_similarity(*luma, data_range=255, gaussian_weights=True, use_sample_covariance=False)
    assert 0.2 < expected < 0.95
    assert ssim(one, other) == pytest.approx(expected, abs=1e-5)


def test_identical_videos_read_ssim_1_in_valid_json(write_video: Callable[..., Path]) -> None:
    video = write_video(scene(frame) for frame in range(10))
    found = dh.evaluate(video, reference=video, metrics=["psnr", "ssim"])
    json.dumps(found, allow_nan=False)
    rows = {row["name"]: row for row in found["metrics"]}
    assert (rows["ssim"]["value"], rows["psnr"]["value"]) == (1.0, 100.0)
    assert rows["psnr"]["count"] == 10
    assert "10 of 10 frames equal the reference" in rows["psnr"]["note"]
    assert found["series"]["SSIM"] == [1.0] * 10


def test_frames_are_matched_by_time(write_video: Callable[..., Path]) -> None:
    video = write_video(scene(frame) for frame in range(10))
    late = write_video(scene(frame) for frame in range(1, 12))
    same, other = (
        dh.evaluate(video, reference=reference, metrics=["ssim"])["metrics"][0] for reference in (video, late)
    )
    assert other["value"] < same["value"] - 0.05
    assert other["count"] == 10
    assert other["note"] == "the reference is longer; its rest was not compared"


def test_a_reference_of_another_size_is_refused_with_the_remedy(write_video: Callable[..., Path]) -> None:
    small = write_video(scene(frame, 64, 96) for frame in range(3))
    video = write_video(scene(frame) for frame in range(3))
    row = dh.evaluate(video, reference=small, metrics=["psnr"])["metrics"][0]
    assert row["value"] is None
    assert row["why"] == "the reference is 96x64, the video 128x96; bring one to the other's size"
