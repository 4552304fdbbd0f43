"""Speech to motion: features, conditions, and windows of diffusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

import dh
from dh_ditto.audio_features import SegmentFeatures, StreamingFeatures, silent_features
from dh_ditto.avatar import read_character, source_motion
from dh_ditto.condition import ConditionHandler
from dh_ditto.diffusion import Sampler
from dh_ditto.motion import SLICES, VECTOR_SIZE, Array, SourceMotion
from dh_ditto.opening import open_networks
from dh_ditto.options import DriverOptions, with_published_defaults
from dh_ditto.user_arrays import read_emotion, read_numbers
from dh_ditto.windows import MotionWindows


class DittoDriver:
    """Ditto's motion generator (Li et al. 2024, arXiv:2411.19509, section 3.2), for clips and for live speech alike."""

    def __init__(self, options: DriverOptions, context: dh.Context) -> None:
        weights, self._backend = open_networks(options, context)
        self._configuration = weights.configuration(options.online)
        published = self._configuration.default_kwargs.model_dump(exclude_none=True)
        self.options = with_published_defaults(options, published)
        self._context = context
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

    def _rows(self, source: SourceMotion, speech: Iterator[dh.AudioChunk]) -> Iterator[Array]:
        """Motion vectors [k,265] as they become final."""
        options, sizes = self.options, self._configuration.audio2motion_cfg
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
        encoder = self._backend.audio(sizes.w2f_type)
        features: StreamingFeatures | SegmentFeatures
        if sizes.w2f_type == "wavlm":
            if options.online:
                raise dh.OptionError("--set online=true: these weights hear with WavLM, which needs the whole clip")
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


def _fields(rows: Array, source: SourceMotion) -> Mapping[str, Array]:
    """Motion vectors as fields of the motion space; canonical keypoints are the source's."""
    fields = {name: rows[:, part] for name, part in SLICES.items()}
    fields["scale"] = fields["scale"] + 1
    return {**fields, "kp": np.repeat(source.infos[0]["kp"], len(rows), 0)}
