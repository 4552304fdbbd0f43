"""Renders ``arkit`` motion by warping the source's own pixels, on the CPU.

Three stages: "field" turns motion into displacement fields on a coarse grid and draws the eyes, "warp" moves the
frame's pixels, "mouth" parts the lips and paints what shows between them. Each frame depends on its own motion
alone, so chunks of any size give the same frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

import dh
from dh_face_mesh.crop import apply, scale_of
from dh_face_mesh.expression import FaceState, face_states
from dh_face_mesh.fields import FaceField, Window, invert, sample
from dh_face_mesh.lips import OVERLAP, closing_shape
from dh_face_mesh.mouth import Mouth
from dh_face_mesh.opening import Opening
from dh_face_mesh.options import RendererOptions
from dh_face_mesh.placement import Box, intersection, union
from dh_face_mesh.shots import Shot, ShotList
from dh_face_mesh.teeth import drawn_jaw, drawn_teeth, measure_palette, own_teeth
from dh_face_mesh.texture import Texture
from dh_face_mesh.topology import CHIN, INNER_LOWER, INNER_UPPER

Array = NDArray[np.float64]
Field = NDArray[np.float32]
Image = NDArray[np.uint8]


_RELEASED = 0.06
"""Opening of the mouth, in weight of jawOpen, at which the lips no longer overlap."""


@dataclass(frozen=True, eq=False)
class WarpPlan:
    """All that the pixels of one frame need to know.

    Args:
        index: of the frame.
        time: in seconds.
        shot: the source's frame.
        source: its pixels, with the eyes as they shall be.
        box: the frame's pixels that change.
        lower: backward field of all but the upper lip, (GRID, GRID, 2).
        jump: what the upper lip's backward field adds to it, on ``window``.
        window: of the grid, around the mouth.
        lips: where the inner lip contours go, upper and lower: two of (11, 2) in crop pixels.
        skull: (2, 3), the head's motion near the mouth, on crop points.
        jaw: (2,), the jaw's motion on the head, in crop pixels.
    """

    index: int
    time: float
    shot: Shot
    source: Texture
    box: Box
    lower: Field
    jump: Field
    window: Window
    lips: tuple[Array, Array]
    skull: Array
    jaw: Array


@dataclass(frozen=True, eq=False)
class Warped:
    """A frame's moved pixels.

    Args:
        plan: of the frame.
        lips: the inner lip contours, in frame pixels.
        positions: (h, w, 2), where on the source each pixel of the plan's box comes from.
        moved: (h, w, 3), the box's pixels, all as the lower lip and the rest of the face have it.
    """

    plan: WarpPlan
    lips: Opening
    positions: Field
    moved: Image


class FaceMeshRenderer:
    """Renderer of the motion space ``arkit`` for avatars of kind "face-mesh"."""

    def __init__(self, options: RendererOptions, context: dh.Context) -> None:
        self._options = options

    def stages(self, avatar: dh.Avatar) -> Sequence[dh.Stage]:
        """Three stages, "field", "warp" and "mouth"; the second costs about as much as the others together."""
        face = _Face(avatar, self._options)
        return [dh.Stage("field", face.plan), dh.Stage("warp", face.warp), dh.Stage("mouth", face.finish)]


class _Face:
    """One avatar, ready to be moved."""

    def __init__(self, avatar: dh.Avatar, options: RendererOptions) -> None:
        self._options = options
        self._shots = shots = ShotList(avatar)
        landmarks, head = shots.landmarks, shots.head
        closing = closing_shape(landmarks, head, shots.gap)
        self._field = FaceField(landmarks, head, shots.size, closing)
        self._seam = float(shots.gap.max() > 0)
        self._overlap = OVERLAP * head.height / (OVERLAP * head.height + shots.gap.max())
        self._mouth = self._make_mouth(closing)

    def _make_mouth(self, closing: Array) -> Mouth:
        shots = self._shots
        image, placement = shots.first.image, shots.first.placement
        landmarks, head = shots.landmarks, shots.head
        palette = measure_palette(image, apply(placement.inverse, shots.first.landmarks))
        rest = landmarks[:, :2] + closing
        line = Opening.of(*(rest[list(row)] for row in (INNER_UPPER, INNER_LOWER)))
        middle = rest[[INNER_UPPER[5], INNER_LOWER[5]]].mean(0)
        zoom = float(np.clip(1 / scale_of(placement.matrix), 0.5, 3))
        arguments = (line, middle, head.height, zoom, palette, self._options.teeth)
        if shots.gap.any() and not shots.is_video:
            upper = own_teeth(image, placement.matrix, landmarks, head)
        else:
            upper = drawn_teeth(*arguments)
        return Mouth(upper, drawn_jaw(*arguments), palette, head)

    def plan(self, motion: Iterator[dh.Motion]) -> Iterator[WarpPlan]:
        """Stage "field"."""
        shots = iter(self._shots)
        for chunk in motion:
            for number, (state, shot) in enumerate(zip(face_states(chunk, self._options, self._shots.room), shots)):  # noqa: B905  (shots never end)
                index = chunk.start + number
                yield self._plan(state, shot, index, index / chunk.fps)

    def _plan(self, state: FaceState, shot: Shot, index: int, time: float) -> WarpPlan:
        field, cell = self._field, self._field.cell
        # Open lips are closed with some overlap, which the first opening of the mouth gives back.
        closing = shot.gap_share * (1 - self._overlap * min(1.0, state.opening / _RELEASED))
        weights = np.append(state.weights, np.float32(closing))
        offset = state.offset * self._shots.head.height
        offset = shot.placement.matrix[:, :2] / scale_of(shot.placement.matrix) @ offset
        lower, jump = field.forward(weights, state.linear, offset)
        window = field.window
        if shot.carrier is not None:
            lower, jump, window = _carry(lower, jump, window, shot.carrier)
        rows, columns = window.slices
        if shot.placement.edge is not None:
            lower = lower * shot.placement.edge
            jump = jump * shot.placement.edge[rows, columns]
        upper = lower.copy()
        upper[rows, columns] += jump
        contours = []
        for row, part in ((INNER_UPPER, upper), (INNER_LOWER, lower)):
            points = shot.landmarks[list(row), :2]
            contours.append(points + sample(part, points, cell))
        backward = invert(lower, cell)
        backward_jump = invert(upper, cell, window) - backward[rows, columns]
        mouth = shot.landmarks[[INNER_UPPER[5], INNER_LOWER[5]], :2].mean(0)
        skull = field.solid_at(mouth, state.linear, offset)
        chin = shot.landmarks[CHIN : CHIN + 1, :2]
        jaw = np.linalg.solve(skull[:, :2], (chin + sample(lower, chin, cell))[0] - skull[:, 2]) - chin[0]
        source = _draw_eyes(shot, state)
        changed = [shot.placement.moving(backward), shot.placement.rectangle(window)]
        changed += [patch.box for side, patch in shot.eyes.items() if not state.eyes[side].at_rest]
        box = intersection(union(changed), shot.placement.box)
        return WarpPlan(
            index, time, shot, source, box, backward, backward_jump, window, (contours[0], contours[1]), skull, jaw
        )

    def warp(self, plans: Iterator[WarpPlan]) -> Iterator[Warped]:
        """Stage "warp"."""
        for plan in plans:
            placement = plan.shot.placement
            lips = Opening.of(*(apply(placement.inverse, contour) for contour in plan.lips))
            positions = placement.spread(plan.lower, plan.box)
            positions += placement.places(plan.box)
            yield Warped(plan, lips, positions, plan.source.at(positions))

    def finish(self, warped: Iterator[Warped]) -> Iterator[dh.Frame]:
        """Stage "mouth"."""
        for item in warped:
            plan = item.plan
            left, top, right, bottom = plan.box
            frame = plan.shot.image.copy()
            part = frame[top:bottom, left:right]
            part[:] = item.moved
            _lay_upper_lip(part, item)
            self._mouth.paint(
                part, (left, top), plan.shot.placement.matrix, item.lips, plan.skull, plan.jaw, self._seam
            )
            yield dh.Frame(frame, plan.index, plan.time)


def _lay_upper_lip(part: Image, item: Warped) -> None:
    """Draws what lies above the line between the lips, and so follows the upper lip, over ``part``."""
    plan, placement = item.plan, item.plan.shot.placement
    left, top, right, bottom = plan.box
    x0, y0, x1, y1 = placement.rectangle(plan.window)
    x0, y0, x1, y1 = max(x0, left), max(y0, top), min(x1, right), min(y1, bottom, int(np.ceil(item.lips.lowest)))
    if x1 <= x0 or y1 <= y0:
        return
    area = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    u, v = item.lips.coordinates(x0, y0, x1 - x0, y1 - y0)
    above = np.clip(item.lips.heights(u)[2] - v + np.float32(0.5), 0, 1)
    upper = plan.source.at(item.positions[area] + placement.spread(plan.jump, (x0, y0, x1, y1), plan.window))
    part[area] = cv2.blendLinear(upper, np.ascontiguousarray(part[area]), above, 1 - above)


def _draw_eyes(shot: Shot, state: FaceState) -> Texture:
    """The shot's pixels with its eyes in the given state."""
    moved = {side: patch for side, patch in shot.eyes.items() if not state.eyes[side].at_rest}
    if not moved:
        return shot.texture
    return shot.texture.patched((patch.box, patch.draw(state.eyes[side])) for side, patch in moved.items())


def _carry(lower: Field, jump: Field, window: Window, carrier: Field) -> tuple[Field, Field, Window]:
    """Fields of the mean face brought to the shape of one frame."""
    wide = window.grown(6)
    rows, columns = wide.slices
    at = carrier[rows, columns] - np.array([window.left, window.top], np.float32)
    return (
        cv2.remap(lower, carrier, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        cv2.remap(jump, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT),
        wide,
    )
