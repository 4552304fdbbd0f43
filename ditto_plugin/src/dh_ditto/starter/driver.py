"""Speech to ``arkit`` motion by the starter: Ditto's diffusion, windows, emotions and guidance at a small size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import dh
from dh_ditto.diffusion import Sampler
from dh_ditto.motion import Array
from dh_ditto.starter import layout
from dh_ditto.starter.conditions import StarterConditions
from dh_ditto.starter.denoiser import open_denoiser
from dh_ditto.starter.life import Blinks, Gaze
from dh_ditto.starter.mel import MelFeatures
from dh_ditto.starter.options import StarterOptions
from dh_ditto.training.result import TrainedModel
from dh_ditto.user_arrays import read_emotion
from dh_ditto.windows import WINDOW_FRAMES, MotionWindows

SHIPPED = Path(__file__).parent / "model"
"""The starter's weights, made by 'dh train' from data that this project synthesises; see the model card there."""

LATE = 320
"""Samples by which the model hears the speech late, 20 ms: by as much the mouth that it learned is before the sound,
on recordings too (``benchmarks/talking.py``)."""

HEAD_GAIN = 1.7
"""The model draws the head's motion with 0.6 of the deviation that its data have, whatever the steps and guidance."""


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
        self._options, self._context = options, context
        folder = context.weights or SHIPPED
        self._model = TrainedModel.read(folder)
        _check(self._model, folder)
        self._denoiser = open_denoiser(folder, self._model, options.backend, context.device, options.guidance)

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        """Yields motion as windows of 80 frames become final; reads nothing of the avatar."""
        start = 0
        for rows in self.rows(speech):
            if len(rows):
                yield dh.Motion(dh.ARKIT, start, self._context.fps, layout.fields_of(rows))
                start += len(rows)

    def rows(self, speech: Iterator[dh.AudioChunk]) -> Iterator[Array]:
        """The same as rows of ``layout``, [k, 58] a time; k may be 0."""
        options, seed, model = self._options, self._context.seed, self._model
        features = MelFeatures(LATE)
        conditions = StarterConditions(
            read_emotion(options.emotion),
            options.articulation,
            options.head_motion,
            Blinks(seed, options.blink_rate),
            Gaze(seed, options.gaze),
        )
        windows = MotionWindows(
            Sampler(self._denoiser, seed),
            model.normalised(np.zeros((1, layout.SIZE), np.float32)),
            overlap_v2=options.overlap,
            sampling_timesteps=options.steps,
            smo_k_d=options.smoothing,
            pose_columns=layout.SLICES["blendshapes"].start,
        )
        for chunk in speech:
            yield _lively(model.motion(windows.push(conditions.condition(features.push(chunk.samples)))))
        yield _lively(model.motion(windows.push(conditions.condition(features.finish()))))
        yield _lively(model.motion(windows.finish()))


def _lively(rows: Array) -> Array:
    """Rows [k, 58] with the head's motion in its full size."""
    head = layout.SLICES["blendshapes"].start
    return np.concatenate([rows[:, :head] * HEAD_GAIN, rows[:, head:]], axis=1, dtype=np.float32)


def _check(model: TrainedModel, folder: Path) -> None:
    if model.motion_space != "arkit" or model.features != "mel" or model.network.seq_frames != WINDOW_FRAMES:
        raise dh.InputError(
            f"{folder}: a model for {model.features} features and {model.motion_space} motion; the starter takes "
            "mel features and arkit motion: use --profile published, or train with its configuration"
        )
