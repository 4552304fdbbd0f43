"""Phonemes as eSpeak NG writes them, in IPA, to what lips, jaw and tongue do for them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum


class Place(str, Enum):
    """Where a sound is made, as far as it can be seen."""

    VOWEL = "vowel"
    BILABIAL = "bilabial"
    LABIODENTAL = "labiodental"
    DENTAL = "dental"
    ALVEOLAR = "alveolar"
    SIBILANT = "sibilant"
    HUSHING = "hushing"
    """Sibilants further back, with lips pushed forwards: sh, zh, ch."""
    PALATAL = "palatal"
    VELAR = "velar"
    GLOTTAL = "glottal"
    APPROXIMANT = "approximant"
    PAUSE = "pause"


class Manner(str, Enum):
    """How it is made."""

    VOWEL = "vowel"
    STOP = "stop"
    NASAL = "nasal"
    FRICATIVE = "fricative"
    APPROXIMANT = "approximant"
    PAUSE = "pause"


@dataclass(frozen=True)
class Articulation:
    """What a phoneme asks of the mouth.

    Args:
        place: of articulation.
        manner: of articulation.
        openness: of vowels and glides, 0 close (i, u) to 1 open (a).
        frontness: of vowels and glides, 0 back (u) to 1 front (i).
        rounding: 0 spread or neutral to 1 rounded.
    """

    place: Place
    manner: Manner
    openness: float = 0.0
    frontness: float = 0.5
    rounding: float = 0.0

    @property
    def is_vowel(self) -> bool:
        """Whether it is one."""
        return self.place is Place.VOWEL

    @property
    def closes_lips(self) -> bool:
        """Whether the lips meet."""
        return self.place is Place.BILABIAL and self.manner in (Manner.STOP, Manner.NASAL)


PAUSE = Articulation(Place.PAUSE, Manner.PAUSE)

STRESS = {"ˈ": 2, "ˌ": 1}
"""Marks before a stressed syllable's vowel: 2 primary, 1 secondary."""


def _vowels() -> dict[str, Articulation]:
    # The vowel chart of the IPA: rows by openness; front, central, back; unrounded, then rounded.
    chart = (
        (0.00, "iy", "ɨʉ", "ɯu"),
        (0.18, "ɪʏ", "ᵻᵿ", "ᴜʊ"),
        (0.33, "eø", "ɘɵ", "ɤo"),
        (0.45, "", "ə", ""),
        (0.62, "ɛœ", "ɜɞ", "ʌɔ"),
        (0.82, "æ", "ɐ", ""),
        (1.00, "aɶ", "ä", "ɑɒ"),
    )
    table = {}
    for openness, *columns in chart:
        for frontness, pair in zip((1.0, 0.5, 0.0), columns, strict=True):
            for rounding, letter in zip((0.0, 1.0), pair, strict=False):
                # Open vowels are rounded less, whatever the chart calls them.
                table[letter] = Articulation(
                    Place.VOWEL, Manner.VOWEL, openness, frontness, rounding * (1 - 0.45 * openness)
                )
    table["ɚ"] = table["ɝ"] = Articulation(Place.VOWEL, Manner.VOWEL, 0.4, 0.4, 0.3)
    table["ɑ"] = Articulation(Place.VOWEL, Manner.VOWEL, 1.0, 0.1, 0.0)
    return table


def _consonants() -> dict[str, Articulation]:
    rows = (
        ("pbʙɓ", Articulation(Place.BILABIAL, Manner.STOP)),
        ("m", Articulation(Place.BILABIAL, Manner.NASAL)),
        ("ɸβ", Articulation(Place.BILABIAL, Manner.FRICATIVE, rounding=0.2)),
        ("fv", Articulation(Place.LABIODENTAL, Manner.FRICATIVE)),
        ("ɱ", Articulation(Place.LABIODENTAL, Manner.NASAL)),
        ("ʋⱱ", Articulation(Place.LABIODENTAL, Manner.APPROXIMANT)),
        ("θð", Articulation(Place.DENTAL, Manner.FRICATIVE)),
        ("tdɗʈɖ", Articulation(Place.ALVEOLAR, Manner.STOP)),
        ("nɳ", Articulation(Place.ALVEOLAR, Manner.NASAL)),
        ("lɫɭɬɮɺɾrɽ", Articulation(Place.ALVEOLAR, Manner.APPROXIMANT)),
        ("sz", Articulation(Place.SIBILANT, Manner.FRICATIVE)),
        ("ʃʒʂʐɧ", Articulation(Place.HUSHING, Manner.FRICATIVE, rounding=0.7)),
        ("ɕʑ", Articulation(Place.HUSHING, Manner.FRICATIVE, rounding=0.25)),
        ("cɟ", Articulation(Place.PALATAL, Manner.STOP)),
        ("ɲ", Articulation(Place.PALATAL, Manner.NASAL)),
        ("çʝ", Articulation(Place.PALATAL, Manner.FRICATIVE)),
        ("kgɡqɢ", Articulation(Place.VELAR, Manner.STOP)),
        ("ŋɴ", Articulation(Place.VELAR, Manner.NASAL)),
        ("xɣχʁʀ", Articulation(Place.VELAR, Manner.FRICATIVE)),
        ("hɦħʕ", Articulation(Place.GLOTTAL, Manner.FRICATIVE)),
        ("ʔʡ", Articulation(Place.GLOTTAL, Manner.STOP)),
        ("w", Articulation(Place.APPROXIMANT, Manner.APPROXIMANT, frontness=0.0, rounding=1.0)),
        ("ʍ", Articulation(Place.APPROXIMANT, Manner.FRICATIVE, frontness=0.0, rounding=1.0)),
        ("ɥ", Articulation(Place.APPROXIMANT, Manner.APPROXIMANT, frontness=1.0, rounding=0.9)),
        ("j", Articulation(Place.APPROXIMANT, Manner.APPROXIMANT, openness=0.08, frontness=1.0)),
        ("ɹɻ", Articulation(Place.APPROXIMANT, Manner.APPROXIMANT, rounding=0.45)),
        ("ɰʟʎ", Articulation(Place.APPROXIMANT, Manner.APPROXIMANT)),
    )
    return {letter: sound for letters, sound in rows for letter in letters}


_TABLE = _vowels() | _consonants()
_ROUNDED_RELEASE = "ʷ"
_UNKNOWN_LETTER = Articulation(Place.APPROXIMANT, Manner.APPROXIMANT)


def articulations(symbol: str) -> tuple[Articulation, ...]:
    """What a symbol asks of the mouth, one item for each sound in it: diphthongs and affricates have two.

    Every string has an answer: marks, digits (tones) and what is in brackets ask for nothing, and a letter that is in
    no chart is taken as the Latin letter it derives from, or as a neutral approximant.

    Args:
        symbol: IPA. An empty one, and one without letters, is a pause.
    """
    if symbol.startswith("("):  # the mark of a change of language
        return (PAUSE,)
    sounds: list[Articulation] = []
    for letter in unicodedata.normalize("NFC", symbol):
        if letter in _TABLE:
            sounds.append(_TABLE[letter])
        elif letter == _ROUNDED_RELEASE and sounds:
            last = sounds[-1]
            sounds[-1] = Articulation(last.place, last.manner, last.openness, last.frontness, max(last.rounding, 0.7))
        elif unicodedata.category(letter) in ("Ll", "Lu", "Lo"):
            base = unicodedata.normalize("NFD", letter)[0].lower()
            sounds.append(_TABLE.get(base, _UNKNOWN_LETTER))
    return tuple(sounds) or (PAUSE,)


def stress(symbol: str) -> int:
    """Stress of a symbol: 0 none, 1 secondary, 2 primary."""
    return max((STRESS.get(letter, 0) for letter in symbol), default=0)
