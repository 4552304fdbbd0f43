"""The schedule holds for every step count, a seed repeats its motion, and the fast denoiser equals the readable one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

import dh
from dh_ditto.diffusion import Sampler, alphas_cumprod, ddim_schedule, predicted_noise
from dh_ditto.motion import Array
from dh_ditto.networks.denoiser import MotionDecoder, TwoPassDenoiser
from dh_ditto.networks.guided_denoiser import GuidedDenoiser
from dh_ditto.weights.untrained import seeded_state_dict

MOTION, CONDITION, FRAMES = 265, 12, 6


class Shrinking:
    """Takes a tenth of its input plus the condition's mean for the clean motion, and counts."""

    def __init__(self) -> None:
        self.times: list[int] = []

    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> Any:
        return float(cond.mean())

    def x_start(self, prepared: Any, x: Array, time: int) -> Array:
        self.times.append(time)
        return np.asarray(0.1 * x + prepared, np.float32)

    def array(self, values: Array) -> Array:
        return values

    def numpy(self, values: Array) -> Array:
        return values


def inputs(seed: int = 0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    return (
        generator.standard_normal((1, MOTION), np.float32),
        generator.standard_normal((1, FRAMES, CONDITION), np.float32),
    )


def small_decoder(**changes: Any) -> MotionDecoder:
    sizes = {"latent_dim": 32, "ff_size": 48, "num_layers": 3, "num_heads": 4, **changes}
    module = MotionDecoder(MOTION, CONDITION, FRAMES, **sizes)
    module.load_state_dict(seeded_state_dict(module, 5, skip=("freqs",)))
    module.eval()
    return module


def test_coefficients_are_finite_for_every_step_count() -> None:
    for steps in range(1, 1001):
        schedule = ddim_schedule(steps)
        times = [time for time, _ in schedule.time_pairs]
        assert times[0] == 999 and schedule.time_pairs[-1][1] == -1
        assert len(set(times)) == steps and times == sorted(times, reverse=True)
        assert [following for _, following in schedule.time_pairs[:-1]] == times[1:]
        for values in (schedule.sigma, schedule.c, schedule.alpha_next_sqrt):
            assert values.shape == (steps - 1,) and np.isfinite(values).all() and (values >= 0).all(), steps


def test_variance_is_kept_between_signal_and_noise() -> None:
    for eta in (0.0, 0.5, 1.0):
        schedule = ddim_schedule(20, eta)
        total = schedule.alpha_next_sqrt**2 + schedule.c**2 + schedule.sigma**2
        np.testing.assert_allclose(total, 1, rtol=1e-12)


def test_noise_is_what_was_added() -> None:
    clean, noise = np.random.default_rng(0).standard_normal((2, 5))
    level = alphas_cumprod()[400]
    np.testing.assert_allclose(predicted_noise(level**0.5 * clean + (1 - level) ** 0.5 * noise, clean, 400), noise)


def test_the_times_of_every_step_count_are_the_published_ones() -> None:
    for steps in range(1, 1001):
        published = torch.linspace(-1, 999, steps=steps + 1).int().tolist()[::-1]
        assert ddim_schedule(steps).time_pairs == tuple(pairwise(published)), steps


@pytest.mark.parametrize(("steps", "eta", "named"), [(0, 1, "sampling_timesteps"), (1001, 1, "1000"), (5, 1.5, "eta")])
def test_settings_out_of_range_are_refused(steps: int, eta: float, named: str) -> None:
    with pytest.raises(dh.OptionError, match=named):
        ddim_schedule(steps, eta)


@pytest.mark.parametrize("steps", [1, 2, 5, 1000])
def test_the_denoiser_runs_once_at_every_time(steps: int) -> None:
    denoiser = Shrinking()
    window = Sampler(denoiser)(*inputs(), steps)
    assert denoiser.times == list(ddim_schedule(steps).times)
    assert window.shape == (1, FRAMES, MOTION) and window.dtype == np.float32 and np.isfinite(window).all()


def test_equal_seeds_give_equal_motion_and_others_do_not() -> None:
    def two_windows(seed: int) -> Array:
        sampler = Sampler(Shrinking(), seed)
        return np.concatenate([sampler(*inputs(), 7), sampler(*inputs(), 7)])

    first = two_windows(3)
    np.testing.assert_array_equal(first, two_windows(3))
    assert not np.allclose(first, two_windows(4))
    assert not np.allclose(first[0], first[1]), "each window starts from new noise"


def test_step_noise_is_shared_by_windows_whatever_ran_between() -> None:
    start = np.zeros((1, FRAMES, MOTION), np.float32)
    sampler = Sampler(Shrinking(), 3, starts=[start] * 3)
    first, _, third = (sampler(*inputs(), steps) for steps in (7, 9, 7))
    np.testing.assert_array_equal(first, third)


def test_given_noise_must_fit_the_steps() -> None:
    noise = [np.zeros((1, FRAMES, MOTION), np.float32)] * 3
    Sampler(Shrinking(), noise=noise)(*inputs(), 4)
    with pytest.raises(ValueError, match="4 noise arrays, not 3"):
        Sampler(Shrinking(), noise=noise)(*inputs(), 5)


@pytest.mark.parametrize("guidance", [1.0, 2.0, 3.5])
def test_fast_denoiser_equals_two_passes(guidance: float) -> None:
    module = small_decoder()
    plain, fast = TwoPassDenoiser(module, guidance), GuidedDenoiser(module, guidance)
    for seed, times in ((0, (999, 500, 3)), (1, (500, 0))):
        window = *inputs(seed), times
        one, other = plain.prepare(*window), fast.prepare(*window)
        x = torch.from_numpy(np.random.default_rng(seed).standard_normal((1, FRAMES, MOTION), np.float32))
        for time in (*times, times[0]):
            expected = plain.x_start(one, x, time)
            torch.testing.assert_close(fast.x_start(other, x, time), expected, rtol=1e-4, atol=1e-5)


def test_fast_denoiser_takes_a_condition_for_every_frame() -> None:
    module = small_decoder(multi_cond_frame=True)
    known = np.random.default_rng(2).standard_normal((1, FRAMES, MOTION + 1), np.float32)
    x = torch.from_numpy(np.random.default_rng(3).standard_normal((1, FRAMES, MOTION), np.float32))
    plain, fast = TwoPassDenoiser(module), GuidedDenoiser(module)
    window = known, inputs()[1], (40,)
    torch.testing.assert_close(
        fast.x_start(fast.prepare(*window), x, 40), plain.x_start(plain.prepare(*window), x, 40), rtol=1e-4, atol=1e-5
    )


def test_windows_prepared_together_do_not_disturb_each_other() -> None:
    fast = GuidedDenoiser(small_decoder())
    x = torch.ones(1, FRAMES, MOTION)
    alone = [fast.x_start(fast.prepare(*inputs(seed), (10, 20)), x, 10) for seed in (0, 1)]
    windows = [fast.prepare(*inputs(seed), (10, 20)) for seed in (0, 1)]
    fast.x_start(windows[1], x, 20)
    for window, expected in zip(windows, alone, strict=True):
        torch.testing.assert_close(fast.x_start(window, x, 10), expected, rtol=0, atol=0)


def test_sampler_gives_the_same_motion_with_either_denoiser() -> None:
    module = small_decoder()
    plain, fast = (Sampler(form(module), 1)(*inputs(), 8) for form in (TwoPassDenoiser, GuidedDenoiser))
    np.testing.assert_allclose(fast, plain, rtol=1e-3, atol=1e-3)


def test_a_batch_in_training_drops_conditions_sample_by_sample() -> None:
    module = small_decoder(dropout=0.0)
    generator = torch.Generator().manual_seed(0)
    x, known = torch.randn(3, FRAMES, MOTION, generator=generator), torch.randn(3, MOTION, generator=generator)
    cond, times = torch.randn(3, FRAMES, CONDITION, generator=generator), torch.tensor([5, 700, 20])
    keep = torch.tensor([True, False, True])
    together = module(x, known, cond, times, keep)
    for i in range(3):
        alone = module(x[i : i + 1], known[i : i + 1], cond[i : i + 1], times[i : i + 1], keep[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-4, atol=1e-5)
    other = module(x, known, cond + 1, times, keep)
    torch.testing.assert_close(other[1], together[1], rtol=0, atol=1e-6)
    assert not torch.allclose(other[0], together[0], atol=1e-3)
    together.square().mean().backward()
    assert all(value.grad is not None and value.grad.isfinite().all() for value in module.parameters())


def test_dropout_acts_in_training_only() -> None:
    module = small_decoder(dropout=0.5)
    shapes = (1, FRAMES, MOTION), (1, MOTION), (1, FRAMES, CONDITION)
    arguments = [*(torch.ones(shape) for shape in shapes), torch.tensor([3])]
    with torch.no_grad():
        torch.testing.assert_close(module(*arguments), module(*arguments), rtol=0, atol=0)
        module.train()
        assert not torch.allclose(module(*arguments), module(*arguments))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="32 does not divide into 5 heads"):
        small_decoder(num_heads=5)
