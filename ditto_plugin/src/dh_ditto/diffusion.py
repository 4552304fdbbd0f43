"""Sampling a window of motion: cosine noise schedule (Nichol and Dhariwal 2021, arXiv:2102.09672) and DDIM (Song et
al. 2020, arXiv:2010.02502) over a denoiser that predicts the clean motion.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.motion import Array
from dh_ditto.timeline_noise import TimelineNoise

TRAINING_STEPS = 1000
"""Diffusion times of the published model: 0 (almost clean) to 999 (noise)."""

_SMALL_OFFSET = 0.008
_LARGEST_BETA = 0.999


class Denoiser(Protocol):
    """A diffusion model with guidance inside, on any backend. ``x`` and what it returns are the backend's own arrays,
    with NumPy's arithmetic.
    """

    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> Any:
        """Whatever the steps of one window need.

        Args:
            cond_frame: [1, motion], the motion before the window; 265 columns in the published model.
            cond: [1, n, condition], one row per frame.
            times: diffusion times that the window will ask for.
        """

    def x_start(self, prepared: Any, x: Any, time: int) -> Any:
        """The clean motion [1, n, motion] that ``x`` [1, n, motion] at diffusion time ``time`` shows."""

    def array(self, values: Array) -> Any:
        """``values`` as the backend's own array."""

    def numpy(self, values: Any) -> Array:
        """The backend's own array as float32 on the host."""


@functools.cache
def alphas_cumprod() -> NDArray[np.float64]:
    """[1000]: the share of the clean signal's variance at each diffusion time, by the cosine schedule."""
    steps = np.arange(TRAINING_STEPS + 1) / TRAINING_STEPS
    level = np.cos((steps + _SMALL_OFFSET) / (1 + _SMALL_OFFSET) * np.pi / 2) ** 2
    betas = np.minimum(1 - level[1:] / level[:-1], _LARGEST_BETA)
    return np.cumprod(1 - betas)


@dataclass(frozen=True, eq=False)
class Schedule:
    """DDIM's times and coefficients for S steps: x <- x0 * alpha_next_sqrt + noise * c + fresh noise * sigma.

    Args:
        time_pairs: S pairs (time, next time), from 999 down; the last next time is -1, the clean motion.
        sigma: [S-1].
        c: [S-1].
        alpha_next_sqrt: [S-1].
    """

    time_pairs: tuple[tuple[int, int], ...]
    sigma: NDArray[np.float64]
    c: NDArray[np.float64]
    alpha_next_sqrt: NDArray[np.float64]

    @property
    def times(self) -> tuple[int, ...]:
        """The S times at which the denoiser runs."""
        return tuple(time for time, _ in self.time_pairs)


@functools.cache
def ddim_schedule(steps: int, eta: float = 1.0) -> Schedule:
    """Equation 12 of DDIM with sigma of equation 16, on evenly spaced times.

    Args:
        steps: 1 to 1000.
        eta: 0 (deterministic) to 1 (as much fresh noise as ancestral sampling).

    Raises:
        dh.OptionError: values out of range.
    """
    if not 1 <= steps <= TRAINING_STEPS:
        raise dh.OptionError(f"sampling_timesteps={steps}: give a number from 1 to {TRAINING_STEPS}")
    if not 0 <= eta <= 1:
        raise dh.OptionError(f"eta={eta}: give a number from 0 to 1")
    times = _evenly_spaced(steps)
    pairs = tuple(pairwise(times))
    level, following = (alphas_cumprod()[[pair[i] for pair in pairs[:-1]]] for i in (0, 1))
    sigma = eta * np.sqrt((1 - level / following) * (1 - following) / (1 - level))
    # Rounding can make the difference slightly negative at the first pair.
    c = np.sqrt(np.maximum(1 - following - sigma**2, 0))
    return Schedule(pairs, sigma, c, np.sqrt(following))


def _evenly_spaced(steps: int) -> list[int]:
    """S + 1 times from 999 down to -1, truncated to integers.

    The published times are a float32 line, drawn from both ends towards the middle: at some step counts rounding moves
    a time by one, and the coefficients follow it.
    """
    step = np.float32(TRAINING_STEPS) / np.float32(steps)
    index = np.arange(steps + 1, dtype=np.float32)
    rising, falling = np.float32(-1) + step * index, np.float32(TRAINING_STEPS - 1) - step * index[::-1]
    return [int(time) for time in np.where(index < (steps + 1) // 2, rising, falling)[::-1]]


def predicted_noise(x: Any, x0: Any, time: int) -> Any:
    """The noise in ``x`` at diffusion time ``time`` if the clean motion is ``x0``."""
    level = float(alphas_cumprod()[time])
    return x * (1 / (1 - level)) ** 0.5 - x0 / (1 / level - 1) ** 0.5


class Sampler:
    """Draws windows of motion. The fresh noise of the steps is drawn once per step count and shared by all windows,
    which makes neighbouring windows alike; each window starts from new noise.

    Args:
        denoiser: the model.
        seed: of all noise: equal seeds give equal motion.
        eta: see ``ddim_schedule``.
        noise: [1, n, motion] arrays in place of the drawn ones: one per step but the last, in time order.
        starts: [1, n, motion] arrays in place of the drawn starts, one per window.
        timeline: noise of overlapping windows, in place of all of the above and of the seed's.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        seed: int = 0,
        eta: float = 1.0,
        noise: Sequence[Array] | None = None,
        starts: Iterable[Array] | None = None,
        timeline: TimelineNoise | None = None,
    ) -> None:
        self._denoiser, self._seed, self._eta = denoiser, seed, eta
        self._given_noise, self._timeline = noise, timeline
        self._starts = None if starts is None else iter(starts)
        self._generator = np.random.default_rng([seed, 0])
        self._noise: dict[tuple[int, tuple[int, ...]], list[Any]] = {}

    def __call__(self, kp_cond: Array, cond: Array, steps: int, known: Array | None = None) -> Array:
        """Samples the next window.

        Args:
            kp_cond: [1, motion], the motion before the window.
            cond: [1, n, condition].
            steps: DDIM steps, 1 to 1000.
            known: [k, motion], the window's first frames: the rest is drawn so that it goes on from them, by putting
                them into every step's prediction (Tseng et al. 2023, arXiv:2211.10658, section 3, editing).

        Returns:
            [1, n, motion] float32.

        Raises:
            dh.OptionError: ``steps`` out of range.
        """
        schedule = ddim_schedule(steps, self._eta)
        shape = (1, cond.shape[1], kp_cond.shape[-1])
        start, noise = self._noise_of_window(steps, shape)
        prepared = self._denoiser.prepare(kp_cond, cond, schedule.times)
        given = self._mask(known, shape)
        x = self._denoiser.array(start)
        for i, (time, _) in enumerate(schedule.time_pairs[:-1]):
            x0 = self._denoiser.x_start(prepared, x, time)
            if given is not None:
                x0 = x0 * given[0] + given[1]
            drift = predicted_noise(x, x0, time) * float(schedule.c[i])
            x = x0 * float(schedule.alpha_next_sqrt[i]) + drift + noise[i] * float(schedule.sigma[i])
        window = self._denoiser.numpy(self._denoiser.x_start(prepared, x, schedule.times[-1]))
        return window if known is None else np.concatenate([known[None], window[:, len(known) :]], 1)

    def _mask(self, known: Array | None, shape: tuple[int, ...]) -> tuple[Any, Any] | None:
        """What a prediction is multiplied with, and what is added then, to hold the known frames."""
        if known is None:
            return None
        free, held = np.ones((1, shape[1], 1), np.float32), np.zeros(shape, np.float32)
        free[:, : len(known)], held[0, : len(known)] = 0, known
        return self._denoiser.array(free), self._denoiser.array(held)

    def _noise_of_window(self, steps: int, shape: tuple[int, ...]) -> tuple[Array, list[Any]]:
        """The start, and the fresh noise of all steps but the last as the backend's arrays."""
        if self._timeline is None:
            return self._start(shape), self._step_noise(steps, shape)
        start, *fresh = self._timeline.window(steps, *shape[1:])
        return start, [self._denoiser.array(draw) for draw in fresh]

    def _start(self, shape: tuple[int, ...]) -> Array:
        if self._starts is not None:
            return next(self._starts)
        return self._generator.standard_normal(shape, np.float32)

    def _step_noise(self, steps: int, shape: tuple[int, ...]) -> list[Any]:
        if (steps, shape) not in self._noise:
            draws = self._given_noise
            if draws is None:
                generator = np.random.default_rng([self._seed, steps])
                draws = [generator.standard_normal(shape, np.float32) for _ in range(steps - 1)]
            if len(draws) != steps - 1:
                raise ValueError(f"{steps} steps take {steps - 1} noise arrays, not {len(draws)}")
            self._noise[steps, shape] = [self._denoiser.array(draw) for draw in draws]
        return self._noise[steps, shape]
