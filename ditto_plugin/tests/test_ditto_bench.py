"""The benchmark measures what it says: both forms by turns, their times and how far their results differ."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("torch")

import dh
from dh_ditto.bench.diffusion import measure_diffusion
from dh_ditto.bench.networks import gigaflops, measure_networks
from dh_ditto.bench.options import parts_options
from dh_ditto.bench.parts import measure_parts
from dh_ditto.bench.turns import compared
from dh_ditto.diffusion import Denoiser
from dh_ditto.networks.denoiser import MotionDecoder, TwoPassDenoiser
from dh_ditto.networks.guided_denoiser import GuidedDenoiser
from dh_ditto.starter.driver import SHIPPED
from dh_ditto.weights.untrained import seeded_state_dict

CONDITION_SIZE = 1103


def test_forms_take_turns_after_one_untimed_call_each() -> None:
    calls: list[str] = []

    def form(name: str, value: float, seconds: float) -> dict[str, np.ndarray]:
        calls.append(name)
        time.sleep(seconds)
        return {"result": np.full(3, value)}

    timing = compared("part", {"fast": lambda: form("f", 1, 0), "plain": lambda: form("p", 1.5, 0.02)}, 2, "cpu")
    assert calls == ["f", "p", "f", "p", "f", "p"]
    assert timing.plain_ms is not None and timing.plain_ms >= 20
    assert "largest difference 5.0e-01" in timing.note


@pytest.fixture(scope="module")
def denoisers() -> dict[str, Denoiser]:
    """Both forms of an untrained diffusion model of the published size."""
    module = MotionDecoder().eval()
    module.load_state_dict(seeded_state_dict(module, 0, skip=("freqs",)))
    return {"plain": TwoPassDenoiser(module), "fast": GuidedDenoiser(module)}


def test_the_diffusion_model_is_measured_against_its_plain_form(denoisers: dict[str, Denoiser]) -> None:
    notices: list[str] = []
    step, window = measure_diffusion(denoisers, CONDITION_SIZE, repeats=1, steps=2, notice=notices.append)
    assert (step.name, window.name) == ("diffusion step", "diffusion window of 80 frames, 2 steps")
    assert len(notices) == 2
    for timing in (step, window):
        assert timing.ms > 0
        assert timing.p95_ms is not None and timing.p95_ms >= timing.ms
        assert timing.plain_ms
        assert float(timing.note.split()[2].rstrip(",")) < 1e-3


def test_a_backend_without_a_plain_form_is_measured_alone(denoisers: dict[str, Denoiser]) -> None:
    step, _ = measure_diffusion({"fast": denoisers["fast"]}, CONDITION_SIZE, repeats=1, steps=2)
    assert (step.plain_ms, step.note) == (None, "")


class FakeBackend:
    """Counts the frames that each network is asked for."""

    name = "onnx"
    device = "cpu"

    def __init__(self) -> None:
        self.asked: dict[str, set[int]] = {}

    def _note(self, network: str, count: int) -> np.ndarray:
        self.asked.setdefault(network, set()).add(count)
        return np.zeros((count, 1), np.float32)

    def appearance(self, image: np.ndarray) -> np.ndarray:
        return self._note("appearance", len(image))

    def motion(self, image: np.ndarray) -> dict[str, np.ndarray]:
        return {"exp": self._note("motion", len(image))}

    def volume(self, values: np.ndarray) -> np.ndarray:
        return values

    def warp(self, volume: np.ndarray, kp_source: np.ndarray, kp_driving: np.ndarray) -> np.ndarray:
        assert kp_source.shape == kp_driving.shape
        return self._note("warp", len(kp_source))

    def decoded(self, feature: np.ndarray) -> np.ndarray:
        return self._note("decoder", len(feature))


def test_a_batch_is_of_frames_and_not_of_source_pictures() -> None:
    backend = FakeBackend()
    timings = measure_networks(backend, batch=4, repeats=2)  # type: ignore[arg-type]
    assert backend.asked == {"appearance": {1}, "motion": {1}, "warp": {4}, "decoder": {4}}
    assert [timing.name for timing in timings] == ["appearance", "motion", "warp, 4 frames", "decoder, 4 frames"]


def test_work_is_counted_as_multiplications_and_additions_of_the_published_form() -> None:
    point = (1, 21, 3)
    assert gigaflops("warp_network", [(1, 32, 16, 64, 64), point, point]) == pytest.approx(342.1, abs=0.1)
    assert gigaflops("decoder", [(1, 256, 64, 64)]) == pytest.approx(891.6, abs=0.1)


def test_options_of_parts_are_those_that_their_speed_depends_on() -> None:
    options = parts_options({"renderer.batch": "4", "precision": "bf16", "emotion": "happy"})
    assert (options.batch, options.precision, options.backend, options.steps) == (4, "bf16", "auto", 50)
    with pytest.raises(dh.OptionError, match=r"^--set precision=fp8: input should be .* \(of warping and decoding;"):
        parts_options({"precision": "fp8"})


def test_exported_networks_are_measured_only_where_the_user_names_them() -> None:
    given = {"backend": "onnx"}
    with pytest.raises(dh.OptionError, match=r"^--set backend=onnx: .* --format onnx', and add --set weights=FOLDER$"):
        measure_parts(repeats=1, device="cpu", options=given, notice=lambda _: None)


def test_weights_that_were_trained_here_have_no_parts_and_are_refused_in_one_line() -> None:
    given = {"weights": str(SHIPPED)}
    with pytest.raises(
        dh.MissingError, match=r"^--set weights=.*: of a model that 'dh train' made, .*; name "
    ) as caught:
        measure_parts(repeats=1, device="cpu", options=given, notice=lambda _: None)
    assert "\n" not in str(caught.value)
