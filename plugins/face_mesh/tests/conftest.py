"""The example portrait as an avatar, and short ways to move it and to look at what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dh
from dh.media.images import read_image
from dh_face_mesh.avatar import FaceMeshAvatarBuilder
from dh_face_mesh.landmarks import FaceLandmarker
from dh_face_mesh.options import AvatarOptions, RendererOptions
from dh_face_mesh.renderer import FaceMeshRenderer

PORTRAIT = Path(__file__).parents[3] / "examples" / "portrait.jpg"
Look = Mapping[str, Any]
"""What one frame shows: blendshapes (without Left or Right: both), "pose", "shift" and controls."""


@pytest.fixture(scope="session")
def portrait_path() -> Path:
    return PORTRAIT


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    return read_image(PORTRAIT)


@pytest.fixture(scope="session")
def landmarker() -> Iterator[FaceLandmarker]:
    with FaceLandmarker() as landmarker:
        yield landmarker


@pytest.fixture(scope="session")
def avatar() -> dh.Avatar:
    return FaceMeshAvatarBuilder(AvatarOptions(), dh.Context()).register(dh.Source.open(PORTRAIT))


@pytest.fixture(scope="session")
def motion() -> Callable[[Sequence[Look]], dh.Motion]:
    """Makes motion of one frame for each look."""
    index = {name: number for number, name in enumerate(dh.ARKIT_BLENDSHAPES)}

    def make(looks: Sequence[Look], start: int = 0) -> dh.Motion:
        count = len(looks)
        values = {
            "blendshapes": np.zeros((count, 52), np.float32),
            "rotation": np.zeros((count, 3), np.float32),
            "translation": np.zeros((count, 3), np.float32),
        }
        controls = dh.Controls.neutral(count)
        for number, look in enumerate(looks):
            for name, value in look.items():
                if name in dh.CONTROL_FIELDS:
                    getattr(controls, name)[number] = value
                elif name in ("pose", "shift"):
                    values["rotation" if name == "pose" else "translation"][number] = value
                else:
                    for full in (name, f"{name}Left", f"{name}Right"):
                        if full in index:
                            values["blendshapes"][number, index[full]] = value
        return dh.Motion(dh.ARKIT, start, 25.0, values, controls=controls)

    return make


@pytest.fixture(scope="session")
def render(motion: Any) -> Callable[..., list[NDArray[np.uint8]]]:
    """Renders looks, in chunks of given sizes (default: all in one)."""

    def run(
        avatar: dh.Avatar, looks: Sequence[Look], chunks: Sequence[int] = (), options: RendererOptions | None = None
    ) -> list[NDArray[np.uint8]]:
        whole = motion(looks)
        ends = np.cumsum(chunks or [len(looks)])
        items: Iterator[Any] = iter([whole.slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)])
        for stage in FaceMeshRenderer(options or RendererOptions(), dh.Context()).stages(avatar):
            items = stage.run(items)
        return [frame.image for frame in items]

    return run
