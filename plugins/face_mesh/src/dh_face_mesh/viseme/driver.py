"""The viseme driver: speech to ARKit motion by signal processing and a little chance.

Speech is measured a hundred times a second (``speech_features``), set in relation to its speaker and background
(``speaker``), read as mouth shapes (``viseme_targets``), smoothed (``viseme_path``), sampled at the video's frames
(``viseme_tracks``) and dressed as a face (``viseme_face``).
"""

from __future__ import annotations

from collections.abc import Iterator

from dh import SAMPLE_RATE, AudioChunk, Avatar, Context, Motion, exact_rate
from dh_face_mesh.viseme.face import TalkingFace
from dh_face_mesh.viseme.options import VisemeOptions
from dh_face_mesh.viseme.tracks import MouthTracks

_BLOCK = SAMPLE_RATE
"""Samples taken at a time from a longer chunk, so that memory stays flat whatever the chunks."""


class VisemeDriver:
    """Rule-based speech animation in the ``arkit`` motion space.

    Frame k shows the middle of its own span and depends on speech up to 0.186 s after that, which is before
    (k + 1) / fps + 0.2 seconds. The head is exactly neutral in frame 0. The same speech, options and seed give the
    same motion, however the speech is cut into chunks.

    Args:
        options: how lively the face is.
        context: frame rate and seed.
    """

    def __init__(self, options: VisemeOptions, context: Context) -> None:
        self._options = options
        self._fps = context.fps
        self._seed = context.seed

    def drive(self, avatar: Avatar, speech: Iterator[AudioChunk]) -> Iterator[Motion]:
        """Yields motion as soon as the speech it needs is there, for ceil(seconds x fps) frames; reads no avatar."""
        rate = exact_rate(self._fps)
        tracks = MouthTracks(rate)
        face = TalkingFace(self._options, rate, self._fps, self._seed)
        for chunk in speech:
            for begin in range(0, len(chunk), _BLOCK):
                block = tracks.push(chunk.samples[begin : begin + _BLOCK])
                if block.shape[1]:
                    yield face.motion(block)
        block = tracks.finish()
        if block.shape[1]:
            yield face.motion(block)
