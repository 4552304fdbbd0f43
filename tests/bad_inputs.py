"""Input that ``dh run`` must refuse, case by case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from samples import PORTRAIT, write_wav

Case = Callable[[Path], tuple[dict[str, object], int, str]]
"""Makes its files in a folder; gives what changes in a good command, the exit status, and words of the message."""

CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    CASES[function.__name__] = function
    return function


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# Sources


@case
def missing_source(folder: Path):
    return {"--source": folder / "none.jpg"}, 2, "none.jpg: no such file"


@case
def source_is_a_folder(folder: Path):
    return {"--source": folder}, 2, "folder"


@case
def empty_source(folder: Path):
    return {"--source": put(folder / "empty.jpg", b"")}, 2, "empty.jpg"


@case
def text_as_source(folder: Path):
    return {"--source": put(folder / "text.jpg", b"I am a text, not a picture.\n" * 50)}, 2, "text.jpg"


@case
def truncated_picture(folder: Path):
    return {"--source": put(folder / "cut.jpg", PORTRAIT.read_bytes()[:9000])}, 2, "cut.jpg"


@case
def audio_as_source(folder: Path):
    return {"--source": write_wav(folder / "tone.wav", np.zeros(1600))}, 2, "tone.wav"


@case
def huge_picture(folder: Path):
    Image.new("1", (20000, 20000)).save(folder / "huge.png")
    return {"--source": folder / "huge.png"}, 2, "huge.png"


@case
def tiny_picture(folder: Path):
    Image.new("RGB", (3, 3)).save(folder / "tiny.png")
    return {"--source": folder / "tiny.png"}, 2, "tiny.png"


@case
def picture_without_a_face(folder: Path):
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    return {"--source": folder / "noise.png"}, 2, "no face"


@case
def face_too_small(folder: Path):
    canvas = Image.new("RGB", (1280, 960), "gray")
    canvas.paste(Image.open(PORTRAIT).resize((60, 60)), (600, 400))
    canvas.save(folder / "far.png")
    return {"--source": folder / "far.png"}, 2, "far.png"


@case
def face_cut_off(folder: Path):
    width, height = (picture := Image.open(PORTRAIT)).size
    picture.crop((width // 2, 0, width, height)).save(folder / "half.png")
    return {"--source": folder / "half.png"}, 2, "half.png"


@case
def face_index_of_two_beyond(folder: Path):
    return {"--set": "face=5"}, 2, "face"


@case
def neither_source_nor_avatar(folder: Path):
    return {"--source": None}, 2, "--source"


@case
def both_source_and_avatar(folder: Path):
    return {"--avatar": folder / "a.dhavatar"}, 2, "--avatar"


@case
def avatar_that_is_none(folder: Path):
    return {"--source": None, "--avatar": put(folder / "a.dhavatar", b"x")}, 2, "a.dhavatar: not an avatar"


# Audio


@case
def missing_audio(folder: Path):
    return {"--audio": folder / "none.wav"}, 2, "none.wav: no such file"


@case
def no_audio_option(folder: Path):
    return {"--audio": None}, 2, "--audio is missing"


@case
def audio_is_a_folder(folder: Path):
    return {"--audio": folder}, 2, "folder"


@case
def empty_audio(folder: Path):
    return {"--audio": put(folder / "empty.wav", b"")}, 2, "empty.wav"


@case
def audio_without_samples(folder: Path):
    return {"--audio": write_wav(folder / "nothing.wav", np.zeros(0))}, 2, "nothing.wav"


@case
def picture_as_audio(folder: Path):
    return {"--audio": PORTRAIT}, 2, "portrait.jpg"


@case
def text_as_audio(folder: Path):
    return {"--audio": put(folder / "text.mp3", b"la la la\n" * 100)}, 2, "text.mp3"


@case
def audio_header_alone(folder: Path):
    whole = write_wav(folder / "whole.wav", np.zeros(1600)).read_bytes()
    return {"--audio": put(folder / "header.wav", whole[:44])}, 2, "header.wav"


@case
def nan_audio(folder: Path):
    samples = np.zeros(16000, np.float32)
    samples[8000] = np.nan
    header = bytes.fromhex("52494646") + (36 + samples.nbytes).to_bytes(4, "little") + b"WAVEfmt "
    layout = (16).to_bytes(4, "little") + (3).to_bytes(2, "little") + (1).to_bytes(2, "little")
    layout += (16000).to_bytes(4, "little") + (64000).to_bytes(4, "little") + (4).to_bytes(2, "little")
    layout += (32).to_bytes(2, "little") + b"data" + samples.nbytes.to_bytes(4, "little")
    return {"--audio": put(folder / "nan.wav", header + layout + samples.tobytes())}, 2, "nan.wav"


# Outputs


@case
def no_output(folder: Path):
    return {"--output": None}, 2, "--output is missing"


@case
def output_folder_missing(folder: Path):
    return {"--output": folder / "none" / "out.mp4"}, 2, "no folder"


@case
def output_is_a_folder(folder: Path):
    return {"--output": folder}, 2, "folder"


@case
def output_is_the_source(folder: Path):
    picture = put(folder / "me.mp4", PORTRAIT.read_bytes())
    return {"--source": picture, "--output": picture}, 2, "is the --source file itself"


@case
def output_is_the_audio(folder: Path):
    audio = write_wav(folder / "a.mp4", np.zeros(1600))
    return {"--audio": audio, "--output": audio}, 2, "is the --audio file itself"


@case
def output_format_unknown(folder: Path):
    return {"--output": folder / "out.xyz"}, 2, "out.xyz"


@case
def output_without_suffix(folder: Path):
    return {"--output": folder / "video"}, 2, "video"


@case
def codec_unknown(folder: Path):
    return {"--codec": "h265x"}, 2, "--codec"


@case
def codec_does_not_fit_the_container(folder: Path):
    return {"--codec": "h264", "--output": folder / "out.webm"}, 2, "--codec"


@case
def crf_out_of_range(folder: Path):
    return {"--crf": 99}, 2, "--crf"


@case
def output_name_too_long(folder: Path):
    return {"--output": folder / ("x" * 300 + ".mp4")}, 2, "too long"


@case
def stream_that_nobody_receives(folder: Path):
    return {"--output": "tcp://127.0.0.1:9/out"}, 2, "tcp://127.0.0.1:9"


# Options


@case
def method_unknown(folder: Path):
    return {"--method": "face-mash"}, 2, "did you mean 'face-mesh'?"


@case
def no_method(folder: Path):
    return {"--method": None}, 2, "--method is missing"


@case
def driver_unknown(folder: Path):
    return {"--driver": "visem"}, 2, "did you mean 'viseme'?"


@case
def renderer_unknown(folder: Path):
    return {"--renderer": "mesh"}, 2, "--renderer: there is no 'mesh'"


@case
def option_unknown(folder: Path):
    return {"--set": "fase=1"}, 2, "did you mean"


@case
def option_out_of_range(folder: Path):
    return {"--set": "blink_rate=-3"}, 2, "blink_rate"


@case
def set_without_value(folder: Path):
    return {"--set": "face"}, 2, "KEY=VALUE"


@case
def flag_unknown(folder: Path):
    return {"--sauce": "x"}, 2, "--sauce"


@case
def seed_not_a_number(folder: Path):
    return {"--seed": "lucky"}, 2, "--seed"


@case
def seed_negative(folder: Path):
    return {"--seed": "-1"}, 2, "--seed"


@case
def fps_zero(folder: Path):
    return {"--fps": 0}, 2, "--fps"


@case
def device_unknown(folder: Path):
    return {"--device": "gpu"}, 2, "--device"


@case
def device_not_here(folder: Path):
    return {"--device": "mps"}, 3, "--device mps"


@case
def preset_missing(folder: Path):
    return {"--config": "nothing-like-it"}, 2, "--config"


@case
def preset_with_a_wrong_key(folder: Path):
    return {"--config": put(folder / "p.yaml", b"metod: face-mesh")}, 2, "did you mean 'method'?"


@case
def controls_missing(folder: Path):
    return {"--controls": folder / "none.csv"}, 2, "none.csv"


@case
def controls_unknown(folder: Path):
    return {"--controls": put(folder / "c.csv", b"time,yow\n0,1\n")}, 2, "did you mean 'yaw'?"


@case
def record_missing(folder: Path):
    return {"--from": folder / "none.json"}, 2, "none.json"


@case
def record_of_something_else(folder: Path):
    return {"--from": put(folder / "r.json", b"{}")}, 2, "not a run record"
