"""Data lists and options of a training: what is read, how windows are cut, and what is refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dh
from dh_ditto.motion import Array
from dh_ditto.settings import read_settings
from dh_ditto.training.dataset import MotionDataset, open_dataset, read_normalisation
from dh_ditto.training.draws import below
from dh_ditto.training.options import TrainingOptions
from dh_ditto.training.tools import TOOLS
from ditto_training_data import MOTION, SOUND, STYLE, options, write_data

PUBLISHED: dict[str, Any] = {
    "experiment_dir": "experiments", "experiment_name": "mine", "data_list_json": "list.json", "data_preload": True,
    "data_preload_pkl": "", "reprepare_idx_map": True, "data_cache": True, "mtn_mean_var_npy": "",
    "motion_feat_start": 1, "motion_feat_dim": 100, "motion_feat_offset_dim_se": [20, 40], "audio_feat_dim": 1103,
    "use_emo": True, "use_eye_open": True, "use_eye_ball": True, "use_sc": True, "use_lmk": True,
    "use_last_frame": True, "use_cond_end": True, "dataset_version": "v2", "seq_frames": 40, "use_accelerate": True,
    "epochs": 7, "batch_size": 3, "num_workers": 2, "lr": 1e-3, "part_w_dict_json": "", "use_last_frame_loss": True,
    "use_reg_loss": True, "dim_ws_npy": "", "checkpoint": "", "save_ckpt_freq": 5,
}  # fmt: skip


def opened(data: Path, **changes: Any) -> MotionDataset:
    chosen = TrainingOptions(**options(data, **changes)).located()
    assert chosen.data_list_json is not None
    return open_dataset(chosen.data_list_json, chosen)[0]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


def test_every_published_option_is_taken_by_its_name() -> None:
    taken = read_settings(TrainingOptions, None, PUBLISHED)
    assert (taken.epochs, taken.motion_feat_offset_dim_se, taken.checkpoint) == (7, (20, 40), None)


def test_published_options_have_the_published_defaults() -> None:
    facts = json.loads(
        (Path(__file__).parents[2] / "tests/goldens/ditto_training/facts.json").read_text(encoding="utf-8")
    )
    mine = TrainingOptions().model_dump(mode="json")
    assert set(facts["options"]) == set(PUBLISHED)
    for name, (_, default) in facts["options"].items():
        if name != "experiment_dir":  # --output names the folder
            assert (mine[name] or default) == default, name


def test_options_come_from_a_file_and_settings_win(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("lr: 0.5\nepochs: 3\n", encoding="utf-8")
    taken = read_settings(TrainingOptions, file, {"epochs": "4", "use_emo": "true"})
    assert (taken.lr, taken.epochs, taken.use_emo) == (0.5, 4, True)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"epoch": 3}, r"--set epoch: there is no such option; did you mean 'epochs'\?"),
        ({"lr": -1}, r"--set lr=-1: .*greater than 0 \(learning rate\)"),
        ({"latent_dim": 10, "num_heads": 4}, "latent_dim=10 must be even and divide into num_heads=4"),
        ({"motion_feat_offset_dim_se": [3, 300]}, r"motion_feat_offset_dim_se=\[3, 300\]: no columns of 265"),
    ],
)
def test_wrong_options_are_refused_in_one_line(sets: dict[str, Any], message: str) -> None:
    with pytest.raises(dh.OptionError, match=message) as caught:
        read_settings(TrainingOptions, None, sets)
    assert "\n" not in str(caught.value)


def test_the_fast_path_equals_the_slow_one(data: Path, tmp_path: Path) -> None:
    flags = {"use_last_frame": False, "motion_feat_offset_dim_se": [1, 3], "motion_feat_dim": 4}
    fast, slow, cached = (
        opened(data, data_preload=preload, data_cache=cache, mtn_mean_var_npy=None, **flags)
        for preload, cache in ((True, False), (False, False), (False, True))
    )
    indices = np.random.default_rng(0).permutation(len(fast))[:40]
    for other in (slow, cached, cached):
        for one, two in zip(fast.windows(indices, 3), other.windows(indices, 3), strict=True):
            np.testing.assert_array_equal(one, two)


def test_windows_do_not_depend_on_the_batch_around_them(data: Path) -> None:
    dataset = opened(data, use_last_frame=False)
    indices = np.arange(30)
    whole = dataset.windows(indices, epoch=2)
    for index in (0, 17, 29):
        for part, alone in zip(whole, dataset.windows(indices[[index]], epoch=2), strict=True):
            np.testing.assert_array_equal(part[index], alone[0])
    assert not np.array_equal(whole.cond_frame, dataset.windows(indices, epoch=3).cond_frame)


def test_draws_are_even_and_in_range() -> None:
    numbers = below(np.full(60_000, 6), 1, 2, np.arange(60_000), 0)
    assert np.bincount(numbers, minlength=6) == pytest.approx(np.full(6, 10_000), rel=0.05)
    assert numbers.min() == 0 and numbers.max() == 5


def test_float16_files_stay_small_in_memory(data: Path) -> None:
    for file in data.glob("*_aud.npy"):
        np.save(file, np.load(file).astype(np.float16))
    dataset = opened(data)
    assert dataset.clips.tables["aud"].dtype == np.float16  # type: ignore[attr-defined]
    assert dataset.windows(np.arange(3)).cond.dtype == np.float32


def test_a_column_that_never_changes_keeps_its_scale(tmp_path: Path) -> None:
    path = tmp_path / "mean_var.npy"
    np.save(path, np.array([[1, 2], [4, 0]], np.float32))
    row = np.array([3, 2.5], np.float32)
    np.testing.assert_allclose(read_normalisation(path, 2)(row), [1, 0.5])
    np.testing.assert_allclose(read_normalisation(path, 2, reference_defects=True)(row), [1, 5000], rtol=1e-5)


def test_absolute_paths_are_taken_too(data: Path, tmp_path: Path) -> None:
    entries = json.loads((data / "train.json").read_text())
    absolute = [{key: str(data / value) if key != "frame_num" else value for key, value in e.items()} for e in entries]
    (tmp_path / "elsewhere.json").write_text(json.dumps(absolute))
    one, other = opened(data), opened(data, data_list_json=str(tmp_path / "elsewhere.json"))
    np.testing.assert_array_equal(one.windows(np.arange(4)).cond, other.windows(np.arange(4)).cond)


def test_preloaded_clips_are_kept_and_not_taken_for_others(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "preload.bin"
    first = opened(data, data_preload_pkl=str(kept))
    again = opened(data, data_preload_pkl=str(kept))
    np.testing.assert_array_equal(first.windows(np.arange(9)).cond, again.windows(np.arange(9)).cond)
    with pytest.raises(dh.InputError, match="made of other clips or with other options"):
        opened(data, data_preload_pkl=str(kept), motion_feat_dim=4, mtn_mean_var_npy=None)
    kept.write_bytes(b"\x80\x04 a pickle")
    with pytest.raises(dh.InputError, match="a pickle is a program and is not read"):
        opened(data, data_preload_pkl=str(kept))


def _change(file: str, array: Callable[[Array], Array]) -> Callable[[Path], None]:
    return lambda data: np.save(data / file, array(np.load(data / file)))


def _nan(rows: Array) -> Array:
    rows[3, 1] = np.nan
    return rows


BAD_DATA: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "no list": (lambda data: (data / "train.json").unlink(), {}, r"train\.json: no such data list; prepare"),
    "no JSON": (lambda data: (data / "train.json").write_text("{"), {}, "not readable as JSON"),
    "no clips": (lambda data: (data / "train.json").write_text("[]"), {}, "holds no list of clips"),
    "no sound": (
        lambda data: (data / "train.json").write_text('[{"frame_num": 9, "mtn": "a"}]'), {},
        "clip 0: aud: field required",
    ),
    "missing file": (lambda data: (data / "1_aud.npy").unlink(), {}, r"clip 1: .*1_aud\.npy: no such file"),
    "missing kind": (lambda data: None, {"use_emo": True}, "clip 0: has no 'emo'; prepare it, or switch use_emo off"),
    "no array": (lambda data: (data / "0_aud.npy").write_text("x"), {}, r"0_aud\.npy: not readable as an array"),
    "not finite": (_change("2_aud.npy", _nan), {}, r"2_aud\.npy: holds values that are not finite"),
    "too few frames": (_change("1_mtn.npy", lambda rows: rows[:9]), {}, "9 frames, the data list says 65"),
    "wrong width": (_change("1_aud.npy", lambda rows: rows[:, :3]), {}, "3 columns of aud, other clips have 5"),
    "other width": (lambda data: None, {"audio_feat_dim": 99}, r"7 columns \(aud 5 \+ style 2\), audio_feat_dim is 99"),
    "narrow motion": (lambda data: None, {"motion_feat_dim": 9}, "6 columns, motion takes columns 0 to 9"),
    "short clips": (
        lambda data: None, {"seq_frames": 80}, "no clip has more than seq_frames=80 frames, the longest has 70",
    ),
    "wrong mean": (_change("mean_var.npy", lambda rows: rows[:1]), {}, r"of shape \[1, 6\]; give mean and variance"),
}  # fmt: skip


@pytest.mark.parametrize("problem", BAD_DATA)
def test_bad_data_are_refused_in_one_line(problem: str, data: Path) -> None:
    spoil, changes, message = BAD_DATA[problem]
    spoil(data)
    with pytest.raises(dh.InputError, match=message) as caught:
        opened(data, **changes)
    assert "\n" not in str(caught.value)


def test_data_that_are_not_there_are_missed_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(dh.InputError, match="nowhere: no such folder; make it with 'dh prepare ditto'"):
        TrainingOptions(data=tmp_path / "nowhere").located()
    with pytest.raises(dh.InputError, match="nothing to train on: give data=FOLDER"):
        TrainingOptions().located()


def test_values_that_are_not_finite_are_found_without_preloading(data: Path) -> None:
    _change("0_aud.npy", _nan)(data)
    dataset = opened(data, data_preload=False)
    with pytest.raises(dh.InputError, match=r"0_aud\.npy: holds values that are not finite"):
        dataset.windows(np.arange(2))


def test_the_last_frame_option_decides_on_the_condition_frame(data: Path) -> None:
    dataset = opened(data, mtn_mean_var_npy=None)
    motion = np.load(data / "0_mtn.npy")
    item = dataset.item(4)
    np.testing.assert_array_equal(item["kp_cond"], motion[4])
    np.testing.assert_array_equal(item["kp_seq"], motion[5:17])
    assert item["aud_cond"].shape == (12, SOUND + STYLE) and item["kp_seq"].shape == (12, MOTION)


def test_preparing_without_sources_or_recipe_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(dh.InputError, match="name folders of talking videos, or the recipe"):
        TOOLS.prepare([], tmp_path, None, {}, lambda event: None)


def test_reading_a_model_and_the_tools_takes_no_torch() -> None:
    code = "import sys, dh_ditto.training.result, dh_ditto.training.tools; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
