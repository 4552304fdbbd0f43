"""The driver: recorded motion in place of motion made from the speech."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import dh
from dh_live_link_face.columns import SHAPES, Array, mirrored
from dh_live_link_face.options import LiveLinkFaceOptions
from dh_live_link_face.reading import read_recording
from dh_live_link_face.recording import Recording


class LiveLinkFaceDriver:
    """Plays a recording beside the speech, which decides how many frames there are.

    Frame k shows the recording at ``start`` + k / fps seconds, whatever the speech says. Where there is no recording,
    the face is at rest.

    Args:
        options: with the recording's file.
        context: frame rate, and where notices go.

    Raises:
        OptionError: no file is named.
        InputError: the file is no recording.
    """

    def __init__(self, options: LiveLinkFaceOptions, context: dh.Context) -> None:
        if options.file is None:
            raise dh.OptionError("driver live-link-face: no recording is named; give one with --set file=TAKE.csv")
        recording = read_recording(options.file, options.timecode_fps)
        self._recording = Recording(recording.times, _applied(recording.values, options))
        self._start = options.start
        self._fps = context.fps
        speech = (context.frames or 0) / context.fps
        if speech > recording.duration - options.start + 1 / context.fps:
            context.notice(
                f"{options.file}: ends after {max(0.0, recording.duration - options.start):.2f} s of the speech's "
                f"{speech:.2f} s; the face rests from then on"
            )

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        """Yields the motion of a frame as soon as its last sample is there; reads no avatar."""
        for frame, _ in enumerate(dh.split_frames(speech, self._fps)):
            pose = self._recording.at(np.array([self._start + frame / self._fps]))
            values = {
                "blendshapes": pose[:, : len(SHAPES)].astype(np.float32),
                "rotation": pose[:, len(SHAPES) :].astype(np.float32),
                "translation": np.zeros((1, 3), np.float32),
            }
            yield dh.Motion(dh.ARKIT, frame, self._fps, values)


def _applied(values: Array, options: LiveLinkFaceOptions) -> Array:
    """Poses (n, 55) as the options want them."""
    shapes, head = values[:, : len(SHAPES)], values[:, len(SHAPES) :]
    if options.centre:
        head = head - np.median(head, axis=0)
    poses = np.concatenate([shapes, np.clip(options.head * head, -90, 90)], axis=1)
    return mirrored(poses) if options.mirror else poses
