"""A pickle is read as data, and whatever else it tries is refused before it happens."""

from __future__ import annotations

import builtins
import functools
import operator
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh_ditto.weights.unpickle import read_pickle

PLAIN = {
    "base_cfg": {"hubert_cfg": {"model_path": "hubert.onnx", "device": "cuda", "force_ori_type": True}},
    "audio2motion_cfg": {"motion_feat_dim": 265, "use_emo": True, "w2f_type": "hubert"},
    "default_kwargs": {"overlap_v2": 70, "crop_scale": 2.3, "drive_eye": None, "fade_out_keys": ("exp",), "keys": []},
    3: [-1, 2**40, b"bytes"],
}


class Reduces:
    """Pickles as a call of ``function``."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


class Builds:
    """Pickles as a call of ``function``, whose result is then given a state."""

    def __init__(self, function: Any, state: Any) -> None:
        self.call = (function, (), state)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...], Any]:
        return self.call


def written(path: Path, value: Any, protocol: int = pickle.HIGHEST_PROTOCOL) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_comes_back_as_it_was_written(tmp_path: Path, protocol: int) -> None:
    assert read_pickle(written(tmp_path / "plain.pkl", PLAIN, protocol)) == PLAIN


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(4, dtype=">i4"),
        np.array([True, False]),
        np.array(7, np.float16),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_arrays_of_numbers_come_back_bit_by_bit(tmp_path: Path, array: NDArray[Any], protocol: int) -> None:
    read = read_pickle(written(tmp_path / "array.pkl", {"array": array}, protocol))["array"]
    assert read.shape == array.shape
    assert read.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_scalars_come_back_as_numbers(tmp_path: Path, protocol: int) -> None:
    values = [np.float32(1.5), np.int64(-3), np.bool_(True)]
    assert read_pickle(written(tmp_path / "scalars.pkl", values, protocol)) == [1.5, -3, True]


def evil(marker: Path) -> dict[str, Any]:
    """Pickles that would make ``marker``, or that hide objects where numbers belong."""
    touch = f"touch {marker}"
    objects = np.empty(1, object)
    objects[0] = Reduces(os.system, touch)
    return {
        "os.system": Reduces(os.system, touch),
        "nested": {"base_cfg": [1, {"deep": Reduces(os.system, touch)}]},
        "eval": Reduces(eval, f"open({str(marker)!r}, 'w').close()"),
        "exec": Reduces(exec, f"open({str(marker)!r}, 'w').close()"),
        "import": Reduces(builtins.__import__, "antigravity"),
        "getattr chain": Reduces(getattr, Reduces(builtins.__import__, "os"), "system"),
        "functools.partial": Reduces(functools.partial, os.system, touch),
        "operator.attrgetter": Reduces(operator.attrgetter, "system"),
        "open": Reduces(open, str(marker), "w"),
        "path": Reduces(Path.touch, marker),
        "object array": {"array": objects},
        "array of pickled bytes": Reduces(np.load, str(marker)),
        "class": Builds,
        "instance": Builds(dict, {"a": 1}),
        "set": {1, 2},
        "complex": 1j,
        "text array": np.array(["a"]),
        "record array": np.zeros(2, [("a", "f4")]),
    }


@pytest.mark.parametrize("attack", sorted(evil(Path())))
def test_nothing_of_a_malicious_pickle_is_run(tmp_path: Path, attack: str) -> None:
    marker = tmp_path / "marker"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path = written(tmp_path / "evil.pkl", evil(marker)[attack], protocol)
        with pytest.raises(dh.InputError, match=r"evil\.pkl.*refused") as raised:
            read_pickle(path)
        assert "\n" not in str(raised.value)
    assert not marker.exists()


def test_the_marker_would_have_been_made_by_an_ordinary_reader(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(evil(marker)["os.system"]))
    assert marker.exists()


GLOBAL_DTYPE = b"cnumpy\ndtype\n"
GLOBAL_RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"


@pytest.mark.parametrize(
    "program",
    {
        "alters a reader": GLOBAL_DTYPE + b"(N}X\x04\x00\x00\x00nameX\x01\x00\x00\x00xstb.",
        "array without state": GLOBAL_RECONSTRUCT + b"(tR.",
        "reader as a value": GLOBAL_DTYPE + b".",
        "type as a value": GLOBAL_DTYPE + b"(X\x02\x00\x00\x00f4tR.",
        "persistent id": b"Pos\n.",
        "dict with an array as key": GLOBAL_RECONSTRUCT + b"(tR}2\x000K\x01s.",
        "extension code": b"\x80\x02\x82\x01.",
        "list inside itself": b"]\x94h\x00a.",
    }.items(),
    ids=lambda item: item[0],
)
def test_hand_written_programs_are_refused(tmp_path: Path, program: tuple[str, bytes]) -> None:
    path = tmp_path / "program.pkl"
    path.write_bytes(program[1])
    with pytest.raises(dh.InputError, match=r"program\.pkl"):
        read_pickle(path)


def test_a_small_pickle_cannot_grow_without_bound(tmp_path: Path) -> None:
    value: list[Any] = [1]
    for _ in range(30):
        value = [value] * 10
    with pytest.raises(dh.InputError, match="more"):
        read_pickle(written(tmp_path / "bomb.pkl", value))


def test_an_array_must_have_as_many_bytes_as_its_shape_says(tmp_path: Path) -> None:
    data = pickle.dumps(np.zeros(3, np.float32), 2)
    path = tmp_path / "shape.pkl"
    path.write_bytes(data.replace(b"K\x03\x85", b"K\x09\x85"))
    with pytest.raises(dh.InputError, match="bytes; refused"):
        read_pickle(path)


def test_missing_cut_and_foreign_files_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(dh.CheckpointMissing, match=r"gone\.pkl: no such file"):
        read_pickle(tmp_path / "gone.pkl")
    whole = written(tmp_path / "whole.pkl", PLAIN)
    cut = tmp_path / "cut.pkl"
    cut.write_bytes(whole.read_bytes()[:40])
    with pytest.raises(dh.DHError, match=r"cut\.pkl"):
        read_pickle(cut)
    cut.write_bytes(struct.pack("<4d", *range(4)))
    with pytest.raises(dh.DHError, match=r"cut\.pkl"):
        read_pickle(cut)
