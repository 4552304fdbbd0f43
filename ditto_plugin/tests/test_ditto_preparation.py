"""Parts of preparing data, without videos: options, names of clips, gaps, emotions, lists, mirrored files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.options import option_rows
from dh_ditto.crop import Rectangle
from dh_ditto.preparation.arkit import eye_rows, head_rows, open_scorer, weights_from
from dh_ditto.preparation.clips import find_videos, name_clips
from dh_ditto.preparation.gaps import check_gaps, interpolate
from dh_ditto.preparation.gather import gather, held_out, mean_and_variance
from dh_ditto.preparation.layout import DataLayout, flipped, read_data_info
from dh_ditto.preparation.options import DECIDING, PrepareOptions
from dh_ditto.preparation.videos import SIDE, cut_square, mean_square
from dh_ditto.settings import read_settings


def touch(path: Path, content: bytes = b"video") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(dh.OptionError, match=r"--set emotoin: .* did you mean 'emotion'"):
        read_settings(PrepareOptions, None, {"emotoin": "happy"})


def test_a_value_that_does_not_fit_names_its_option_and_its_help() -> None:
    with pytest.raises(dh.OptionError, match=r"--set crop_scale=9: .*less than or equal to 4.*multiple of the face"):
        read_settings(PrepareOptions, None, {"crop_scale": 9})


def test_options_by_key_win_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("flip: false\nemotion: sad\n", encoding="utf-8")
    options = read_settings(PrepareOptions, config, {"emotion": "happy"})
    assert (options.flip, options.emotion) == (False, "happy")
    config.write_text("flop: false\n", encoding="utf-8")
    with pytest.raises(dh.OptionError, match=r"mine.yaml: flop: .*'flip'"):
        read_settings(PrepareOptions, config, {})
    config.write_text("- flip\n", encoding="utf-8")
    with pytest.raises(dh.InputError, match="give options"):
        read_settings(PrepareOptions, config, {})


def test_every_option_has_a_help_text_and_those_that_decide_files_exist() -> None:
    assert all(field.description for field in PrepareOptions.model_fields.values())
    assert set(DECIDING) <= set(PrepareOptions.model_fields)


def test_the_page_shows_every_option_as_it_is() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    for row in option_rows(PrepareOptions):
        kind = row.type.replace("|", "\\|")
        assert f"| `{row.key}` | {kind} | {row.default} | {row.range} | {row.help} |\n" in page


def test_features_follow_the_motion_space_unless_named() -> None:
    assert PrepareOptions().audio_folder == "hubert_aud_npy"
    assert PrepareOptions(motion="arkit").audio_folder == "mel_aud_npy"
    assert PrepareOptions(features="mel").audio_folder == "mel_aud_npy"
    assert PrepareOptions(motion="arkit", features="hubert").audio_folder == "hubert_aud_npy"


def test_folders_are_searched_and_the_output_in_them_is_not(tmp_path: Path) -> None:
    first = touch(tmp_path / "b" / "one.mp4")
    second = touch(tmp_path / "a" / "two.MOV")
    touch(tmp_path / "a" / "notes.txt")
    touch(tmp_path / ".hidden" / "three.mp4")
    touch(tmp_path / "data" / "video" / "one.mp4")
    named = touch(tmp_path / "a" / "odd.dat")
    assert find_videos([named, tmp_path, first], tmp_path / "data") == [named, second, first]


@pytest.mark.parametrize(("make", "match"), [(False, "no such file or folder"), (True, "holds no video")])
def test_sources_that_hold_nothing_are_refused(tmp_path: Path, make: bool, match: str) -> None:
    folder = tmp_path / "empty"
    if make:
        folder.mkdir()
    with pytest.raises(dh.InputError, match=match):
        find_videos([folder], tmp_path / "data")


def test_videos_of_one_name_get_names_that_stay(tmp_path: Path) -> None:
    output = tmp_path / "data"
    output.mkdir()
    later, first = touch(tmp_path / "a" / "talk.mp4"), touch(tmp_path / "b" / "Talk.mp4")
    record = name_clips([first], output, PrepareOptions())
    assert [clip.name for clip in record.clips] == ["Talk"]
    record.save()
    assert [clip.name for clip in name_clips([later, first], output, PrepareOptions()).clips] == ["talk-2", "Talk"]


def test_a_folder_keeps_to_the_options_that_decided_its_files(tmp_path: Path) -> None:
    video = touch(tmp_path / "talk.mp4")
    name_clips([video], tmp_path, PrepareOptions()).save()
    name_clips([video], tmp_path, PrepareOptions(flip=False, validation=0.1))
    with pytest.raises(dh.OptionError, match=r"--set emotion=happy: .*prepared with neutral"):
        name_clips([video], tmp_path, PrepareOptions(emotion="happy"))


def test_a_video_that_changed_is_noticed(tmp_path: Path) -> None:
    video = touch(tmp_path / "talk.mp4")
    name_clips([video], tmp_path, PrepareOptions()).save()
    touch(video, b"another video")
    with pytest.raises(dh.InputError, match=r"talk.mp4: has changed"):
        name_clips([video], tmp_path, PrepareOptions())


def test_rows_between_known_ones_lie_on_a_line_and_ends_are_repeated() -> None:
    rows = interpolate({1: np.array([[0.0, 4.0]]), 3: np.array([[2.0, 0.0]])}, 5)
    assert rows.shape == (5, 1, 2)
    np.testing.assert_array_equal(rows[:, 0], [[0, 4], [0, 4], [1, 2], [2, 0], [2, 0]])


def test_gaps_are_refused_beyond_the_longest() -> None:
    found = [False] * 5 + [True] * 20 + [False] * 12 + [True]
    check_gaps(found, 0.48, "talk.mp4")
    with pytest.raises(dh.FaceError, match=r"talk.mp4: no face in its crop from 1.00 s on for 0.48 s"):
        check_gaps(found, 0.47, "talk.mp4")
    with pytest.raises(dh.FaceError, match="no face found"):
        check_gaps([False] * 3, 5, "talk.mp4")


def test_the_crop_is_black_beyond_the_picture() -> None:
    image = np.full((100, 80, 3), 200, np.uint8)
    crop = cut_square(image, -10, 0, 100)
    assert crop.shape == (SIDE, SIDE, 3)
    assert (crop[:, :45] == 0).all() and (crop[:, -45:] == 0).all() and (crop[10:-10, 70:-70] == 200).all()
    assert not cut_square(image, 500, 500, 50).any()


def test_the_mean_square_is_of_whole_pixels() -> None:
    squares = [Rectangle(100, 50, 40, 0.3), Rectangle(110, 60, 44, -0.3)]
    assert mean_square(squares) == (84, 34, 42)


def test_mirrored_files_lie_in_the_folder_beside() -> None:
    assert flipped("LP_npy/a.npy") == "LP_npy_flip/a.npy"
    assert flipped("/data/LP_npy/a.npy") == "/data/LP_npy_flip/a.npy"
    assert flipped("C:\\data\\LP_npy\\a.npy") == "C:/data/LP_npy_flip/a.npy"


@pytest.fixture
def gathered(tmp_path: Path) -> dict[str, list[str]]:
    """Two clips of 90 and 100 frames; the second has no mirrored motion."""
    folders = ("LP_npy", "hubert_aud_npy", "emo_npy", "eye_open_npy", "eye_ball_npy")
    layout = DataLayout(tmp_path)
    for number, frames in enumerate((90, 100)):
        for folder in (*folders, *(["LP_npy_flip", "eye_open_npy_flip", "eye_ball_npy_flip"] if number == 0 else [])):
            path = layout.path(folder, str(number))
            path.parent.mkdir(exist_ok=True)
            values = np.random.default_rng(number).normal(number, 1, (frames, 3)).astype(np.float32)
            np.save(path, values if folder != "emo_npy" else values[:88])
    return {key: list(paths) for key, paths in layout.data_info(folders, ["0", "1"]).items()}


def test_entries_have_the_smallest_length_and_all_their_files(gathered: dict[str, list[str]], tmp_path: Path) -> None:
    entries = gather(gathered, True, True, True, True, folder=tmp_path)
    assert [(entry["mtn"], entry["frame_num"]) for entry in entries] == [
        ("LP_npy/0.npy", 88),
        ("LP_npy/1.npy", 88),
        ("LP_npy_flip/0.npy", 88),
    ]
    assert entries[2]["aud"] == "hubert_aud_npy/0.npy"
    assert [entry["frame_num"] for entry in gather(gathered, False, True, True, False, folder=tmp_path)] == [90, 100]


def test_absolute_paths_are_read_too(gathered: dict[str, list[str]], tmp_path: Path) -> None:
    (tmp_path / "info").mkdir()
    path = tmp_path / "info" / "data_info.json"
    absolute = {key: [(tmp_path / one).as_posix() for one in paths] for key, paths in gathered.items()}
    path.write_text(json.dumps(absolute), encoding="utf-8")
    entries = gather(read_data_info(path), True, False, False, True, folder=path.parent)
    assert [Path(entry["mtn"]).is_file() for entry in entries] == [True, True, True]


@pytest.mark.parametrize(
    ("content", "match"),
    [("{", "not readable"), ("[1]", "expected lists"), ('{"a": ["1"], "b": []}', "differ in length")],
)
def test_a_data_info_that_is_none_is_refused(tmp_path: Path, content: str, match: str) -> None:
    path = tmp_path / "data_info.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(dh.InputError, match=match):
        read_data_info(path)


def test_mean_and_variance_are_those_of_all_used_frames(gathered: dict[str, list[str]], tmp_path: Path) -> None:
    entries = gather(gathered, True, True, True, False, folder=tmp_path)
    rows = np.concatenate([np.load(tmp_path / entry["mtn"])[: entry["frame_num"], :2] for entry in entries])
    found = mean_and_variance(entries, 2, tmp_path)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [rows.mean(0), rows.var(0)], rtol=1e-5)


def test_clips_for_validation_are_the_same_for_the_same_names() -> None:
    names = [f"clip{i}" for i in range(20)]
    kept = held_out(names, 0.1)
    assert len(kept) == 2 and kept == held_out(names[::-1], 0.1)
    assert held_out(names, 0.0) == set() and held_out(["alone"], 0.5) == set()


def test_blendshapes_come_in_apples_order() -> None:
    weights = weights_from({"_neutral": 0.9, "jawOpen": 0.5, "eyeBlinkLeft": 0.25})
    assert weights.shape == (52,) and weights.sum() == np.float32(0.75)
    assert weights[dh.ARKIT_BLENDSHAPES.index("jawOpen")] == 0.5 and weights[0] == 0.25


def test_a_file_that_is_no_landmarker_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("mediapipe")
    scorer = open_scorer(touch(tmp_path / "none.task"))
    with pytest.raises(dh.InputError, match=r"face_landmarker=.*none.task: MediaPipe cannot use it"), scorer:
        pass


def test_the_starters_eyes_follow_the_blendshapes() -> None:
    scores = {"eyeBlinkLeft": 1.0, "eyeLookOutLeft": 0.6, "eyeLookInRight": 0.4, "eyeLookDownLeft": 0.2}
    opening, gaze = eye_rows(weights_from(scores)[None])
    np.testing.assert_allclose(opening, [[0, 1]])
    np.testing.assert_allclose(gaze, [[0.5, -0.1]], atol=1e-6)


def test_head_motion_is_relative_to_the_most_usual_pose() -> None:
    face = np.random.default_rng(0).normal(0, 0.1, (478, 3)) + 0.5
    landmarks = np.stack([face, face, face + np.array([0.2, 0, 0])])
    rotation, translation = head_rows(landmarks)
    np.testing.assert_allclose(rotation, 0, atol=1e-4)
    np.testing.assert_allclose(translation[:2], 0, atol=1e-6)
    np.testing.assert_allclose(translation[2, 1:], 0, atol=1e-6)
    assert translation[2, 0] > 0.1
