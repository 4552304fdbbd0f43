"""Sound at 16 kHz, and the features that the model hears."""

from __future__ import annotations

import wave
from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol

import numpy as np

import dh
from dh_ditto.audio_features import StreamingFeatures
from dh_ditto.motion import Array
from dh_ditto.preparation.clips import Clip
from dh_ditto.preparation.job import FPS, Job, Step, Worker
from dh_ditto.preparation.layout import save_array
from dh_ditto.preparation.networks import open_speech_encoder
from dh_ditto.starter.mel import MelFeatures


class Features(Protocol):
    """Turns samples at 16 kHz into rows, 25 a second."""

    def push(self, samples: Array) -> Array:
        """The rows that the next samples complete."""
        ...

    def finish(self) -> Array:
        """The rows that are owed at the end."""
        ...


def _open_wav(job: Job, stack: ExitStack) -> Worker:
    def work(clip: Clip) -> None:
        with (
            dh.whole_file(job.path("wav", clip)) as temporary,
            temporary.open("wb") as file,
            wave.open(file, "wb") as sound,
        ):
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(dh.SAMPLE_RATE)
            for chunk in dh.read_speech(clip.source):
                sound.writeframes(np.rint(np.clip(chunk.samples, -1, 1) * 32767).astype("<i2").tobytes())
                job.frames_done(round(chunk.duration * FPS))

    return work


def _open_features(job: Job, folder: str, make: Callable[[], Features]) -> Worker:
    def work(clip: Clip) -> None:
        features = make()
        rows = []
        for chunk in dh.read_speech(job.path("wav", clip)):
            rows.append(features.push(chunk.samples))
            job.frames_done(round(chunk.duration * FPS))
        save_array(job.path(folder, clip), np.concatenate([*rows, features.finish()]))

    return work


def _open_hubert(job: Job, stack: ExitStack) -> Worker:
    encoder = open_speech_encoder(job)
    return _open_features(job, "hubert_aud_npy", lambda: StreamingFeatures(encoder))


def _open_mel(job: Job, stack: ExitStack) -> Worker:
    return _open_features(job, "mel_aud_npy", MelFeatures)


AUDIO = Step("audio", ("wav",), _open_wav)
FEATURES = {
    "hubert_aud_npy": Step("features", ("hubert_aud_npy",), _open_hubert, open_speech_encoder),
    "mel_aud_npy": Step("features", ("mel_aud_npy",), _open_mel),
}
"""By the folder that they go to."""
