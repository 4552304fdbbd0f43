"""Runs the goldens of preparing data: motion vectors, eyes, emotions over time, speech chunks and the list of clips."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import ditto_training_goldens as goldens
from dh_ditto.audio_features import StreamingFeatures
from dh_ditto.eyes import eyeball_direction
from dh_ditto.preparation.emotion import interpolate_emotion
from dh_ditto.preparation.eyes import eye_features as eyes_of
from dh_ditto.preparation.gather import gather as gather_clips
from dh_ditto.preparation.motion import motion_vector as vector_of

_GATHERED_LENGTHS = (100, 80, 81)
_FOLDERS = {"LP_npy": 328, "aud": 1024, "emo": 8, "eye_open": 2, "eye_ball": 6}
_FLIPPED = ("LP_npy", "eye_open", "eye_ball")


def _inputs(case: goldens.Case) -> goldens.Arrays:
    return {key.removeprefix("in."): value for key, value in case["values"].items() if key.startswith("in.")}


def motion_vector(case: goldens.Case) -> goldens.Outputs:
    return {"vector": vector_of(_inputs(case))}


def eye_features(case: goldens.Case) -> goldens.Outputs:
    landmarks = case["values"]["in.landmarks"]
    opening, moves = eyes_of(landmarks)
    return {"open": opening, "ball_move": moves, "ball_direction": eyeball_direction(landmarks)}


def emotion_interpolation(case: goldens.Case) -> goldens.Outputs:
    known = {int(frame): row for frame, row in _inputs(case).items()}
    return {"out": interpolate_emotion(known, case["arrays"]["out"][0])}


def hubert_chunks(case: goldens.Case) -> goldens.Outputs:
    features = StreamingFeatures(_window_statistics)
    rows = features.push(case["values"]["in.sound"])
    return {"features": np.concatenate([rows, features.finish()])[:, ::256]}


def _window_statistics(samples: np.ndarray) -> np.ndarray:
    """The golden's stand-in for the encoder: [m, 1024] of 400 samples every 320."""
    windows = np.lib.stride_tricks.sliding_window_view(samples.reshape(-1), 400)[::320]
    statistics = np.stack([windows.mean(1), windows.std(1), windows.max(1), windows.min(1)], axis=1)
    return np.repeat(statistics, 256, axis=1)


def gather(case: goldens.Case) -> goldens.Outputs:
    with tempfile.TemporaryDirectory() as folder:
        for name, width in _FOLDERS.items():
            for place in (name, *([f"{name}_flip"] if name in _FLIPPED else [])):
                (Path(folder) / place).mkdir()
                for number, frames in enumerate(_GATHERED_LENGTHS):
                    np.save(Path(folder) / place / f"{number}.npy", np.zeros((frames, width), np.float32))
        lists = {
            "LP_npy_list": "LP_npy",
            "hubert_aud_npy_list": "aud",
            "emo_npy_list": "emo",
            "eye_open_npy_list": "eye_open",
            "eye_ball_npy_list": "eye_ball",
        }
        info = {key: [f"{name}/{i}.npy" for i in range(len(_GATHERED_LENGTHS))] for key, name in lists.items()}
        entries = gather_clips(info, True, True, True, True, folder=Path(folder))
    assert entries == case["entries"]
    return {"frame_num": np.array([entry["frame_num"] for entry in entries])}


RUNNERS: dict[str, goldens.Runner] = {
    "motion_vector": motion_vector,
    "eye_features": eye_features,
    "emotion_interpolation": emotion_interpolation,
    "hubert_chunks": hubert_chunks,
    "gather": gather,
}
