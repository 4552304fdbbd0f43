"""Condition rows of the diffusion model: speech features, emotion, the eyes' state and the canonical keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import dh
from dh_ditto.motion import Array, SourceMotion, to_vector
from dh_ditto.source_frames import mirror_index

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise", "contempt")
"""In the order of the emotion's columns."""

_LABEL_LOGIT = 8.0


def emotion_rows(emo: Any) -> Array:
    """[m, 8] weights of ``EMOTIONS``.

    Args:
        emo: a label (0 to 7 or a name); a list of 1 to 7 labels, felt together; a list of such lists, one per frame; or
            an array [m, 8], taken as it is.

    Raises:
        dh.OptionError: anything else.
    """
    if isinstance(emo, np.ndarray) and emo.ndim > 0:
        if emo.ndim != 2 or emo.shape[1] != len(EMOTIONS) or not len(emo) or emo.dtype.kind not in "fiu":
            raise dh.OptionError(
                f"emo: an array of shape {emo.shape} of {emo.dtype}; give numbers of shape (frames, 8)"
            )
        rows = emo.astype(np.float32)
        if not np.isfinite(rows).all():
            raise dh.OptionError("emo: the array holds values that are not finite; give finite numbers")
        return rows
    if _is_list(emo) and any(_is_list(item) for item in emo):
        return np.stack([_label_row(item) for item in emo])
    return _label_row(emo)[None]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _label_row(labels: Any) -> Array:
    """[8]: softmax of 8 at the labels and 0 elsewhere."""
    chosen = labels if _is_list(labels) else [labels]
    if not 1 <= len(chosen) < len(EMOTIONS):
        raise dh.OptionError(f"emo={labels!r}: {len(chosen)} emotions together; give 1 to {len(EMOTIONS) - 1}")
    logits = np.zeros(len(EMOTIONS))
    logits[[_label(label) for label in chosen]] = _LABEL_LOGIT
    weights = np.exp(logits)
    return np.asarray(weights / weights.sum(), np.float32)


def _label(label: Any) -> int:
    if isinstance(label, str) and label in EMOTIONS:
        return EMOTIONS.index(label)
    if isinstance(label, (int, np.integer)) and not isinstance(label, bool) and 0 <= label < len(EMOTIONS):
        return int(label)
    raise dh.OptionError(f"emo={label!r}: give 0 to {len(EMOTIONS) - 1} or a name: {', '.join(EMOTIONS)}")


class ConditionHandler:
    """Joins speech features with what the source says.

    Args:
        source: gives eyes, canonical keypoints and the first motion.
        emo: see ``emotion_rows``; frame i takes row i, from the first again after the last.
        eye_f0_mode: every frame has the eyes of the source's first frame, not those of the frame shown.
        ch_info: another source, in place of ``source``.
        use_emo, use_eye_open, use_eye_ball, use_sc: whether the rows have these columns.

    Raises:
        dh.OptionError: an emotion that is none.
    """

    def __init__(
        self,
        source: SourceMotion,
        *,
        emo: Any = 4,
        eye_f0_mode: bool = False,
        ch_info: SourceMotion | None = None,
        use_emo: bool = True,
        use_eye_open: bool = True,
        use_eye_ball: bool = True,
        use_sc: bool = True,
    ) -> None:
        self._source = source if ch_info is None else ch_info
        self._first_frame = eye_f0_mode
        self._emotions = emotion_rows(emo)
        self._use_emo, self._use_sc = use_emo, use_sc
        self._use_eye_open, self._use_eye_ball = use_eye_open, use_eye_ball
        self._next = 0

    @property
    def kp_cond(self) -> Array:
        """[1, 265]: the motion before the first window."""
        return to_vector(self._source.infos[0])[None]

    def change_emotion(self, emo: Any) -> None:
        """Feels something else from the next row on; ``emo`` is as in the constructor.

        Raises:
            dh.OptionError: an emotion that is none.
        """
        self._emotions = emotion_rows(emo)

    def condition(self, features: Array, idx: int | None = None, emo: Any = None) -> Array:
        """Condition rows for speech features.

        Args:
            features: [n, 1024].
            idx: frame of the first row; frames below 0 count as 0. None goes on after the last call, from 0.
            emo: for this call, as in the constructor, with one row for all frames or at least one per frame.

        Returns:
            [n, d]: features 1024, emotion 8, eye open 2, eye ball 6, canonical keypoints 63, less what is switched off.

        Raises:
            dh.OptionError: an emotion that is none, or with too few rows.
        """
        count = len(features)
        begin = self._next if idx is None else idx
        self._next = begin + count
        frames = np.maximum(np.arange(begin, begin + count), 0)
        shown = [0 if self._first_frame else mirror_index(int(i), len(self._source)) for i in frames]
        columns: list[Array] = [np.asarray(features, np.float32)]
        if self._use_emo:
            columns.append(self._emotions[frames % len(self._emotions)] if emo is None else _override(emo, count))
        if self._use_eye_open:
            columns.append(self._source.eye_open[shown])
        if self._use_eye_ball:
            columns.append(self._source.eye_ball[shown])
        if self._use_sc:
            columns.append(np.broadcast_to(self._source.canonical, (count, len(self._source.canonical))))
        return np.concatenate(columns, 1, dtype=np.float32)


def _override(emo: Any, count: int) -> Array:
    rows = emotion_rows(emo)
    if len(rows) == 1:
        return np.repeat(rows, count, 0)
    if len(rows) < count:
        raise dh.OptionError(f"emo: {len(rows)} rows for {count} frames; give one row, or one per frame")
    return rows[:count]
