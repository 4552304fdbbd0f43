"""How the speech goes, frame by frame: liveliness, emphasis, where phrases begin and end."""

from __future__ import annotations

import math
from dataclasses import dataclass

_VOICE_ON, _VOICE_OFF = 0.5, 0.25
_PAUSE_SECONDS = 0.15


@dataclass(frozen=True)
class Prosody:
    """One frame.

    Args:
        energy: 0 at rest to 1 in the midst of talking; follows within half a second.
        accent: 0..1, how much this syllable stands out from those around it.
        pitch: semitones above the speaker's mean, -6..6, smoothed.
        speaking: a phrase is under way; short gaps between words do not end it.
        phrase_began: this is the first frame of a phrase.
        phrase_ended: this is the first frame of a pause.
    """

    energy: float
    accent: float
    pitch: float
    speaking: bool
    phrase_began: bool
    phrase_ended: bool


class _Follower:
    """First-order low-pass with a time constant in seconds."""

    def __init__(self, seconds: float, frame: float) -> None:
        self._share = 1 - math.exp(-frame / seconds)
        self.value = 0.0

    def follow(self, target: float) -> float:
        self.value += self._share * (target - self.value)
        return self.value


class ProsodyFollower:
    """Turns tracks of voice, loudness and pitch into prosody.

    Args:
        frame: seconds per frame.
    """

    def __init__(self, frame: float) -> None:
        self._frame = frame
        self._energy = _Follower(0.5, frame)
        self._syllable = _Follower(0.06, frame)
        self._phrase = _Follower(1.0, frame)
        self._pitch = _Follower(0.10, frame)
        self._speaking = False
        self._silent_for = 0.0

    def follow(self, voice: float, loudness: float, pitch: float) -> Prosody:
        """The next frame, from tracks VOICE and LOUD, 0..1, and PITCH, 0..1 about 0.5."""
        self._silent_for = self._silent_for + self._frame if voice < _VOICE_OFF else 0.0
        began = not self._speaking and voice > _VOICE_ON
        ended = self._speaking and self._silent_for >= _PAUSE_SECONDS
        self._speaking = (self._speaking or began) and not ended
        energy = self._energy.follow(voice)
        semitones = self._pitch.follow(12 * (pitch - 0.5))
        syllable = self._syllable.follow(loudness)
        usual = self._phrase.follow(loudness) if self._speaking else self._phrase.value
        accent = 2.2 * (syllable - usual - 0.1) + 0.12 * max(semitones, 0.0)
        return Prosody(energy, min(max(accent, 0.0), 1.0) * energy, semitones, self._speaking, began, ended)
