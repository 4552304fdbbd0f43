"""A run from input files to a video: what it writes, what it tells, and that it can be repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import dh
from dh.cli import run_command
from dh.media.audio import read_speech
from dh.testing import write_distribution
from weighty_components import write_weights
from weighty_plugin import FILE

pytestmark = pytest.mark.usefixtures("toy_method")

FRAMES = 33
"""ceil(1.3 s x 25)."""


def decode(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def run(picture: Path, speech: Path, output: Path, **changes: Any) -> dict[str, Any]:
    return dh.run("toy", **{"source": picture, "audio": speech, "output": output, **changes})


def test_a_run_writes_the_video_and_its_record(picture: Path, speech: Path, tmp_path: Path) -> None:
    output = tmp_path / "videos" / "out.mp4"
    output.parent.mkdir()
    record = run(picture, speech, output, options={"gain": 2})
    assert sorted(path.name for path in output.parent.iterdir()) == ["out.mp4", "out.mp4.json"]
    assert json.loads((output.parent / "out.mp4.json").read_text()) == record
    with av.open(str(output)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.pix_fmt, audio.codec_context.name) == ("h264", "yuv420p", "aac")
        assert (video.width, video.height) == (96, 64)
        assert video.average_rate == 25
    assert len(decode(output)) == FRAMES
    assert record["output"]["frames"] == FRAMES
    assert record["components"]["driver"]["options"] == {"gain": 2.0, "jitter": 0.0}
    assert set(record["inputs"]) == {"source", "audio"}
    assert [stage["name"] for stage in record["timing"]["stages"]] == [
        "audio",
        "driver toy",
        "motion",
        "renderer toy: draw",
        "encode",
    ]
    assert all(stage["items"] == FRAMES for stage in record["timing"]["stages"][1:])


def test_a_record_repeats_the_run(picture: Path, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (tmp_path / f"{name}.mkv" for name in ("first", "second", "third"))
    run(picture, speech, first, options={"jitter": 0.5}, seed=7, codec="ffv1")
    monkeypatch.setenv("DH_OPT_JITTER", "0.9")
    dh.run(from_record=tmp_path / "first.mkv.json", output=second)
    dh.run(from_record=tmp_path / "first.mkv.json", output=third, seed=8)
    one, two, three = decode(first), decode(second), decode(third)
    np.testing.assert_array_equal(one, two)
    assert (np.array(one) != np.array(three)).any()


def test_a_record_of_inputs_that_changed_is_refused(picture: Path, speech: Path, tmp_path: Path) -> None:
    run(picture, speech, tmp_path / "out.mp4")
    picture.write_bytes(picture.read_bytes() + b"x")
    with pytest.raises(dh.InputError, match=r"source .*picture\.png has changed since"):
        dh.run(from_record=tmp_path / "out.mp4.json", output=tmp_path / "again.mp4")
    dh.run(from_record=tmp_path / "out.mp4.json", source=picture, output=tmp_path / "again.mp4")
    speech.unlink()
    with pytest.raises(dh.InputError, match=r"audio .*speech\.wav is gone"):
        dh.run(from_record=tmp_path / "out.mp4.json", source=picture, output=tmp_path / "again.mp4")


def test_a_failing_run_keeps_the_old_output(picture: Path, speech: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    output.write_bytes(b"precious")
    with pytest.raises(dh.OptionError):
        run(picture, speech, output, options={"gain": -1})
    assert output.read_bytes() == b"precious"
    run(picture, speech, output)
    assert len(decode(output)) == FRAMES


def test_progress_and_notices_reach_a_python_caller(picture: Path, speech: Path, tmp_path: Path) -> None:
    events: list[Any] = []
    run(picture, speech, tmp_path / "out.mp4", on_event=events.append)
    assert [event.text for event in events if isinstance(event, dh.Notice)] == ["the toy avatar sees a face everywhere"]
    progress = [event for event in events if isinstance(event, dh.Progress)]
    assert list(dict.fromkeys(event.phase for event in progress)) == ["prepare", "render", "finish"]
    rendering = [event for event in progress if event.phase == "render"]
    assert [event.done for event in rendering] == list(range(1, FRAMES + 1))
    assert all(event.total == FRAMES for event in rendering)
    assert rendering[-1].speed > 0
    assert rendering[-1].real_time_factor == pytest.approx(rendering[-1].speed / 25)
    assert rendering[-1].time_left == 0


def test_frames_stream_with_their_times(picture: Path, speech: Path) -> None:
    with dh.stream("toy", source=picture, audio=speech) as stream:
        frames = list(stream)
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert [frame.time for frame in frames] == pytest.approx([k / 25 for k in range(FRAMES)])


def test_frames_come_while_audio_still_arrives(picture: Path) -> None:
    sent = 0

    def microphone() -> Any:
        nonlocal sent
        while True:
            yield dh.AudioChunk(np.zeros(640, np.float32), sent * 640)
            sent += 1

    with dh.stream("toy", source=picture, audio=microphone()) as stream:
        for expected in range(20):
            assert next(stream).index == expected
    assert sent < 60


def test_frames_do_not_depend_on_how_the_audio_was_cut(picture: Path, speech: Path) -> None:
    samples = np.concatenate([chunk.samples for chunk in read_speech(speech)])
    results = []
    for size in (1000, 7777, len(samples)):
        chunks = [dh.AudioChunk(samples[k : k + size], k) for k in range(0, len(samples), size)]
        with dh.stream("toy", source=picture, audio=chunks) as stream:
            results.append([frame.image for frame in stream])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_controls_reach_the_renderer(picture: Path, speech: Path, tmp_path: Path) -> None:
    controls = tmp_path / "controls.csv"
    controls.write_text("time,fade\n0,0\n")
    with dh.stream("toy", source=picture, audio=speech, controls=controls) as stream:
        still = [frame.image for frame in stream]
    assert all((image == still[0]).all() for image in still)


def test_an_avatar_is_registered_once_and_reused(picture: Path, speech: Path, tmp_path: Path) -> None:
    avatar = tmp_path / "me.dhavatar"
    assert run_command(["avatar", "create", "-m", "toy", "-s", str(picture), "-o", str(avatar), "-q"]) == 0
    with dh.stream("toy", avatar=avatar, audio=speech) as one, dh.stream("toy", source=picture, audio=speech) as other:
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a.image, b.image)


def test_an_avatar_of_another_kind_is_refused(speech: Path, tmp_path: Path) -> None:
    dh.Avatar("cube", 64, 64).save(tmp_path / "cube.dhavatar")
    with pytest.raises(dh.InputError, match="avatar of kind 'cube' does not fit renderer toy, which reads toy"):
        dh.stream("toy", avatar=tmp_path / "cube.dhavatar", audio=speech)


def test_closing_a_stream_ends_its_threads(picture: Path, speech: Path) -> None:
    import threading

    stream = dh.stream("toy", source=picture, audio=speech)
    next(stream)
    stream.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("dh ")] == []
    assert list(stream) == []


def test_standard_output_carries_a_playable_video(picture: Path, speech: Path, tmp_path: Path) -> None:
    arguments = ["run", "-m", "toy", "-s", str(picture), "-a", str(speech), "-o", "-"]
    done = subprocess.run([sys.executable, "-m", "dh", *arguments], capture_output=True, check=True)
    path = tmp_path / "piped.mp4"
    path.write_bytes(done.stdout)
    assert len(decode(path)) == FRAMES
    assert not list(tmp_path.glob("-*"))


def test_what_a_plugin_prints_stays_out_of_the_video(
    picture: Path, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
import dh

@dh.hookimpl
def dh_drivers():
    yield dh.DriverSpec(
        name="chatty", summary="", implementation="chatty:Chatty", motion_space="arkit", look_ahead=0.0
    )

class Chatty:
    def __init__(self, options, context):
        self.fps = context.fps

    def drive(self, avatar, speech):
        for frame, samples in enumerate(dh.split_frames(speech, self.fps)):
            print("look at me", flush=True)
            yield dh.arkit_motion(frame, self.fps)
"""
    write_distribution(tmp_path / "site", "chatty", "chatty", source=source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    arguments = ["run", "-m", "toy", "--driver", "chatty", "-s", str(picture), "-a", str(speech), "-o", "-"]
    done = subprocess.run([sys.executable, "-m", "dh", *arguments], capture_output=True, check=True)
    assert b"look at me" not in done.stdout
    assert done.stderr.count(b"look at me") == FRAMES


def test_json_is_the_record(picture: Path, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.mp4"
    arguments = ["-m", "toy", "-s", str(picture), "-a", str(speech), "-o", str(output), "--json", "--fps", "30"]
    assert run_command(["run", *arguments]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["output"]["fps"] == 30
    assert record["output"]["frames"] == 39


def test_a_still_picture_gives_25_frames_per_second_and_a_video_its_own(
    picture: Path, speech: Path, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), "rgb24")))
        container.mux(stream.encode())
    for source, fps in ((picture, 25.0), (clip, 30.0)):
        with dh.stream("toy", source=source, audio=speech) as frames:
            assert frames.fps == fps


def notices(picture: Path, speech: Path, output: Path, **changes: Any) -> tuple[dict[str, Any], str]:
    """The record of a run of "weighty", and what its driver told."""
    events: list[Any] = []
    record = dh.run("weighty", source=picture, audio=speech, output=output, on_event=events.append, **changes)
    return record, [event.text for event in events if isinstance(event, dh.Notice)][-1]


def test_a_component_gets_its_weights_and_the_number_of_frames(
    weighty_method: str, checkpoint_root: Path, picture: Path, speech: Path, tmp_path: Path
) -> None:
    free, extra = (write_weights(checkpoint_root / name, "0.5") for name in ("weighty-free", "weighty-extra"))
    record, told = notices(picture, speech, tmp_path / "out.mp4")
    assert told == f"frames 26, weights {free}, extra True"
    assert (record["output"]["fps"], record["output"]["frames"]) == (20.0, 26)
    driver = record["components"]["driver"]
    assert driver["weights"] is None
    assert set(driver["checkpoints"]) == {free.name, extra.name}
    _, told = notices(picture, speech, tmp_path / "out.mp4", commercial_only=True)
    assert told == f"frames 26, weights {free}, extra False"
    samples = [dh.AudioChunk(np.zeros(16000, np.float32), 0)]
    events: list[Any] = []
    with dh.stream("weighty", source=picture, audio=samples, on_event=events.append) as stream:
        assert len(list(stream)) == 20
    assert events[-1].text.startswith("frames None")


def test_a_relative_folder_of_weights_spares_the_pull_and_is_recorded_whole(
    weighty_method: str, picture: Path, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write_weights(tmp_path / "home" / "mine", "0.5")
    with pytest.raises(dh.CheckpointMissing, match="checkpoints pull weighty-research; or --set weights=FOLDER"):
        notices(picture, speech, tmp_path / "none.mp4")
    monkeypatch.chdir(tmp_path / "home")
    record, told = notices(picture, speech, tmp_path / "out.mkv", options={"weights": "mine"}, codec="ffv1")
    assert told == f"frames 26, weights {mine}, extra False"
    for role in ("driver", "renderer"):
        assert record["components"][role]["weights"] == record["components"][role]["options"]["weights"] == str(mine)
    assert record["components"]["driver"]["checkpoints"] == {}
    assert record["components"]["avatar"]["weights"] is None
    monkeypatch.chdir(tmp_path)
    dh.run(from_record=tmp_path / "out.mkv.json", output=tmp_path / "again.mkv")
    np.testing.assert_array_equal(decode(tmp_path / "out.mkv"), decode(tmp_path / "again.mkv"))
    (mine / FILE).rename(tmp_path / FILE)
    mine.rmdir()
    with pytest.raises(dh.InputError, match=r"weights=.*mine: no such folder"):
        dh.run(from_record=tmp_path / "out.mkv.json", output=tmp_path / "again.mkv")


def test_commercial_only_refuses_a_folder_whose_terms_nobody_states(
    weighty_method: str, picture: Path, speech: Path, tmp_path: Path
) -> None:
    options = {"weights": write_weights(tmp_path / "mine", "0.5")}
    with pytest.raises(dh.OptionError, match=r"--commercial-only: method weighty uses .*mine \(not stated: unknown\)"):
        notices(picture, speech, tmp_path / "out.mp4", options=options, commercial_only=True)


def test_a_record_keeps_mappings_and_texts_as_they_were(
    weighty_method: str, checkpoint_root: Path, picture: Path, speech: Path, tmp_path: Path
) -> None:
    write_weights(checkpoint_root / "weighty-free", "0.5")
    first = {"driver.shares": {"mouthFunnel": 0.5, "jawOpen": 0.25}, "label": '"no"'}
    record, _ = notices(picture, speech, tmp_path / "out.mkv", options=first, codec="ffv1")
    assert record["components"]["driver"]["options"] == {
        "weights": None,
        "shares": {"mouthFunnel": 0.5, "jawOpen": 0.25},
        "label": "no",
    }
    again = dh.run(from_record=tmp_path / "out.mkv.json", output=tmp_path / "again.mkv")
    assert again["components"] == record["components"]
    np.testing.assert_array_equal(decode(tmp_path / "out.mkv"), decode(tmp_path / "again.mkv"))


@pytest.mark.parametrize("given", [{"gain": 2}, {"driver.gain": 2}, {"driver": {"gain": 2}}, {"driver": "{gain: 2}"}])
def test_an_option_beside_a_record_changes_that_option_alone(
    picture: Path, speech: Path, tmp_path: Path, given: dict[str, Any]
) -> None:
    run(picture, speech, tmp_path / "out.mp4", options={"gain": 1, "jitter": 0.5})
    again = dh.run(from_record=tmp_path / "out.mp4.json", output=tmp_path / "again.mp4", options=given)
    assert again["components"]["driver"]["options"] == {"gain": 2.0, "jitter": 0.5}


def test_a_driver_may_have_a_frame_rate_of_its_own(
    weighty_method: str, checkpoint_root: Path, picture: Path, speech: Path, tmp_path: Path
) -> None:
    write_weights(checkpoint_root / "weighty-free", "0.5")
    with pytest.raises(dh.OptionError, match="--fps 30: this method's motion has 20 frames per second; leave --fps"):
        notices(picture, speech, tmp_path / "out.mp4", fps=30)
    saved = tmp_path / "fast.dhavatar"
    dh.Avatar("toy", 64, 64, {"picture": np.zeros((64, 64, 3), np.uint8)}, fps=30.0).save(saved)
    with pytest.raises(dh.InputError, match=r"fast\.dhavatar: was registered at 30 .* 20; register the source again"):
        dh.run("weighty", avatar=saved, audio=speech, output=tmp_path / "out.mp4")
