"""Declarations of the Ditto plugin; the implementations are imported when a run needs them."""

from __future__ import annotations

from collections.abc import Iterable

import dh
from dh_ditto.checkpoints import ALTERNATIVES, LANDMARKS

DH_API_VERSION = 1

_LICENCE = dh.Licence(name="Apache-2.0", commercial="allowed")


@dh.hookimpl
def dh_avatars() -> Iterable[dh.AvatarSpec]:
    yield dh.AvatarSpec(
        name="ditto",
        summary="appearance volume, canonical keypoints and motion of a picture or of every frame of a video",
        implementation="dh_ditto.avatar:DittoAvatarBuilder",
        options="dh_ditto.options:AvatarOptions",
        requires=("mediapipe",),
        kind="ditto",
        devices=("cuda", "cpu"),
        checkpoints=(*ALTERNATIVES, LANDMARKS),
        weights_option="weights",
        licence=_LICENCE,
    )


@dh.hookimpl
def dh_drivers() -> Iterable[dh.DriverSpec]:
    yield dh.DriverSpec(
        name="ditto",
        summary="latent motion diffusion from speech, emotion and the source's own eyes and keypoints",
        implementation="dh_ditto.driver:DittoDriver",
        options="dh_ditto.options:DriverOptions",
        motion_space="liveportrait",
        look_ahead=None,
        online_option="online",
        live_options=("emotion",),
        avatar_kinds=("ditto",),
        fps=25.0,
        devices=("cuda", "cpu"),
        checkpoints=ALTERNATIVES,
        weights_option="weights",
        licence=_LICENCE,
    )
    yield dh.DriverSpec(
        name="ditto-starter",
        summary="latent motion diffusion from speech, emotion and style, small and shipped with its weights",
        implementation="dh_ditto.starter.driver:StarterDriver",
        options="dh_ditto.starter.options:StarterOptions",
        motion_space="arkit",
        look_ahead=None,
        online_option="online",
        live_options=("emotion", "articulation", "head_motion", "gaze", "blink_rate"),
        fps=25.0,
        devices=("cpu", "cuda"),
        weights_option="weights",
        licence=_LICENCE,
    )


@dh.hookimpl
def dh_renderers() -> Iterable[dh.RendererSpec]:
    yield dh.RendererSpec(
        name="ditto",
        summary="stitches keypoints, warps the appearance volume, decodes 512 pixels and pastes them back",
        implementation="dh_ditto.renderer:DittoRenderer",
        options="dh_ditto.options:RendererOptions",
        motion_space="liveportrait",
        avatar_kinds=("ditto",),
        devices=("cuda", "cpu"),
        checkpoints=ALTERNATIVES,
        weights_option="weights",
        licence=_LICENCE,
    )


@dh.hookimpl
def dh_methods() -> Iterable[dh.MethodSpec]:
    yield dh.MethodSpec(
        name="ditto",
        summary="talking heads by latent motion diffusion (Li et al. 2024)",
        profiles=(
            dh.ProfileSpec(
                name="published",
                summary="the published system, with its weights",
                avatar="ditto",
                driver="ditto",
                renderer="ditto",
                candidates=(
                    {"backend": "torch", "precision": "fp32"},
                    {"backend": "torch", "precision": "bf16"},
                    {"backend": "torch", "precision": "fp16"},
                    {"backend": "onnx"},
                    {"backend": "tensorrt"},
                ),
            ),
            dh.ProfileSpec(
                name="starter",
                summary="a small model of the same kind that is shipped, on the face-mesh renderer",
                avatar="face-mesh",
                driver="ditto-starter",
                renderer="face-mesh",
                candidates=({"driver.backend": "onnx"}, {"driver.backend": "torch"}),
            ),
        ),
        weights="dh_ditto.weights.tools:TOOLS",
        bench="dh_ditto.bench.parts:measure_parts",
        training="dh_ditto.training.tools:TOOLS",
    )
