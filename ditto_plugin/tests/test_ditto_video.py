"""The Ditto method end to end, at published size, on untrained weights: from picture or video and speech to frames."""

from __future__ import annotations

import json
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.request import make_request
from dh.session import Session
from dh_ditto.weights.configuration import (
    CONFIG_NAME,
    Configuration,
    SetupDefaults,
    WeightsFile,
    write_weights_file,
)

ROOT = Path(__file__).resolve().parents[2]
PORTRAIT = ROOT / "examples" / "portrait.jpg"
FRAME_SAMPLES = 640

Frames = list[np.ndarray]


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 ms of the example's speech: two frames."""
    return cut_speech(tmp_path_factory.mktemp("speech") / "two.wav", 2)


def cut_speech(path: Path, frames: int) -> Path:
    with wave.open(str(ROOT / "examples" / "speech.wav")) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        source.setpos(source.getframerate())
        target.writeframes(source.readframes(source.getframerate() * frames // 25))
    return path


def options(weights: Path, **more: object) -> dict[str, object]:
    return {"weights": str(weights), "steps": 2, **more}


@pytest.fixture(scope="module")
def torch_frames(untrained_folder: Path, speech: Path) -> Frames:
    with dh.stream("ditto", source=PORTRAIT, audio=speech, options=options(untrained_folder)) as frames:
        return [frame.image for frame in frames]


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    error = np.mean((first.astype(np.float64) - second) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def test_a_picture_and_speech_become_a_video(untrained_folder: Path, speech: Path, tmp_path: Path) -> None:
    notices: list[str] = []
    target = tmp_path / "out.mp4"
    dh.run(
        "ditto",
        source=PORTRAIT,
        audio=speech,
        output=target,
        options=options(untrained_folder),
        on_event=lambda event: notices.append(event.text) if isinstance(event, dh.Notice) else None,
    )
    with dh.VideoReader(target, "out") as reader:
        assert len(list(reader.frames(25))) == 2
    record = json.loads((tmp_path / "out.mp4.json").read_text(encoding="utf-8"))
    assert record["components"]["renderer"]["weights"] == str(untrained_folder)
    assert any("UNTRAINED" in notice for notice in notices)
    for role, component in record["components"].items():
        ran = {key: component["options"][key] for key in ("backend", "precision", "graphs")}
        assert ran == {"backend": "torch", "precision": "fp32", "graphs": False}, role
    again = tmp_path / "again.mp4"
    repeated = dh.run(from_record=tmp_path / "out.mp4.json", output=again)
    assert repeated["components"] == record["components"]
    assert again.read_bytes() == target.read_bytes()


def test_only_the_crop_changes_and_it_does(torch_frames: Frames) -> None:
    from PIL import Image

    source = np.asarray(Image.open(PORTRAIT).convert("RGB"))[: torch_frames[0].shape[0], : torch_frames[0].shape[1]]
    changed = (torch_frames[0] != source).any(-1)
    rows, columns = np.nonzero(changed.any(1))[0], np.nonzero(changed.any(0))[0]
    height, width = rows[-1] - rows[0], columns[-1] - columns[0]
    assert 0.3 < changed.mean() < 0.95
    assert 0.9 < height / width < 1.1 or height > 0.9 * source.shape[0], "the crop is a square, but for the border"
    assert len(torch_frames) == 2


def test_onnx_runtime_gives_the_frames_that_pytorch_gives(
    exported_folder: Path, speech: Path, torch_frames: Frames
) -> None:
    chosen = options(exported_folder, backend="onnx")
    with dh.stream("ditto", source=PORTRAIT, audio=speech, options=chosen) as frames:
        theirs = [frame.image for frame in frames]
    assert min(psnr(mine, other) for mine, other in zip(torch_frames, theirs, strict=True)) > 45


def test_a_tensorrt_backend_needs_a_gpu(exported_folder: Path, speech: Path, tmp_path: Path) -> None:
    chosen = options(exported_folder, backend="tensorrt")
    with pytest.raises((dh.ExtraMissing, dh.DeviceMissing)) as caught:
        dh.run("ditto", source=PORTRAIT, audio=speech, output=tmp_path / "out.mp4", options=chosen, device="cpu")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.mp4").exists()


def test_a_saved_avatar_gives_the_same_frames(
    untrained_folder: Path, speech: Path, torch_frames: Frames, tmp_path: Path
) -> None:
    path = tmp_path / "me.dhavatar"
    dh.create_avatar("ditto", PORTRAIT, options={"weights": str(untrained_folder)}).save(path)
    with dh.stream("ditto", avatar=path, audio=speech, options=options(untrained_folder)) as frames:
        assert all(np.array_equal(frame.image, known) for frame, known in zip(frames, torch_frames, strict=True))


def test_a_video_goes_on_behind_the_speech(untrained_folder: Path, tmp_path: Path) -> None:
    """Three source frames, four of speech: the published order is 0, 1, 2, 2."""
    source = moving_source(tmp_path / "source.mp4", 3)
    audio = cut_speech(tmp_path / "four.wav", 4)
    with dh.stream("ditto", source=source, audio=audio, options=options(untrained_folder, batch=2)) as frames:
        borders = [int(frame.image[:, :8].mean()) for frame in frames]
    assert len(borders) == 4
    assert borders[0] < borders[1] < borders[2] == borders[3]


def moving_source(path: Path, frames: int) -> Path:
    """The portrait with a strip at its left that grows brighter from frame to frame."""
    import av
    from PIL import Image

    picture = np.array(Image.open(PORTRAIT).convert("RGB").resize((384, 480)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 384, 480, "yuv444p"
        for number in range(frames):
            picture[:, :32] = 60 + 60 * number
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def motion_of(session: Session, cuts: list[int]) -> np.ndarray:
    """Motion of 10 frames of speech in chunks of these lengths, the last repeated."""
    samples = np.random.default_rng(5).normal(0, 0.1, 10 * FRAME_SAMPLES).astype(np.float32)

    def chunks() -> Iterator[dh.AudioChunk]:
        start, lengths = 0, iter(cuts)
        length = cuts[0]
        while start < len(samples):
            length = next(lengths, length)
            yield dh.AudioChunk(samples[start : start + length], start)
            start += length

    return np.concatenate([chunk["exp"] for chunk in session.motion(chunks())])


@pytest.mark.parametrize("mode", [{}, {"online": True, "overlap": 70}])
def test_motion_does_not_depend_on_how_speech_is_cut(
    untrained_folder: Path, speech: Path, mode: dict[str, object]
) -> None:
    request = make_request(
        method="ditto", source=PORTRAIT, audio=speech, options=options(untrained_folder, steps=1, **mode)
    )
    session = Session(request)
    whole = motion_of(session, [10 * FRAME_SAMPLES])
    assert whole.shape == (10, 63)
    for cuts in ([FRAME_SAMPLES], [1, 700, 3333]):
        assert np.array_equal(motion_of(session, cuts), whole)


def test_without_weights_one_line_says_how_to_get_them(
    speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DH_CHECKPOINTS", str(tmp_path))
    with pytest.raises(dh.CheckpointMissing) as caught:
        dh.run("ditto", profile="published", source=PORTRAIT, audio=speech, output=tmp_path / "out.mp4")
    assert "checkpoints pull ditto" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_off_file_is_named(untrained_folder: Path, speech: Path, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(untrained_folder, folder, copy_function=lambda a, b: Path(b).symlink_to(a))
    broken = folder / "motion_extractor.safetensors"
    broken.unlink()
    broken.write_bytes((untrained_folder / broken.name).read_bytes()[:1_000_000])
    with pytest.raises(dh.DHError) as caught:
        dh.run("ditto", source=PORTRAIT, audio=speech, output=tmp_path / "out.mp4", options=options(folder))
    assert str(broken) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"emotion": "jolly"}, "angry, disgust"),
        ({"online": True, "overlap": 39}, "overlap"),
        ({"blink_shape": "nowhere.npy"}, "no such file"),
        ({"driven": "[mouth]"}, "driven"),
        ({"frame_controls": "{3: {delta_nod: 1}}"}, "delta_nod"),
        ({"character": "nobody.dhavatar"}, "nobody.dhavatar"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(
    untrained_folder: Path, speech: Path, tmp_path: Path, chosen: dict[str, object], words: str
) -> None:
    with pytest.raises(dh.DHError) as caught:
        dh.run(
            "ditto",
            source=PORTRAIT,
            audio=speech,
            output=tmp_path / "out.mp4",
            options=options(untrained_folder, **chosen),
        )
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_defaults_that_come_with_the_weights_count_where_the_user_gives_nothing(
    untrained_folder: Path, speech: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(untrained_folder, folder, copy_function=lambda a, b: Path(b).symlink_to(a))
    (folder / CONFIG_NAME).unlink()
    published = Configuration(default_kwargs=SetupDefaults(sampling_timesteps=2, smo_k_d=7, relative_d=False))
    write_weights_file(folder, WeightsFile(untrained=0, configurations={"cfg": published}))
    given = {"weights": str(folder), "smo_k_d": 5}
    session = Session(make_request(method="ditto", source=PORTRAIT, audio=speech, options=given))
    session.frames().close()
    driver, renderer = session.options["driver"], session.options["renderer"]
    assert (driver.steps, driver.smoothing, driver.overlap) == (2, 5, 10)  # type: ignore[attr-defined]
    assert renderer.relative is False  # type: ignore[attr-defined]


def test_published_option_names_are_understood(untrained_folder: Path, speech: Path) -> None:
    names = {"emo": 3, "overlap_v2": 20, "smo_k_d": 5, "relative_d": False, "use_d_keys": {"exp": 0.8}, "ctrl_info": {}}
    request = make_request(method="ditto", source=PORTRAIT, audio=speech, options=options(untrained_folder, **names))
    session = Session(request)
    driver, renderer = session.options["driver"], session.options["renderer"]
    assert (driver.emotion, driver.overlap, driver.smoothing) == (3, 20, 5)  # type: ignore[attr-defined]
    assert (renderer.relative, renderer.driven) == (False, {"exp": 0.8})  # type: ignore[attr-defined]
