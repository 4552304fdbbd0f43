"""Speech to motion: features, conditions, and windows of diffusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import dh
from dh_ditto.audio_features import FRAME_SAMPLES, REACH, SegmentFeatures, StreamingFeatures, silent_features
from dh_ditto.avatar import read_character, source_motion
from dh_ditto.condition import ConditionHandler
from dh_ditto.diffusion import Sampler
from dh_ditto.motion import SLICES, VECTOR_SIZE, Array, SourceMotion
from dh_ditto.opening import as_opened, open_networks
from dh_ditto.options import DriverOptions, with_published_defaults
from dh_ditto.user_arrays import read_emotion, read_numbers
from dh_ditto.windows import WINDOW_FRAMES, MotionWindows, online_frames_held

OVERLAP = 10
ONLINE_OVERLAP = 70
"""Frames that two windows share where neither the user nor the weights' configuration says."""

_SAMPLE_RATE = 16000


class DittoDriver:
    """Ditto's motion generator (Li et al. 2024, arXiv:2411.19509, section 3.2), for clips and for live speech alike."""

    def __init__(self, options: DriverOptions, context: dh.Context) -> None:
        weights, self._backend = open_networks(options, context)
        self._configuration = weights.configuration(options.online)
        published = self._configuration.default_kwargs.model_dump(exclude_none=True)
        resolved = as_opened(with_published_defaults(options, published), self._backend)
        if resolved.overlap is None:
            resolved = resolved.model_copy(update={"overlap": ONLINE_OVERLAP if resolved.online else OVERLAP})
        self.options = resolved
        self._context = context
        hears = self._configuration.audio2motion_cfg.w2f_type
        if resolved.online and hears == "wavlm":
            raise dh.OptionError("--mode online: these weights hear with WavLM, which needs the whole clip")
        self.look_ahead = online_look_ahead(resolved) if resolved.online else None
        """Seconds of later speech that a frame depends on; None: all of it."""
        self._conditions: ConditionHandler | None = None  # of the drive that goes on
        self._character = None if options.character is None else read_character(str(options.character))
        self._limits = None
        if self.options.motion_limits is not None:
            self._limits = read_numbers(self.options.motion_limits, "motion_limits", (2, VECTOR_SIZE))

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        """Yields motion as windows become final; online, each window as soon as its speech is heard."""
        source = source_motion(avatar)
        start = 0
        for rows in self._rows(source, speech):
            if len(rows):
                yield dh.Motion(dh.LIVEPORTRAIT, start, self._context.fps, _fields(rows, source))
                start += len(rows)

    def change(self, options: Mapping[str, Any]) -> None:
        """Takes new values of options that may change, for speech that is not heard yet."""
        self.options = self.options.model_copy(update=dict(options))
        if self._conditions is not None:
            self._conditions.change_emotion(read_emotion(self.options.emotion))

    def _rows(self, source: SourceMotion, speech: Iterator[dh.AudioChunk]) -> Iterator[Array]:
        """Motion vectors [k,265] as they become final."""
        options, sizes = self.options, self._configuration.audio2motion_cfg
        assert options.overlap is not None
        conditions = ConditionHandler(
            source,
            emo=read_emotion(options.emotion),
            eye_f0_mode=options.first_frame_eyes,
            ch_info=self._character,
            use_emo=sizes.use_emo,
            use_eye_open=sizes.use_eye_open,
            use_eye_ball=sizes.use_eye_ball,
            use_sc=sizes.use_sc,
        )
        self._conditions = conditions
        encoder = self._backend.audio(sizes.w2f_type)
        features: StreamingFeatures | SegmentFeatures
        if sizes.w2f_type == "wavlm":
            features = SegmentFeatures(encoder)
        else:
            features = StreamingFeatures(encoder, options.chunks, options.online, options.reference_defects)
        lead = None
        if options.online:
            silence = silent_features(encoder, options.overlap, options.chunks)
            lead = conditions.condition(silence, -options.overlap)
        windows = MotionWindows(
            Sampler(self._backend.denoiser(options.guidance), self._context.seed),
            conditions.kp_cond,
            overlap_v2=options.overlap,
            lead=lead,
            sampling_timesteps=options.steps,
            smo_k_d=options.smoothing,
            fix_kp_cond=options.reset_every,
            fix_kp_cond_dim=options.reset_keeps,
            v_min_max_for_clip=self._limits,
            reference_defects=options.reference_defects,
        )
        for chunk in speech:
            yield windows.push(conditions.condition(features.push(chunk.samples)))
        yield windows.push(conditions.condition(features.finish()))
        yield windows.finish()


def online_look_ahead(options: DriverOptions) -> float:
    """Seconds of speech after a frame that it may depend on, online.

    A frame waits for the window after which no other changes it, and that window for the encoder, which gives rows in
    groups and hears some frames more. The longest wait over all places of windows among groups counts.
    """
    assert options.overlap is not None
    _, new, future = options.chunks
    hop = WINDOW_FRAMES - options.overlap
    last_rows = np.arange(1, new + 1) * hop - 1  # of windows, until they lie the same among groups again
    heard = (last_rows // new + 1) * new + future
    first_frames = (
        last_rows + 1 - online_frames_held(options.overlap, options.smoothing, options.reference_defects) - hop
    )
    return float((heard - first_frames - 1).max() * FRAME_SAMPLES + REACH) / _SAMPLE_RATE


def _fields(rows: Array, source: SourceMotion) -> Mapping[str, Array]:
    """Motion vectors as fields of the motion space; canonical keypoints are the source's."""
    fields = {name: rows[:, part] for name, part in SLICES.items()}
    fields["scale"] = fields["scale"] + 1
    return {**fields, "kp": np.repeat(source.infos[0]["kp"], len(rows), 0)}
