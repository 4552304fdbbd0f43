"""Who speaks: languages, variants, pace and pitch. Some variants are kept for validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dh_ditto.synthesis.espeak import Voice

TRAINING_VARIANTS = (
    "", "f1", "f2", "f3", "f5", "m1", "m2", "m3", "m4", "m6", "m7", "m8", "klatt", "klatt2", "klatt4", "klatt5",
    "klatt6", "Alex", "Alicia", "Andrea", "Andy", "AnxiousAndy", "Denis", "Diogo", "Gene", "Henrique", "Jacky", "Lee",
    "Marco", "Michael", "Mike", "Reed", "Storm", "adam", "anika", "antonio", "aunty", "benjamin", "boris", "david",
    "edward", "grandpa", "gustave", "ian", "iven", "iven3", "john", "kaukovalta", "marcelo", "max", "michel", "mike2",
    "norbert", "pablo", "paul", "quincy", "robert", "sandro", "shelby", "steph", "travis", "victor", "whisper",
    "whisperf", "zac",
)  # fmt: skip
HELD_OUT_VARIANTS = (
    "f4", "m5", "klatt3", "Annie", "Gene2", "belinda", "linda", "ed", "rob", "miguel", "caleb", "grandma",
)  # fmt: skip
"""Variants of eSpeak NG's voices that only validation hears."""


@dataclass(frozen=True)
class Speaker:
    """A voice and how much smaller than its own the speaker is.

    Args:
        voice: of eSpeak NG.
        shift: factor of pitch and formants together, by playing faster; it shortens the speech alike.
    """

    voice: Voice
    shift: float


def draw_speaker(rng: np.random.Generator, shares: Mapping[str, float], *, held_out: bool) -> Speaker:
    """A speaker, as chance has it.

    Args:
        rng: of the choice.
        shares: of the languages.
        held_out: whether it is for validation.
    """
    tags = sorted(shares)
    weights = np.array([shares[tag] for tag in tags])
    language = tags[int(rng.choice(len(tags), p=weights / weights.sum()))]
    variants = HELD_OUT_VARIANTS if held_out else TRAINING_VARIANTS
    shift = float(np.exp(rng.uniform(np.log(0.88), np.log(1.14))))
    pace = float(np.clip(rng.normal(160, 26), 95, 240))
    voice = Voice(
        language=language,
        variant=variants[int(rng.integers(len(variants)))],
        rate=round(pace / shift),
        pitch=int(np.clip(rng.normal(48, 16), 5, 95)),
        pitch_range=int(np.clip(rng.normal(58, 18), 10, 100)),
    )
    return Speaker(voice, shift)
