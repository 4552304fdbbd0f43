"""FID, FVD and E-FID: the Frechet distance on known Gaussians, over frames, clips and faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_metrics.learned.options import FvdOptions, LearnedOptions
from learned_samples import HeldMaterial, context_with, noise_frames, read

torch = pytest.importorskip("torch")
pytest.importorskip("torchmetrics")
from torch import Tensor, nn  # noqa: E402

from dh_metrics.learned import expression, fid, fvd  # noqa: E402
from dh_metrics.learned.frechet import frechet_distance  # noqa: E402
from dh_metrics.learned.fvd import windows  # noqa: E402
from dh_metrics.learned.networks import i3d, inception, reconstruction  # noqa: E402


class _Features(nn.Identity):
    num_features = 4


def _with_moments(mean: NDArray[np.float64], deviations: NDArray[np.float64]) -> Tensor:
    """Items whose mean and covariance, diagonal, are exact."""
    size = len(mean)
    spread = np.diag(deviations) * np.sqrt((2 * size - 1) / 2)
    return torch.tensor(np.concatenate([mean + spread, mean - spread]))


def test_the_distance_of_two_gaussians_is_the_closed_form() -> None:
    first, second = np.array([0.0, 1, 2, 3]), np.array([1.0, 1, 0, 3])
    wide, narrow = np.array([1.0, 2, 3, 4]), np.array([2.0, 2, 1, 0.5])
    expected = np.sum((first - second) ** 2) + np.sum((wide - narrow) ** 2)
    found, count, others = frechet_distance(
        "fid", _Features(), [_with_moments(first, wide)], [_with_moments(second, narrow)], "cpu"
    )
    assert found == pytest.approx(expected, rel=1e-9)
    assert (count, others) == (8, 8)


def test_the_distance_does_not_depend_on_the_batches() -> None:
    random = np.random.default_rng(0)
    one, other = (torch.tensor(random.normal(size=(40, 4))) for _ in range(2))
    whole = frechet_distance("fid", _Features(), [one], [other], "cpu")[0]
    parts = frechet_distance("fid", _Features(), one.split(7), other.split(11), "cpu")[0]
    assert parts == pytest.approx(whole, rel=1e-9)


def test_a_set_without_a_covariance_is_not_measured() -> None:
    with pytest.raises(dh.NotMeasurable, match="the video gives 1 of the at least 2"):
        frechet_distance("fid", _Features(), [torch.zeros(1, 4)], [torch.zeros(3, 4)], "cpu")


class _Colours(nn.Module):
    """In a network's place: mean and spread of each channel."""

    num_features = 6

    def forward(self, items: Tensor) -> Tensor:
        flat = items.double().flatten(2)
        return torch.cat([flat.mean(2), flat.std(2)], 1)


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dh.Context:
    """Every published network replaced by a small one, of which a folder holds the weights."""
    for module, name in ((inception, "InceptionV3"), (i3d, "I3D"), (reconstruction, "FaceCoefficients")):
        monkeypatch.setattr(module, name, _Colours)
    torch.save({}, tmp_path / "pt_inception-2015-12-05-6726825d.pth")
    torch.save({}, tmp_path / "i3d_pretrained_400.pt")
    torch.save({"net_recon": {}}, tmp_path / "epoch_20.pth")
    return context_with(tmp_path)


def test_fid_of_a_video_with_itself_is_zero_and_grows_as_it_darkens(colours: dh.Context) -> None:
    frames = noise_frames(12)
    same = fid.Fid(LearnedOptions(), colours).measure(HeldMaterial(frames, reference=frames))
    assert same.value == pytest.approx(0, abs=1e-6)
    assert same.count == 12
    assert "too high" in same.note
    darker = [HeldMaterial([frame // share for frame in frames], reference=frames) for share in (2, 4)]
    values = [read(fid.Fid(LearnedOptions(), colours), material) for material in darker]
    assert 1 < values[0] < values[1]


def test_fid_looks_at_no_order(colours: dh.Context) -> None:
    frames = noise_frames(9)
    found = fid.Fid(LearnedOptions(), colours).measure(HeldMaterial(frames[::-1], reference=frames))
    assert found.value == pytest.approx(0, abs=1e-6)


def test_fvd_compares_clips_of_16_frames_and_says_how_few(colours: dh.Context) -> None:
    frames = noise_frames(40)
    found = fvd.Fvd(FvdOptions(), colours).measure(HeldMaterial(frames, reference=frames))
    assert found.value == pytest.approx(0, abs=1e-6)
    assert found.count == 2
    assert "2 clips of 16 frames, one every 16" in found.note
    assert "unreliable" in found.note
    closer = fvd.Fvd(FvdOptions(clip_stride=8), colours).measure(HeldMaterial(frames, reference=frames))
    assert closer.count == 4


def test_fvd_needs_two_clips(colours: dh.Context) -> None:
    frames = noise_frames(31)
    with pytest.raises(dh.NotMeasurable, match="the reference gives 1"):
        fvd.Fvd(FvdOptions(), colours).measure(HeldMaterial(frames, reference=frames))


def test_windows_leave_out_what_fills_none() -> None:
    assert list(windows(range(10), 4, 3)) == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    assert list(windows(range(3), 4, 1)) == []


def test_without_a_reference_the_distances_are_not_measured(colours: dh.Context) -> None:
    for metric in (fid.Fid, expression.ExpressionFid):
        with pytest.raises(dh.NotMeasurable, match="no reference"):
            metric(LearnedOptions(), colours).measure(HeldMaterial(noise_frames(3)))


class _Track:
    """Faces whose eyes, nose and mouth corners are anywhere but on one line; some are not seen."""

    def __init__(self, frames: int, unseen: tuple[int, ...] = ()) -> None:
        self.landmarks = np.random.default_rng(2).uniform(8, 40, (frames, 478, 3)).astype(np.float32)
        self.seen = ~np.isin(np.arange(frames), unseen)


def test_e_fid_of_a_video_with_itself_is_zero_over_the_frames_with_a_face(
    colours: dh.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = noise_frames(8)
    monkeypatch.setattr(expression, "faces", lambda _: _Track(8, unseen=(2, 5)))
    monkeypatch.setattr(expression, "reference_faces", lambda _: _Track(8, unseen=(2, 5)))
    found = expression.ExpressionFid(LearnedOptions(), colours).measure(HeldMaterial(frames, reference=frames))
    assert found.value == pytest.approx(0, abs=1e-6)
    assert found.count == 6
    assert "6 faces against 6" in found.note
    dark = HeldMaterial([frame // 3 for frame in frames], reference=frames)
    assert read(expression.ExpressionFid(LearnedOptions(), colours), dark) > 1
