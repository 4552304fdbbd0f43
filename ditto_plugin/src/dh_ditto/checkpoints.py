"""The published weights: which files of the repository each backend needs."""

from __future__ import annotations

import dh

_REPOSITORY = "digital-avatar/ditto-talkinghead"
_REVISION = "main"

_DITTO = dh.Licence(name="Apache-2.0 for the published code; terms of the weights unverified", commercial="unknown")
_INSIGHTFACE = dh.Licence(name="InsightFace models: non-commercial research only", commercial="refused")

_HALF = ("appearance_extractor", "stitch_network", "warp_network", "decoder")
_WHOLE = ("motion_extractor", "lmdm_v0.4_hubert")
_NETWORKS = (*_HALF, *_WHOLE)


def _spec(
    name: str,
    need: dh.CheckpointNeed,
    summary: str,
    paths: tuple[str, ...],
    licence: dh.Licence,
    requires: tuple[str, ...] = (),
) -> dh.CheckpointSpec:
    return dh.CheckpointSpec(
        name=name,
        repository=_REPOSITORY,
        revision=_REVISION,
        files=tuple(dh.CheckpointFile(path=path, licence=licence) for path in paths),
        summary=summary,
        need=need,
        requires=requires,
        extra="torch" if requires else None,
    )


PYTORCH = _spec(
    "ditto",
    "alternative",
    "Ditto's networks for PyTorch",
    (
        *(f"ditto_pytorch/models/{name}.pth" for name in _NETWORKS),
        "ditto_pytorch/aux_models/hubert_streaming_fix_kv.onnx",
        "ditto_cfg/v0.4_hubert_cfg_pytorch.pkl",
    ),
    _DITTO,
    ("torch",),
)

ONNX = _spec(
    "ditto-onnx",
    "alternative",
    "Ditto's networks for ONNX Runtime",
    (*(f"ditto_onnx/{name}.onnx" for name in (*_NETWORKS, "hubert")), "ditto_cfg/v0.4_hubert_cfg_trt.pkl"),
    _DITTO,
)

TENSORRT = _spec(
    "ditto-tensorrt",
    "alternative",
    "Ditto's networks as TensorRT 8.6 engines for Ampere and newer",
    (
        *(f"ditto_trt_Ampere_Plus/{name}_fp16.engine" for name in _HALF),
        *(f"ditto_trt_Ampere_Plus/{name}_fp32.engine" for name in (*_WHOLE, "hubert")),
        "ditto_cfg/v0.4_hubert_cfg_trt.pkl",
        "ditto_cfg/v0.4_hubert_cfg_trt_online.pkl",
    ),
    _DITTO,
    ("torch",),
)

ALTERNATIVES = (PYTORCH, ONNX, TENSORRT)
"""Any one of these is enough."""

LANDMARKS = _spec(
    "ditto-landmarks",
    "optional",
    "the published system's face detector and landmarks, in place of MediaPipe's",
    (
        "ditto_onnx/insightface_det.onnx",
        "ditto_onnx/landmark106.onnx",
        "ditto_onnx/landmark203.onnx",
        "ditto_onnx/blaze_face.onnx",
        "ditto_onnx/face_mesh.onnx",
    ),
    _INSIGHTFACE,
)
