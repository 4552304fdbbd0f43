"""Declarations of the face-mesh plugin; the implementations are imported when a run needs them."""

from __future__ import annotations

from collections.abc import Iterable

import dh

DH_API_VERSION = 1

_LICENCE = dh.Licence(name="Apache-2.0", commercial="allowed")


@dh.hookimpl
def dh_avatars() -> Iterable[dh.AvatarSpec]:
    yield dh.AvatarSpec(
        name="face-mesh",
        summary="478 face landmarks on an image, or on every frame of a video (MediaPipe)",
        implementation="dh_face_mesh.avatar:FaceMeshAvatarBuilder",
        requires=("mediapipe",),
        options="dh_face_mesh.options:AvatarOptions",
        kind="face-mesh",
        licence=_LICENCE,
    )


@dh.hookimpl
def dh_drivers() -> Iterable[dh.DriverSpec]:
    yield dh.DriverSpec(
        name="viseme",
        summary="lip shapes, blinks and head motion from speech by signal processing",
        implementation="dh_face_mesh.viseme.driver:VisemeDriver",
        options="dh_face_mesh.viseme.options:VisemeOptions",
        motion_space="arkit",
        look_ahead=0.2,
        licence=_LICENCE,
    )


@dh.hookimpl
def dh_renderers() -> Iterable[dh.RendererSpec]:
    yield dh.RendererSpec(
        name="face-mesh",
        summary="warps the source's own pixels on the CPU by ARKit blendshapes and head pose",
        implementation="dh_face_mesh.renderer:FaceMeshRenderer",
        options="dh_face_mesh.options:RendererOptions",
        motion_space="arkit",
        avatar_kinds=("face-mesh",),
        licence=_LICENCE,
    )


@dh.hookimpl
def dh_methods() -> Iterable[dh.MethodSpec]:
    yield dh.MethodSpec(
        name="face-mesh",
        summary="a talking portrait on any laptop, without weights or a GPU",
        avatar="face-mesh",
        driver="viseme",
        renderer="face-mesh",
    )
