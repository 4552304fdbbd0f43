"""Speech to ``arkit`` motion by the starter: Ditto's diffusion, windows, emotions and guidance at a small size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import dh
from dh_ditto.diffusion import Sampler
from dh_ditto.motion import Array
from dh_ditto.starter import layout
from dh_ditto.starter.conditions import StarterConditions
from dh_ditto.starter.denoiser import choose_backend, open_denoiser
from dh_ditto.starter.head import TrailingMean
from dh_ditto.starter.life import FPS
from dh_ditto.starter.mel import LOOK_AHEAD, MelFeatures
from dh_ditto.starter.options import StarterOptions
from dh_ditto.starter.rolling import RollingWindows
from dh_ditto.timeline_noise import TimelineNoise
from dh_ditto.training.result import TrainedModel
from dh_ditto.windows import WINDOW_FRAMES, MotionWindows

SHIPPED = Path(__file__).parent / "model"
"""The starter's weights, made by 'dh train' from data that this project synthesises; see the model card there."""

LATE = 320
"""Samples by which the model hears the speech late, 20 ms: by as much the mouth that it learned is before the sound,
on recordings too (``benchmarks/talking.py``)."""

HEAD_GAIN = 1.7
"""Windows that are faded into each other move the head with 0.6 of the deviation that the data have, whatever the steps
and guidance; online, where each continues the one before, it is whole."""

_HEAD = layout.SLICES["blendshapes"].start
"""Leading columns of a row that move the head."""


class StarterDriver:
    """The motion generator of profile ``starter``.

    The same latent motion diffusion as the published one (Li et al. 2024, arXiv:2411.19509, section 3.2), smaller, on
    log-mel features, in the ``arkit`` motion space.

    Args:
        options: see ``StarterOptions``.
        context: seed, device and notices.

    Raises:
        DHError: the weights are missing, damaged or of another kind.
    """

    def __init__(self, options: StarterOptions, context: dh.Context) -> None:
        folder = context.weights or SHIPPED
        backend = choose_backend(folder, options.backend)
        self.options = options.with_mode_defaults().model_copy(update={"backend": backend})
        self._context = context
        self._model = TrainedModel.read(folder)
        _check(self._model, folder)
        self._denoiser = open_denoiser(folder, self._model, backend, context.device, options.guidance)
        self._conditions: StarterConditions | None = None  # of the drive that goes on
        self.look_ahead = online_look_ahead(options) if options.online else None
        """Seconds of later speech that a frame depends on; None: all of it."""

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        """Yields motion as windows of 80 frames become final; reads nothing of the avatar."""
        start = 0
        for rows in self.rows(speech):
            if len(rows):
                yield dh.Motion(dh.ARKIT, start, self._context.fps, layout.fields_of(rows))
                start += len(rows)

    def rows(self, speech: Iterator[dh.AudioChunk]) -> Iterator[Array]:
        """The same as rows of ``layout``, [k, 58] a time; k may be 0."""
        options, model = self.options, self._model
        features, conditions = MelFeatures(LATE), StarterConditions.of(options, self._context.seed)
        self._conditions = conditions
        windows = self._rolling_windows(conditions) if options.online else self._faded_windows()
        head = TrailingMean(_known(options.smoothing), _HEAD).push if options.online else _lively
        for chunk in speech:
            yield head(model.motion(windows.push(conditions.condition(features.push(chunk.samples)))))
        yield head(model.motion(windows.push(conditions.condition(features.finish()))))
        yield head(model.motion(windows.finish()))

    def change(self, options: Mapping[str, Any]) -> None:
        """Takes new values of options that may change, for speech that is not heard yet."""
        self.options = self.options.model_copy(update=dict(options))
        if self._conditions is not None:
            self._conditions.change(self.options)

    def _faded_windows(self) -> MotionWindows:
        options = self.options
        return MotionWindows(
            Sampler(self._denoiser, self._context.seed),
            self._rest(),
            overlap_v2=options.overlap,
            sampling_timesteps=_known(options.steps),
            smo_k_d=_known(options.smoothing),
            pose_columns=_HEAD,
        )

    def _rolling_windows(self, conditions: StarterConditions) -> RollingWindows:
        options = self.options
        return RollingWindows(
            Sampler(self._denoiser, timeline=TimelineNoise(self._context.seed, options.hop)),
            self._rest(),
            conditions.silence(WINDOW_FRAMES - options.hop),
            hop=options.hop,
            redraw=options.redraw,
            steps=_known(options.steps),
        )

    def _rest(self) -> Array:
        """[1, 58]: the motion before any, a face at rest."""
        return self._model.normalised(np.zeros((1, layout.SIZE), np.float32))


def online_look_ahead(options: StarterOptions) -> float:
    """Seconds of speech after a frame that it depends on: the longest that it waits for its window, and the sound that
    the last row takes, which is heard late.
    """
    return max(0.0, (options.redraw + options.hop - 1) / FPS + LOOK_AHEAD - LATE / dh.SAMPLE_RATE)


def _lively(rows: Array) -> Array:
    """Rows [k, 58] with the head's motion in its full size."""
    return np.concatenate([rows[:, :_HEAD] * HEAD_GAIN, rows[:, _HEAD:]], axis=1, dtype=np.float32)


def _known(value: int | None) -> int:
    """An option that has its mode's default by now."""
    assert value is not None
    return value


def _check(model: TrainedModel, folder: Path) -> None:
    if model.motion_space != "arkit" or model.features != "mel" or model.network.seq_frames != WINDOW_FRAMES:
        raise dh.InputError(
            f"{folder}: a model for {model.features} features and {model.motion_space} motion; the starter takes "
            "mel features and arkit motion: use --profile published, or train with its configuration"
        )
