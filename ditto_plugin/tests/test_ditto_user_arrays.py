"""Numbers that a user gives inline or as a file arrive in the right shape, or one line says why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dh
from dh_ditto.user_arrays import read_frame_table, read_numbers

ROWS = [[0.5] * 8, [0.25] * 8]


@pytest.mark.parametrize("suffix", [".npy", ".json", ".yaml"])
def test_every_kind_of_file_gives_what_the_same_numbers_give_inline(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    if suffix == ".npy":
        np.save(path, np.array(ROWS))
    else:
        path.write_text(json.dumps(ROWS), encoding="utf-8")
    inline = read_numbers(ROWS, "emotion", (None, 8))
    assert inline.dtype == np.float32
    assert np.array_equal(read_numbers(path, "emotion", (None, 8)), inline)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([[1, 2], [3]], "differ in length"),
        ([["a"] * 8], "other than numbers"),
        ([[1.0] * 7], "shape [1, 7]; give [n, 8]"),
        ([], "shape [0]"),
        ([[float("nan")] * 8], "not finite"),
        (Path("nowhere.npy"), "no such file"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(given: Path | list[object], words: str) -> None:
    with pytest.raises(dh.DHError, match="--set emotion") as caught:
        read_numbers(given, "emotion", (None, 8))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_array_with_code_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(dh.InputError, match="not readable"):
        read_numbers(path, "emotion", (None, 8))


def test_frame_numbers_may_be_texts_as_json_has_them(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    path.write_text('{"3": {"delta_yaw": 5}}', encoding="utf-8")
    assert read_frame_table(path, "frame_controls") == {3: {"delta_yaw": 5}}
    path.write_text('{"soon": {}}', encoding="utf-8")
    with pytest.raises(dh.InputError, match="frame numbers"):
        read_frame_table(path, "frame_controls")
