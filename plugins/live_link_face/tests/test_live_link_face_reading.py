"""Takes are read as the app writes them, and what is wrong with one is said in a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dh
from dh_live_link_face.reading import read_recording
from dh_live_link_face.timecode import Timecode
from take_files import Row, ramp, write_take

JAW = dh.ARKIT_BLENDSHAPES.index("jawOpen")


def test_thirty_rows_a_second_may_count_sixty_frames(tmp_path: Path) -> None:
    times = ["12:27:47:57.169", "12:27:47:59.169", "12:27:48:01.168", "12:27:48:03.168"]
    recording = read_recording(write_take(tmp_path / "take.csv", [(time, {}) for time in times]))
    np.testing.assert_allclose(recording.times, [0, 2 / 60, 4 / 60, 6 / 60], atol=2e-5)


@pytest.mark.parametrize(("last", "rate"), [("23", 24), ("24", 25), ("29", 30), ("59", 60)])
def test_the_highest_frame_number_tells_the_frames_in_a_second(tmp_path: Path, last: str, rate: int) -> None:
    rows: list[Row] = [("00:00:00:00.000", {}), (f"00:00:00:{last}.000", {}), ("00:00:01:00.000", {})]
    assert read_recording(write_take(tmp_path / "take.csv", rows)).times[1] == pytest.approx(int(last) / rate)


def test_less_than_a_second_counts_sixty_unless_the_user_says_else(tmp_path: Path) -> None:
    take = write_take(tmp_path / "take.csv", [("00:00:00:00.000", {}), ("00:00:00:15.000", {})])
    assert read_recording(take).duration == pytest.approx(0.25)
    assert read_recording(take, timecode_fps=30).duration == pytest.approx(0.5)


def test_a_take_may_pass_midnight(tmp_path: Path) -> None:
    rows: list[Row] = [("23:59:59:30.000", {}), ("23:59:59:59.000", {}), ("00:00:00:30.000", {})]
    assert read_recording(write_take(tmp_path / "take.csv", rows)).duration == pytest.approx(1)


def test_rows_without_a_face_and_rows_that_were_dropped_are_gaps(tmp_path: Path) -> None:
    take = write_take(tmp_path / "take.csv", [("00:00:00:00", {"JawOpen": 0}), ("00:00:01:00", {"JawOpen": 1})])
    lines = take.read_text(encoding="utf-8").splitlines()
    take.write_text("\n".join([*lines[:2], "00:00:00:15.000,0", "", lines[2]]), encoding="utf-8")
    recording = read_recording(take)
    assert len(recording.times) == 2
    np.testing.assert_allclose(recording.at(np.array([0.25, 0.5]))[:, JAW], [0.25, 0.5])


def test_columns_are_found_by_name_whatever_their_order_and_capitals(tmp_path: Path) -> None:
    take = ramp(tmp_path / "take.csv")
    rows = [line.split(",") for line in take.read_text(encoding="utf-8").splitlines()]
    rows[0][1] = "BlendShapeCount"
    other = tmp_path / "other.csv"
    other.write_text("\ufeff" + "\n".join(",".join(row[::-1]) for row in rows), encoding="utf-8")
    np.testing.assert_array_equal(read_recording(other).values, read_recording(take).values)


def test_calibrated_weights_beyond_one_are_clipped(tmp_path: Path) -> None:
    take = write_take(tmp_path / "take.csv", [("00:00:00:00", {"JawOpen": 1.0758, "MouthClose": -0.01})])
    assert read_recording(take).values.max() == 1
    assert read_recording(take).values.min() == 0


def test_radians_become_degrees_with_the_signs_of_arkit(tmp_path: Path) -> None:
    head = {"HeadPitch": 0.1, "HeadYaw": 0.2, "HeadRoll": -0.3}
    recording = read_recording(write_take(tmp_path / "take.csv", [("00:00:00:00", head)]))
    np.testing.assert_allclose(recording.values[0, 52:], np.degrees([0.1, 0.2, -0.3]))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("JawOpen", "JawWide"), r"take\.csv, row 1: lacks the columns JawOpen; give"),
        (("Timecode,", "Time,"), r"take\.csv, row 1: lacks the columns Timecode"),
        (("00:00:00:01.000", "00:00:61:01.000"), r"take\.csv, row 3: '00:00:61:01\.000' is not a timecode"),
        (("00:00:00:01.000", "00:00:00:00.000"), r"take\.csv, row 3: its timecode is not later than that of row 2"),
        (("00:00:00:01.000,61,0.0000000000", "00:00:00:01.000,61,?"), r"take\.csv, row 3: EyeBlinkLeft is '\?', not"),
        (("00:00:00:01.000,61,0.0000000000", "00:00:00:01.000,61,nan"), r"take\.csv, row 3: EyeBlinkLeft is 'nan'"),
        (("00:00:00:02.000,61,", "00:00:00:02.000,61,0\n,"), r"take\.csv, row 4: has 3 values, fewer than"),
    ],
)
def test_a_mistake_is_named_with_its_row(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    take = tmp_path / "take.csv"
    rows: list[Row] = [(f"00:00:00:{frame:02d}.000", {}) for frame in range(4)]
    text = write_take(take, rows).read_text(encoding="utf-8").replace(",61,0.0,", ",61,0.0000000000,")
    assert change[0] in text
    take.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(dh.InputError, match=complaint) as error:
        read_recording(take)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no such file"),
        (b"", "row 1: lacks the columns Timecode, BlendshapeCount, EyeBlinkLeft and 51 more"),
        (b"\xff\xfe\x00", "is not a CSV file in UTF-8"),
    ],
)
def test_a_file_that_is_no_take_is_refused(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    take = tmp_path / "take.csv"
    if content is not None:
        take.write_bytes(content)
    with pytest.raises(dh.InputError, match=rf"take\.csv.*{complaint}"):
        read_recording(take)


def test_a_take_without_any_face_is_refused(tmp_path: Path) -> None:
    take = write_take(tmp_path / "take.csv", [])
    with pytest.raises(dh.InputError, match="has no row with a face"):
        read_recording(take)


@pytest.mark.parametrize("fps", [25.0, 29.97, 60.0, 120.0])
def test_timecodes_are_written_as_they_are_read(fps: float) -> None:
    rate, rows = dh.exact_rate(fps), range(0, 12000, 7)
    written = [Timecode.parse(str(Timecode.of_row(row, rate))).seconds(60) for row in rows]
    np.testing.assert_allclose(written, [float(row / rate) for row in rows], atol=1e-5)
