"""A whole report of a comparison in a folder, without any comparison: results, small videos, sounds and pictures."""

from __future__ import annotations

import json
import math
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

import dh
from dh.comparison.filmstrip import write_filmstrip
from dh.comparison.page import write_page

HOSTILE = "<b>\"bold\"</b></script><script>document.title='taken'</script>'&amp;{{ 7 * 7 }}"
"""What must be shown as it is, wherever it comes in."""

CODE_BITS = 8

LABELS = ("ditto@starter", "ditto:emotion=happy", "face-mesh", "slow:steps=50")
VALUES = {
    "mouth-audio-correlation": (0.81, 0.807, 0.62, 0.9),
    "mouth-audio-lag": (1, 2, 0, 1),
    "jitter": (0.004, 0.0071, 0.004, 0.005),
    "head-variety": (4.2, 5.1, 1.3, 2.2),
    "lpips": (None, None, None, None),
    "sync-c": (5.41, 6.9, None, 6.2),
}
"""Of each metric, by variant, for the first input pair; every later pair's are larger by a tenth of it each."""

_METRICS = (
    ("mouth-audio-correlation", "Mouth and audio, correlation", "", True, 0),
    ("mouth-audio-lag", "Mouth and audio, lag", "frames", None, 0),
    ("jitter", "Jitter", "face heights", False, 0),
    ("head-variety", "Variety of head pose", "degrees", None, 0),
    ("lpips", "LPIPS", "", False, 1),
    ("sync-c", "Sync-C", "", True, 2),
)
_FAILURES = {
    (3, 0, 1): ("out of memory", "it took more than the 2.0 GiB that it may take", "give it more with --memory"),
    (2, 1, 0): ("missing", "the weights of 'face-mesh' are not on this machine", "run 'dh checkpoints pull face-mesh'"),
    (2, 1, 1): ("crashed", "ended by SIGSEGV", "look into its log"),
    (1, 1, 1): ("hung", "no frame for 120 s; " + "a long reason " * 30, "give it more time with --timeout"),
    (0, 1, 1): ("interrupted", "the comparison was interrupted", "run the same command again"),
    (3, 1, 1): ("failed", "FaceError: " + "x" * 200, ""),
}
_RATES = (25, 25, 30, 25)
_SECONDS = (3.0, 3.0, 3.0, 2.0)


def write_report(
    folder: Path, *, portrait: Path | None = None, side: int = 160, scale: float = 1.0, odd: str = HOSTILE
) -> dict[str, Any]:
    """Fills a folder, and returns the results that its page shows.

    Four variants on two sources and two audios; the third variant is at 30 frames/s, the fourth is shorter than the
    others, and on the last pair nothing succeeded. ``scale`` is that of all lengths, 3 and 2 s; ``odd`` is text that
    comes in everywhere.
    """
    (folder / "inputs").mkdir(parents=True)
    sources = [_source(folder, name, portrait, tone) for name, tone in (("portrait", 90), ("a <i>second<i> face", 150))]
    audios = [_audio(folder, name, scale * length) for name, length in (("speech", 3.0), ("song", 2.9))]
    cells = [
        _cell(folder, results_ids, portrait, side, scale, odd)
        for results_ids in (
            (v, s, a) for s in range(len(sources)) for a in range(len(audios)) for v in range(len(LABELS))
        )
    ]
    results: dict[str, Any] = {
        "comparison": 1,
        "created": "2026-02-03T14:05:00+00:00",
        "title": f"Four ways to speak {odd}".strip(),
        "machine": {"processor": "A processor", "cores": 2, "packages": {"numpy": "1.26.4", "av": "14.0"}},
        "variants": [_variant(index, label, odd) for index, label in enumerate(LABELS)],
        "sources": sources,
        "audios": audios,
        "cells": cells,
        "pairs": [
            {"source": source["id"], "audio": audio["id"], "video": cells[0]["video"] if number < 3 else None}
            for number, (source, audio) in enumerate((s, a) for s in sources for a in audios)
        ],
        "metrics": [
            {
                "name": name, "title": title, "unit": unit, "higher_is_better": better, "tier": tier, "version": "1",
                "explanation": f"What {title} means, in two sentences. Good values are known. {odd}",
            }
            for name, title, unit, better, tier in _METRICS
        ],
    }  # fmt: skip
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    (folder / "results.csv").write_text("variant\n", encoding="utf-8")
    write_page(results, folder)
    return results


def _variant(index: int, label: str, odd: str) -> dict[str, Any]:
    refused = {"what": "checkpoint ditto-published", "name": "CC-BY-NC-4.0", "commercial": "refused"}
    unknown = {"what": f"weights {odd}", "name": "unstated", "commercial": "unknown"}
    return {
        "id": f"v{index}", "label": label if index else f"{label} {odd}".strip(),
        "method": ("ditto", "ditto", "face-mesh", "slow")[index],
        "profile": "starter" if index < 2 else None, "driver": "motion-diffusion", "renderer": "face-mesh",
        "options": {"emotion": "happy", "steps": [1, 2], "note": odd} if index == 1 else {},
        "licences": [{"what": "driver motion-diffusion", "name": "Apache-2.0", "commercial": "allowed"}]
        + [[], [refused], [unknown], []][index],
    }  # fmt: skip


def _source(folder: Path, name: str, portrait: Path | None, tone: int) -> dict[str, Any]:
    picture = _picture(portrait, 96, tone)
    file = f"inputs/{'portrait' if tone == 90 else 'second'} 100%#?.jpg"
    picture.save(folder / file)
    return {"id": f"s{tone}", "path": f"faces/{name}.jpg", "sha256": "ab" * 32, "picture": file}


def _audio(folder: Path, name: str, seconds: float) -> dict[str, Any]:
    time = np.arange(int(seconds * 16000)) / 16000
    sound = 0.2 * np.sin(2 * np.pi * 200 * time) * (1 + np.sin(2 * np.pi * 1.7 * time))
    with wave.open(str(folder / "inputs" / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((sound * 20000).astype("<i2").tobytes())
    return {"id": name, "path": f"{name}.wav", "sha256": "cd" * 32, "duration": seconds, "file": f"inputs/{name}.wav"}


def _picture(portrait: Path | None, side: int, tone: int) -> Image.Image:
    if portrait is None:
        return Image.new("RGB", (side, side), (tone, 120, 200 - tone))
    picture = Image.open(portrait).convert("RGB")
    edge = min(picture.size)
    return picture.crop((0, 0, edge, edge)).resize((side, side))


def _cell(
    folder: Path, place: tuple[int, int, int], portrait: Path | None, side: int, scale: float, odd: str
) -> dict[str, Any]:
    v, s, a = place
    name = f"v{v}--s{s}--a{a}"
    state, reason, remedy = _FAILURES.get(place, ("done", "", ""))
    own = folder / "cells" / name
    own.mkdir(parents=True)
    (own / "log.txt").write_text("log\n")
    fps, frames = _RATES[v], round(_SECONDS[v] * scale * _RATES[v])
    reason = f"{reason} {odd}".strip() if reason else ""
    cell: dict[str, Any] = {
        "id": name, "variant": f"v{v}", "source": ("s90", "s150")[s], "audio": ("speech", "song")[a], "state": state,
        "reason": reason, "remedy": remedy, "video": None, "filmstrip": None, "record": None,
        "log": f"cells/{name}/log.txt", "frames": frames, "fps": fps, "width": side, "height": side,
        "seconds": 4.25 + v, "evaluation": None, "stages": [],
    }  # fmt: skip
    if state != "done":
        return cell
    _video(
        own / "video.mp4", folder / f"inputs/{cell['audio']}.wav", _picture(portrait, side, 90 + 60 * s), fps, frames, v
    )
    write_filmstrip(own / "video.mp4", own / "filmstrip.jpg")
    (own / "video.mp4.json").write_text("{}")
    cell |= {
        key: f"cells/{name}/{file}"
        for key, file in (("video", "video.mp4"), ("filmstrip", "filmstrip.jpg"), ("record", "video.mp4.json"))
    }
    names = ("avatar", "driver", "motion", "renderer", "encode")
    busy = [0.2, 6.0 + 9 * v, 0.3, 11.0 - 2 * v, 3.1]
    cell["stages"] = [
        {"name": stage, "busy_ms_per_frame": ms, "share": ms / sum(busy)} for stage, ms in zip(names, busy, strict=True)
    ]
    cell["evaluation"] = _evaluation(v, 2 * s + a, frames, fps, odd)
    return cell


def _video(target: Path, sound: Path, picture: Image.Image, fps: int, frames: int, variant: int) -> None:
    side = picture.width
    with dh.VideoWriter(str(target), width=side, height=side, fps=fps, audio=sound, crf=30) as writer:
        for frame in range(frames):
            image = picture.copy()
            pen = ImageDraw.Draw(image)
            opening = side * 0.06 * (1 + math.sin(frame / fps * 10 + variant / 3))
            pen.ellipse((side * 0.4, side * 0.7 - opening, side * 0.6, side * 0.7 + opening), (60, 10, 20))
            _write_number(pen, frame, side)
            writer.write(np.asarray(image))


def _write_number(pen: ImageDraw.ImageDraw, number: int, side: int) -> None:
    """Writes a frame's number as ``CODE_BITS`` squares along the upper edge, the lowest bit first, white for one."""
    edge = side // CODE_BITS
    for bit in range(CODE_BITS):
        shade = 255 * (number >> bit & 1)
        pen.rectangle((bit * edge, 0, (bit + 1) * edge - 1, edge - 1), (shade, shade, shade))


def read_number(picture: Image.Image) -> int:
    """The number that is written in a picture of a frame, of any size."""
    edge = picture.width / CODE_BITS
    places = [(int((bit + 0.5) * edge), int(0.5 * edge)) for bit in range(CODE_BITS)]
    shades = picture.convert("L")
    return sum((int(shades.getpixel(place)) > 127) << bit for bit, place in enumerate(places))


def _evaluation(v: int, pair: int, frames: int, fps: int, odd: str) -> dict[str, Any]:
    metrics = []
    for name, title, unit, better, tier in _METRICS:
        value = VALUES[name][v]
        why = None
        if value is None:
            why = f"not measured: the weights of {name} are not on this machine; run 'dh checkpoints pull {name}'"
        elif not isinstance(value, int):
            value *= 1 + 0.1 * pair
        metrics.append({
            "name": name, "title": title, "unit": unit, "higher_is_better": better, "tier": tier, "version": "1",
            "plugin": "metrics", "value": value, "count": frames, "fps": fps, "crop": "whole frame",
            "weights": {"face.onnx": "ef" * 32} if tier else {}, "note": odd if name == "jitter" else "", "why": why,
            "explanation": "",
        })  # fmt: skip
    return {"evaluation": 1, "metrics": metrics, "series": _series(v, frames, fps), "seconds": 1.0}


def _series(v: int, frames: int, fps: int) -> Mapping[str, list[float | None]]:
    if v == 3:
        return {"mouth opening": [None] * frames}
    times = [frame / fps for frame in range(frames)]
    mouth: list[float | None] = [0.03 * (1 + math.sin(10 * t + v / 3)) + 0.004 * v for t in times]
    mouth[10:14] = [None] * 4
    return {
        "mouth opening": mouth,
        "loudness": [0.5 + 0.45 * math.sin(10 * t) * math.cos(2 * t) for t in times],
        "pitch": [3 * math.sin(1.1 * t + v) for t in times],
        "yaw": [6 * math.sin(0.7 * t + v) for t in times],
        "roll": [2 * math.cos(1.7 * t + v) for t in times],
        "eye opening": [0.1 if 0.9 < (t + v / 4) % 2 < 1.1 else 0.95 + 0.03 * math.sin(9 * t) for t in times],
        "blink": [float(0.9 < (t + v / 4) % 2 < 1.1) for t in times],
    }
