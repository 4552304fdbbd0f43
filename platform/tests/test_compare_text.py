"""Variants, manifests and identifiers: what the user writes, read as it is meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dh
from dh.comparison.manifest import read_manifest
from dh.comparison.names import identifiers
from dh.comparison.variant import parse_variant, split_variants

SAFE = re.compile(r"[a-z0-9_]([a-z0-9_]|-(?!-))*(?<!-)\Z")


@given(st.lists(st.text() | st.sampled_from(["CON", "con", "nul", "a b", "a-b", "A B", "", "--", "ä", "語"])))
def test_identifiers_are_unique_and_safe_for_any_names(names: list[str]) -> None:
    made = identifiers(names)
    assert len(set(made)) == len(names)
    for identifier in made:
        assert SAFE.match(identifier)
        assert len(identifier) <= 60
        assert identifier not in ("con", "nul", "prn", "aux", "com1", "lpt1")


@given(st.lists(st.text(), max_size=5), st.lists(st.text(), max_size=5))
def test_a_name_keeps_its_identifier_when_others_follow(names: list[str], more: list[str]) -> None:
    assert identifiers([*names, *more])[: len(names)] == identifiers(names)


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("ditto", dh.Variant("ditto")),
        ("ditto@starter", dh.Variant("ditto", "starter")),
        ("ditto+viseme", dh.Variant("ditto", driver="viseme")),
        ("ditto/face-mesh", dh.Variant("ditto", renderer="face-mesh")),
        (
            "ditto@starter+viseme/face-mesh:driver.gain=2,emotion=happy",
            dh.Variant("ditto", "starter", "viseme", "face-mesh", {"driver.gain": "2", "emotion": "happy"}),
        ),
        (
            "ditto:size=[1, 2],name='a,b',url=c:d",
            dh.Variant("ditto", options={"size": "[1, 2]", "name": "'a,b'", "url": "c:d"}),
        ),
    ],
)
def test_a_variant_is_read_as_it_is_written(text: str, variant: dh.Variant) -> None:
    assert parse_variant(text) == variant
    assert str(variant) == text


@pytest.mark.parametrize("text", ["", "ditto+", "ditto@", "ditto:happy", "ditto:=3", "a b", "+viseme", "ditto/x+y"])
def test_what_is_no_variant_is_refused(text: str) -> None:
    with pytest.raises(dh.OptionError, match=r"--methods .*write METHOD\[@PROFILE\]"):
        parse_variant(text)


def test_options_after_a_comma_belong_to_the_variant_before() -> None:
    text = "ditto:steps=10,emotion=happy, face-mesh,ditto@starter:size=[1,2],x=3,"
    assert split_variants(text) == ["ditto:steps=10,emotion=happy", "face-mesh", "ditto@starter:size=[1,2],x=3"]


def test_a_yaml_manifest_joins_every_source_with_every_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "methods: [ditto:emotion=happy, {method: ditto, driver: viseme, label: Rules}]\n"
        "sources: [a.png, sub/b.mp4]\naudios: [x.wav, /y.wav]\n"
        "pairs:\n- {source: c.png, audio: z.wav, reference: c.mp4}\nseed: 3\nmetrics: []\n"
    )
    manifest = read_manifest(path)
    assert manifest.variants() == [
        dh.Variant("ditto", options={"emotion": "happy"}),
        dh.Variant("ditto", driver="viseme", label="Rules"),
    ]
    assert manifest.pairs_in_full() == [
        (tmp_path / "a.png", tmp_path / "x.wav", None),
        (tmp_path / "a.png", Path("/y.wav"), None),
        (tmp_path / "sub" / "b.mp4", tmp_path / "x.wav", None),
        (tmp_path / "sub" / "b.mp4", Path("/y.wav"), None),
        (tmp_path / "c.png", tmp_path / "z.wav", tmp_path / "c.mp4"),
    ]
    assert manifest.settings() == {"seed": 3, "metrics": ()}


def test_a_csv_manifest_has_one_pair_a_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("source,audio,reference\na.png, x.wav,\nb.png,y.wav,b.mp4\n", encoding="utf-8-sig")
    assert read_manifest(path).pairs_in_full() == [
        (tmp_path / "a.png", tmp_path / "x.wav", None),
        (tmp_path / "b.png", tmp_path / "y.wav", tmp_path / "b.mp4"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.yaml", "source: [a.png]", "unknown key 'source'; did you mean 'sources'?"),
        ("a.yaml", "sources: [a.png]", "has sources but no audios"),
        ("a.yaml", "methods: [ditto]", "names no inputs"),
        ("a.yaml", "pairs: [{source: a.png}]", "pairs.0.audio: field required"),
        ("a.yaml", "[a]", "expected keys such as 'methods:'"),
        ("a.yaml", "{", "not readable"),
        ("a.csv", "source,sound\na,b", "unknown column 'sound'"),
        ("a.csv", "source\na", "needs the columns source and audio"),
        ("a.csv", "source,audio\na", "line 2: give a source and an audio"),
        ("a.csv", "source,audio\na,b,c", "line 2: give a source and an audio"),
        ("a.txt", "", "end its name in .yaml or .csv"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(dh.InputError) as refused:
        read_manifest(path)
    message = str(refused.value)
    assert message.startswith(f"--manifest {path}: ")
    assert words in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sources": ["a.png"], "audios": ["x.wav"]}, "--methods is missing"),
        ({"variants": ["toy"], "audios": ["x.wav"]}, "--source is missing"),
        ({"variants": ["toy"], "sources": ["a.png"]}, "--audio is missing"),
        (
            {"variants": ["toy"], "sources": ["a.png", "b.png"], "audios": ["x.wav"], "references": ["r.mp4"]},
            "--reference: 1 for 2 pairs",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(dh.OptionError, match=words):
        dh.compare(output=tmp_path / "report", **arguments)
