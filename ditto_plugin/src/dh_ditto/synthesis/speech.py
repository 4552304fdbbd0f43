"""Speech of a clip: utterances of one speaker with pauses between, and its segments, exact to the sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import dh
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.espeak import SAMPLE_RATE, Espeak
from dh_ditto.synthesis.phonemes import PAUSE
from dh_ditto.synthesis.segments import Segment, segments_of
from dh_ditto.synthesis.sound import resampled
from dh_ditto.synthesis.texts import Sentences
from dh_ditto.synthesis.voices import Speaker

_FRAME = dh.SAMPLE_RATE // 25
_SENTENCES = (0.62, 0.26, 0.12)
"""Chances of one, two and three sentences in an utterance."""

_TYPICAL = 6.0
"""Seconds that an utterance and its pause take: an end half of that before or after the wanted one is as near."""


@dataclass(frozen=True, eq=False)
class Speech:
    """Clean speech with its truth.

    Args:
        samples: [n] float32 at 16 kHz, n a whole number of video frames.
        segments: without gaps, from 0 to n / 16000 seconds.
    """

    samples: Array
    segments: tuple[Segment, ...]


def spoken(
    espeak: Espeak,
    speaker: Speaker,
    sentences: Sentences,
    seconds: float,
    pauses: tuple[float, float],
    rng: np.random.Generator,
) -> Speech:
    """Utterances and pauses of about so many seconds, which begin and end with a pause."""
    sounds: list[Array] = []
    segments: list[Segment] = []
    at = 0

    def rest(length: int) -> None:
        nonlocal at
        sounds.append(np.zeros(length, np.float32))
        segments.append(Segment(at / dh.SAMPLE_RATE, (at + length) / dh.SAMPLE_RATE, "", PAUSE))
        at += length

    rest(_pause(rng, pauses))
    while len(sounds) == 1 or at < (seconds - _TYPICAL / 2) * dh.SAMPLE_RATE:
        text = sentences.paragraph(rng, 1 + int(rng.choice(len(_SENTENCES), p=_SENTENCES)))
        sound, timed = _utterance(espeak, speaker, text)
        segments += [segment.moved(1.0, at / dh.SAMPLE_RATE) for segment in timed]
        sounds.append(sound * np.float32(10 ** (rng.uniform(-4, 2) / 20)))
        at += len(sound)
        rest(_pause(rng, pauses))
    odd = -at % _FRAME
    if odd:
        rest(odd)
    return Speech(np.concatenate(sounds), tuple(_merged(segments)))


def _utterance(espeak: Espeak, speaker: Speaker, text: str) -> tuple[Array, list[Segment]]:
    """Sound at 16 kHz and its segments; a smaller speaker is the same played faster."""
    raw = espeak.speak(text, speaker.voice)
    rate = SAMPLE_RATE * speaker.shift
    sound = resampled(raw.samples / np.float32(32768), rate, dh.SAMPLE_RATE)
    factor = len(sound) / dh.SAMPLE_RATE / (len(raw.samples) / SAMPLE_RATE)
    return sound, [segment.moved(factor, 0.0) for segment in segments_of(raw)]


def _pause(rng: np.random.Generator, between: tuple[float, float]) -> int:
    """Samples of a pause: short ones are more common."""
    shortest, longest = between
    seconds = float(np.exp(rng.normal(np.log(0.6), 0.7)))
    return round(float(np.clip(seconds, shortest, longest)) * dh.SAMPLE_RATE)


def _merged(segments: list[Segment]) -> Iterator[Segment]:
    """With neighbouring pauses in one piece."""
    pending: Segment | None = None
    for segment in segments:
        if pending is not None and pending.articulation is PAUSE and segment.articulation is PAUSE:
            pending = Segment(pending.begin, segment.end, "", PAUSE)
            continue
        if pending is not None:
            yield pending
        pending = segment
    if pending is not None:
        yield pending
