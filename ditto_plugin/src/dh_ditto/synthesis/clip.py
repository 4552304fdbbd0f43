"""One clip of training data, decided by the recipe's seed, the split and the clip's number alone."""

from __future__ import annotations

import json
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

import dh
from dh_ditto.condition import emotion_rows
from dh_ditto.starter.layout import blendshapes_of
from dh_ditto.starter.mel import mel_features
from dh_ditto.synthesis.arrays import Array
from dh_ditto.synthesis.augment import as_it_is, augmented, idle_sound, with_breaths
from dh_ditto.synthesis.espeak import Espeak
from dh_ditto.synthesis.performance import Direction, perform
from dh_ditto.synthesis.phonemes import PAUSE
from dh_ditto.synthesis.prosody import phrases_of
from dh_ditto.synthesis.recipe import Recipe
from dh_ditto.synthesis.segments import Segment
from dh_ditto.synthesis.shapes import lip_opening
from dh_ditto.synthesis.speech import Speech, spoken
from dh_ditto.synthesis.texts import Sentences
from dh_ditto.synthesis.voices import draw_speaker

Split = Literal["train", "validation"]
SPLITS: tuple[Split, ...] = ("train", "validation")

ARRAYS = ("mtn", "aud", "emo", "eye_open", "eye_ball", "style")
"""Names of a clip's arrays, which are its files and the keys of the data list."""

SOUND, TRUTH = "speech.wav", "phonemes.json"
"""Further files of a validation clip: the sound that was heard, and the segments with the lips' target opening."""

_BABBLE_SHARE = 0.10
_BABBLERS = 3


@dataclass(frozen=True, eq=False)
class Clip:
    """A clip in the training layout.

    Args:
        arrays: by name of ``ARRAYS``, n rows each; float16 but for the motion.
        heard: [n * 640] float32 at 16 kHz, the sound that ``aud`` describes.
        speech: the clean sound and its segments.
    """

    arrays: Mapping[str, Array]
    heard: Array
    speech: Speech

    @property
    def frames(self) -> int:
        """Video frames, n."""
        return len(self.arrays["mtn"])


def clip_seconds(recipe: Recipe, split: Split, number: int) -> float:
    """Seconds that a clip is about to last: its first random choice, known before it is made."""
    return float(_generator(recipe, split, number, 0).uniform(*recipe.clip_seconds))


def make_clip(recipe: Recipe, split: Split, number: int) -> Clip:
    """Speaks, performs and records a clip.

    Raises:
        ExtraMissing: the package with eSpeak NG is not installed.
    """
    seconds = clip_seconds(recipe, split, number)
    voices, words, looks, sounds = (_generator(recipe, split, number, part) for part in range(1, 5))
    held_out = split == "validation"
    idle = words.random() < recipe.idle_share
    babble = None
    if idle:
        samples = np.zeros(round(seconds * 25) * (dh.SAMPLE_RATE // 25), np.float32)
        speech = Speech(samples, (Segment(0.0, len(samples) / dh.SAMPLE_RATE, "", PAUSE),))
    else:
        with Espeak(int(voices.integers(2**31))) as espeak:
            speaker = draw_speaker(voices, recipe.languages, held_out=held_out)
            sentences = Sentences(speaker.voice.language, held_out=held_out)
            speech = spoken(espeak, speaker, sentences, seconds, recipe.pause_seconds, words)
            if sounds.random() < _BABBLE_SHARE:
                babble = _babble(espeak, recipe, len(speech.samples), held_out, voices)
    direction = _direction(recipe, looks)
    performance = perform(speech.segments, speech.samples, direction)
    if idle:
        heard = idle_sound(len(speech.samples), sounds)
    elif sounds.random() < recipe.clean_share:
        heard = as_it_is(speech.samples, sounds)
    else:
        phrases = phrases_of(speech.segments)
        heard = augmented(with_breaths(speech.samples, phrases, sounds), sounds, babble)
    frames = len(performance.motion)
    arrays = {
        "mtn": performance.motion,
        "aud": mel_features(heard).astype(np.float16),
        "emo": np.repeat(np.array([direction.emotion], np.float16), frames, 0),
        "eye_open": performance.eye_open.astype(np.float16),
        "eye_ball": performance.eye_ball.astype(np.float16),
        "style": np.repeat(np.array([[direction.articulation, direction.head_motion]], np.float16), frames, 0),
    }
    return Clip(arrays, heard, speech)


def write_clip(clip: Clip, folder: Path, *, with_truth: bool) -> None:
    """Writes a clip's files into a folder that appears whole.

    Raises:
        InputError: the folder cannot be written.
    """
    with dh.whole_folder(folder) as temporary:
        for name, array in clip.arrays.items():
            np.save(temporary / f"{name}.npy", array)
        if with_truth:
            write_wave(temporary / SOUND, clip.heard)
            truth = {
                "segments": [
                    [
                        round(s.begin, 4),
                        round(s.end, 4),
                        s.symbol,
                        s.articulation.place.value,
                        s.articulation.manner.value,
                    ]
                    for s in clip.speech.segments
                ],
                "opening": lip_opening(blendshapes_of(clip.arrays["mtn"])).round(4).tolist(),
            }
            (temporary / TRUTH).write_text(json.dumps(truth, ensure_ascii=False), encoding="utf-8")


def _generator(recipe: Recipe, split: Split, number: int, part: int) -> np.random.Generator:
    return np.random.default_rng([recipe.seed, SPLITS.index(split), number, part])


def _direction(recipe: Recipe, rng: np.random.Generator) -> Direction:
    names = sorted(recipe.emotions)
    weights = np.array([recipe.emotions[name] for name in names])
    first, second = (names[int(i)] for i in rng.choice(len(names), 2, p=weights / weights.sum()))
    mixed = rng.random() < recipe.mixed_emotions
    row = emotion_rows([[first, second]] if mixed and first != second else first)[0]
    natural = rng.random(2) < recipe.natural_style
    articulation, head_motion = rng.uniform(0.5, 1.5), rng.uniform(0.0, 2.0)
    return Direction(
        emotion=tuple((row / row.sum()).tolist()),
        articulation=1.0 if natural[0] else float(articulation),
        head_motion=1.0 if natural[1] else float(head_motion),
        blink_rate=float(rng.uniform(6, 34)) if rng.random() < 0.9 else 0.0,
        gaze=float(rng.uniform(0.5, 1.6)) if rng.random() < 0.9 else 0.0,
        seed=int(rng.integers(2**31)),
    )


def _babble(espeak: Espeak, recipe: Recipe, length: int, held_out: bool, rng: np.random.Generator) -> Array:
    """Several people at once in the background: [length]."""
    mixed = np.zeros(length, np.float32)
    for _ in range(_BABBLERS):
        speaker = draw_speaker(rng, recipe.languages, held_out=held_out)
        sentences = Sentences(speaker.voice.language, held_out=held_out)
        other = spoken(espeak, speaker, sentences, length / dh.SAMPLE_RATE, recipe.pause_seconds, rng).samples
        mixed[: len(other)] += other[:length]
    return mixed


def write_wave(path: Path, samples: Array) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(dh.SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
