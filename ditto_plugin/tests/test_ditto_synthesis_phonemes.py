"""Phonemes, segments, voices and sentences of the synthesised data."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dh_ditto.synthesis.espeak import Espeak, SpokenText, Voice
from dh_ditto.synthesis.phonemes import PAUSE, Manner, Place, articulations, stress
from dh_ditto.synthesis.recipe import Recipe
from dh_ditto.synthesis.segments import segments_of
from dh_ditto.synthesis.texts import Sentences, grammar, is_held_out, languages
from dh_ditto.synthesis.voices import HELD_OUT_VARIANTS, TRAINING_VARIANTS


@pytest.mark.parametrize(
    ("symbol", "places"),
    [
        ("p", [Place.BILABIAL]),
        ("ˈoʊ", [Place.VOWEL, Place.VOWEL]),
        ("dʒ", [Place.ALVEOLAR, Place.HUSHING]),
        ("pf", [Place.BILABIAL, Place.LABIODENTAL]),
        ("ɛ̃", [Place.VOWEL]),
        ("tʃʲ", [Place.ALVEOLAR, Place.HUSHING]),
        ("", [Place.PAUSE]),
        ("(en)", [Place.PAUSE]),
        ("_:", [Place.PAUSE]),
    ],
)
def test_a_symbol_has_the_places_of_its_sounds(symbol: str, places: list[Place]) -> None:
    assert [sound.place for sound in articulations(symbol)] == places


def test_only_stops_and_nasals_of_both_lips_close_them() -> None:
    closing = {letter for letter in "pbmfvwβtsa" if articulations(letter)[0].closes_lips}
    assert closing == set("pbm")


def test_vowels_lie_where_the_chart_has_them() -> None:
    a, i, u, y = (articulations(letter)[0] for letter in ("a", "i", "u", "y"))
    assert a.openness > 0.9
    assert i.openness < 0.1
    assert i.frontness == y.frontness == 1 and u.frontness == 0
    assert u.rounding == y.rounding == 1 and i.rounding == a.rounding == 0


def test_every_letter_has_an_answer() -> None:
    for code in range(0x21, 0x2000):
        assert articulations(chr(code))
    assert articulations("ŝ")[0].place is Place.SIBILANT  # known by the letter it derives from
    assert articulations("tʷ")[0].rounding > 0.5


def test_stress_is_read_from_its_mark() -> None:
    assert [stress(symbol) for symbol in ("ˈa", "ˌa", "a")] == [2, 1, 0]


def _spoken(parts: list[tuple[str, float, bool]]) -> SpokenText:
    """Sound of given parts: symbol (None of its own for a closure), seconds, loud or silent."""
    samples, marks, at = [], [], 0
    for symbol, seconds, loud in parts:
        count = round(seconds * 22050)
        if symbol != "closure":
            marks.append((at, symbol))
        samples.append(np.where(np.arange(count) % 2, 8000, -8000) if loud else np.zeros(count))
        at += count
    return SpokenText(np.concatenate(samples).astype(np.int16), tuple(marks))


def test_a_voiceless_stop_lasts_from_its_silence_to_its_burst() -> None:
    spoken = _spoken([("a", 0.2, True), ("closure", 0.06, False), ("p", 0.03, True), ("a", 0.2, True)])
    before, stop, after = segments_of(spoken)
    assert stop.articulation.closes_lips
    assert stop.begin == pytest.approx(0.2, abs=0.012)
    assert stop.end == pytest.approx(0.26, abs=0.001)
    assert (before.end, after.begin) == (stop.begin, stop.end)


def test_a_nasal_lets_go_before_the_mark_of_its_vowel() -> None:
    nasal, vowel = segments_of(_spoken([("m", 0.12, True), ("a", 0.2, True)]))
    assert nasal.end == vowel.begin == pytest.approx(0.08, abs=0.002)


def test_a_long_silent_mark_is_a_pause_and_a_short_one_is_not() -> None:
    segments = segments_of(_spoken([("a", 0.2, True), ("", 0.03, True), ("s", 0.1, True), ("", 0.3, False)]))
    assert [segment.symbol for segment in segments] == ["a", "s", ""]
    assert segments[-1].articulation is PAUSE


def test_segments_cover_real_speech_without_gaps() -> None:
    pytest.importorskip("espeakng_loader")
    with Espeak(1) as espeak:
        for language, text in (
            ("en-us", "Pop the big map, my boy!"),
            ("de", "Äpfel und Pflaumen."),
            ("cmn", "妈妈，你好"),
        ):
            spoken = espeak.speak(text, Voice(language))
            segments = segments_of(spoken)
            assert segments[0].begin == 0
            assert segments[-1].end == pytest.approx(len(spoken.samples) / 22050)
            assert all(a.end == b.begin for a, b in itertools.pairwise(segments))
            assert any(segment.articulation.closes_lips for segment in segments)
            assert all(segment.articulation.manner in Manner for segment in segments)


def test_a_fresh_espeak_says_the_same_after_whatever_was_said_before() -> None:
    pytest.importorskip("espeakng_loader")
    with Espeak(7) as espeak:
        first = espeak.speak("She sells shells.", Voice("en-us", "whisper")).samples
        second = espeak.speak("She sells shells.", Voice("en-us", "whisper")).samples
    with Espeak(7) as espeak:
        again = espeak.speak("She sells shells.", Voice("en-us", "whisper")).samples
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def test_a_second_espeak_at_once_is_refused() -> None:
    pytest.importorskip("espeakng_loader")
    with Espeak(), pytest.raises(RuntimeError, match="close the other"):
        Espeak()


def test_every_voice_of_the_default_recipe_speaks() -> None:
    pytest.importorskip("espeakng_loader")
    variants = iter((*HELD_OUT_VARIANTS, *TRAINING_VARIANTS))
    rng = np.random.default_rng(0)
    with Espeak() as espeak:
        tags = [tag for tag in Recipe().languages for _ in range(6)]
        for tag, variant in zip(tags, variants, strict=False):
            text = Sentences(tag).sentence(rng)
            assert len(espeak.speak(text, Voice(tag, variant)).samples) > 2000, (tag, variant, text)


def test_no_variant_is_both_heard_in_training_and_held_out() -> None:
    assert not set(TRAINING_VARIANTS) & set(HELD_OUT_VARIANTS)


@pytest.mark.parametrize("language", languages())
def test_a_grammar_names_only_rules_that_it_has(language: str) -> None:
    rng = np.random.default_rng(1)
    sentences = Sentences(language)
    made = {sentences.sentence(rng) for _ in range(300)}
    assert len(made) > 200
    assert not any("{" in sentence or "None" in sentence or "True" in sentence for sentence in made)


@pytest.mark.parametrize("language", languages())
def test_training_and_validation_share_no_sentence(language: str) -> None:
    held_out = {word for rule in grammar(language).values() if len(rule) >= 8 for word in rule if is_held_out(word)}
    assert held_out
    rng = np.random.default_rng(2)
    training, validation = Sentences(language), Sentences(language, held_out=True)
    assert not {training.sentence(rng) for _ in range(400)} & {validation.sentence(rng) for _ in range(400)}
