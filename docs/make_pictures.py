"""Makes the pictures of the docs from the examples, with the project itself.

.venv/bin/python docs/make_pictures.py

It writes docs/images; run script/docs after it, which puts the rows of pictures into docs/controls.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import dh
from dh.request import make_request
from dh.session import Session
from dh_face_mesh.crop import head_of

Picture = NDArray[np.uint8]
Cutter = Callable[[Picture], Image.Image]

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PORTRAIT, SPEECH = ROOT / "examples" / "portrait.jpg", ROOT / "examples" / "speech.wav"

SIDE = 320
SECONDS = (0.3, 4.3)
EVERY = 2
FPS = 25.0

WIDE = 220
"""Width in pixels of each picture in a row."""

SPEAKING: Mapping[str, float] = {"jawOpen": 0.45, "mouthFunnel": 0.2, "browInnerUp": 0.5, "yaw": 14.0}


@dataclass(frozen=True)
class ControlRow:
    """Pictures of one control at some values, neutral among them.

    Args:
        control: one of ``dh.CONTROL_FIELDS``.
        values: one picture each.
        motion: what the driver asks for meanwhile: blendshapes, and "yaw" in degrees.
        eyes: whether to show the eyes alone.
    """

    control: str
    values: Sequence[float]
    motion: Mapping[str, float] = field(default_factory=dict)
    eyes: bool = False

    @property
    def caption(self) -> str:
        """What the row shows."""
        unit = dh.CONTROL_FIELDS[self.control].unit
        values = " · ".join(f"{value:g}" for value in self.values)
        return f"`{self.control}`: {values}" + (f" {unit}" if unit in ("degrees", "face heights") else "")


@dataclass(frozen=True)
class OptionRow:
    """Pictures of a method's option at some values, each at the same moment of the example's speech.

    Args:
        method: to run.
        option: key, as ``--set`` takes it.
        values: one picture each.
        seconds: the moment.
    """

    method: str
    option: str
    values: Sequence[str | float]
    seconds: float

    @property
    def caption(self) -> str:
        """What the row shows."""
        return f"`--method {self.method} --set {self.option}`: {' · '.join(map(str, self.values))}"


CONTROL_ROWS = (
    ControlRow("pitch", (-20, 0, 20)),
    ControlRow("yaw", (-25, 0, 25)),
    ControlRow("roll", (-15, 0, 15)),
    ControlRow("x", (-0.15, 0, 0.15)),
    ControlRow("y", (-0.12, 0, 0.12)),
    ControlRow("scale", (0.85, 1, 1.15)),
    ControlRow("gaze_x", (-25, 0, 25), eyes=True),
    ControlRow("gaze_y", (-20, 0, 20), eyes=True),
    ControlRow("eye_open", (0, 0.5, 1, 1.4), eyes=True),
    ControlRow("fade", (0, 0.5, 1), SPEAKING),
    ControlRow("voice", (0, 0.5, 1), SPEAKING),
)

OPTION_ROWS: tuple[OptionRow, ...] = (
    OptionRow("ditto", "emotion", ("neutral", "happy", "surprise", "fear"), 0.6),
    OptionRow("ditto", "emotion", ("angry", "disgust", "sad", "contempt"), 0.6),
    OptionRow("ditto", "articulation", (0.5, 1.0, 1.5), 0.6),
    OptionRow("ditto", "head_motion", (0.0, 1.0, 2.0), 4.0),
)
"""Options of methods to show below the controls."""


def main() -> None:
    """Writes docs/images/speaking.webp and docs/images/controls, with the rows' captions in captions.json."""
    IMAGES.mkdir(exist_ok=True)
    write_speaking(IMAGES / "speaking.webp")
    folder = IMAGES / "controls"
    folder.mkdir(exist_ok=True)
    captions = json.dumps(dict(write_rows(folder)), indent=1, ensure_ascii=False)
    (folder / "captions.json").write_text(captions + "\n", encoding="utf-8")


def write_speaking(target: Path) -> None:
    """The example's first words, at half the frame rate."""
    pictures = []
    with dh.stream("ditto", profile="starter", source=PORTRAIT, audio=SPEECH) as frames:
        for frame in frames:
            if frame.time >= SECONDS[1]:
                break
            if frame.time >= SECONDS[0] and frame.index % EVERY == 0:
                pictures.append(Image.fromarray(frame.image).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    first, *rest = pictures
    delay = round(1000 * EVERY / FPS)
    first.save(target, save_all=True, append_images=rest, duration=delay, loop=0, quality=60, method=6)


def write_rows(folder: Path) -> Iterator[tuple[str, str]]:
    """Writes every row; yields each file's name and caption."""
    session = Session(make_request(method="face-mesh", source=PORTRAIT))
    landmarks = session.avatar.arrays["landmarks"][0].astype(np.float64)
    head, eyes = around_head(landmarks), around_eyes(landmarks)
    for row in CONTROL_ROWS:
        pictures = [(eyes if row.eyes else head)(image) for image in control_pictures(session, row)]
        yield write_row(folder / f"{row.control}.webp", pictures), row.caption
    for number, option in enumerate(OPTION_ROWS):
        pictures = [head(image) for image in option_pictures(option)]
        yield write_row(folder / f"{option.method}-{option.option}-{number}.webp", pictures), option.caption


def control_pictures(session: Session, row: ControlRow) -> Iterator[Picture]:
    """The portrait at each of a row's values."""
    weights = {name: weight for name, weight in row.motion.items() if name != "yaw"}
    count = len(row.values)
    turned = np.tile([0.0, row.motion.get("yaw", 0.0), 0.0], (count, 1))
    motion = dh.arkit_motion(0, FPS, rotation=turned, **weights)
    track = dh.ControlTrack({"time": n / FPS, row.control: value} for n, value in enumerate(row.values))
    with session.render([replace(motion, controls=track.at(0, count, FPS))]) as frames:
        yield from (frame.image for frame in frames)


def option_pictures(row: OptionRow) -> Iterator[Picture]:
    """The portrait at a row's moment of the speech, for each value of the option."""
    for value in row.values:
        chosen = {row.option: value}
        with dh.stream(row.method, profile="starter", source=PORTRAIT, audio=SPEECH, options=chosen) as frames:
            yield next(frame.image for frame in frames if frame.time >= row.seconds)


def around_head(landmarks: NDArray[np.float64]) -> Cutter:
    """Cuts out the head with some room to move."""
    height = head_of(landmarks).height
    return cutter(landmarks[:, :2].mean(0) - [0, 0.08 * height], 0.85 * height, 0.85 * height)


def around_eyes(landmarks: NDArray[np.float64]) -> Cutter:
    """Cuts out both eyes and brows."""
    height = head_of(landmarks).height
    return cutter(landmarks[[33, 263], :2].mean(0), 0.36 * height, 0.18 * height)


def cutter(centre: NDArray[np.float64], across: float, down: float) -> Cutter:
    """Cuts out a rectangle of twice ``across`` by ``down`` pixels about a point, moved into the picture."""
    box = 2 * np.array([across, down])
    width, height = np.round(box * WIDE / box[0]).astype(int).tolist()

    def cut(image: Picture) -> Image.Image:
        start = np.clip(centre - box / 2, 0, np.maximum(image.shape[1::-1] - box, 0))
        (left, top), (right, bottom) = start.tolist(), np.minimum(start + box, image.shape[1::-1]).tolist()
        return Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS, box=(left, top, right, bottom))

    return cut


def write_row(target: Path, pictures: Sequence[Image.Image]) -> str:
    """Writes pictures side by side; gives the file's name."""
    joined = np.concatenate([np.asarray(picture) for picture in pictures], axis=1)
    Image.fromarray(joined).save(target, quality=70, method=6)
    return target.name


if __name__ == "__main__":
    main()
