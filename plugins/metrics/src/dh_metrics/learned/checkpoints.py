"""The published weights of the learned metrics: files, repositories, terms.

A hash is given where two independent sources agree on it, and terms as the weights' owners state them.
"""

from __future__ import annotations

import dh

VGG16_FILE = "model.safetensors"
INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth"
I3D_FILE = "i3d_pretrained_400.pt"
SFACE_FILE = "face_recognition_sface_2021dec.onnx"
ARCFACE_FILE = "models/buffalo_l/w600k_r50.onnx"
SYNCNET_FILE = "auxiliary/syncnet_v2.model"
RECONSTRUCTION_FILE = "epoch_20.pth"

VGG16 = dh.CheckpointSpec(
    name="metrics-vgg16",
    repository="timm/vgg16.tv_in1k",
    revision="b8d8aa2dd860af9233c8c67385a8097fd6c35d3f",
    files=(dh.CheckpointFile(path=VGG16_FILE, licence=dh.Licence(name="BSD-3-Clause", commercial="allowed")),),
    summary="torchvision's VGG-16 for LPIPS",
)

INCEPTION = dh.CheckpointSpec(
    name="metrics-inception",
    repository="nateraw/inception-v3-fid",
    revision="main",
    files=(
        dh.CheckpointFile(
            path=INCEPTION_FILE,
            licence=dh.Licence(name="Apache-2.0 for Inception v3 and its port; terms of this copy unverified"),
        ),
    ),
    summary="Inception v3 of the TensorFlow release of 2015, for FID",
)

I3D = dh.CheckpointSpec(
    name="metrics-i3d",
    repository="Xiaodong/FVD_I3D",
    revision="main",
    files=(
        dh.CheckpointFile(
            path=I3D_FILE, licence=dh.Licence(name="Apache-2.0 for Kinetics-I3D; terms of this copy unverified")
        ),
    ),
    summary="I3D trained on Kinetics-400, for FVD",
)

SFACE = dh.CheckpointSpec(
    name="metrics-sface",
    repository="opencv/face_recognition_sface",
    revision="main",
    files=(
        dh.CheckpointFile(
            path=SFACE_FILE,
            licence=dh.Licence(name="Apache-2.0", commercial="allowed"),
            size=38_696_353,
            sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        ),
    ),
    summary="SFace of the OpenCV model zoo, for CSIM",
)

ARCFACE = dh.CheckpointSpec(
    name="metrics-arcface",
    repository="public-data/insightface",
    revision="33c1063c49c785b7652d3fd529f86fa4f149392b",
    files=(
        dh.CheckpointFile(
            path=ARCFACE_FILE,
            licence=dh.Licence(name="InsightFace models: non-commercial research only", commercial="refused"),
            size=174_383_860,
            sha256="4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
        ),
    ),
    summary="ArcFace, ResNet-50 trained on WebFace600K, for CSIM as papers give it",
)

SYNCNET = dh.CheckpointSpec(
    name="metrics-syncnet",
    repository="ByteDance/LatentSync-1.5",
    revision="main",
    files=(
        dh.CheckpointFile(
            path=SYNCNET_FILE,
            licence=dh.Licence(name="MIT for SyncNet's code; terms of the weights unstated, taken as research only"),
        ),
    ),
    summary="SyncNet, for Sync-C and Sync-D",
)

RECONSTRUCTION = dh.CheckpointSpec(
    name="metrics-face-reconstruction",
    repository="vinthony/SadTalker",
    revision="main",
    files=(
        dh.CheckpointFile(
            path=RECONSTRUCTION_FILE,
            licence=dh.Licence(
                name="MIT for Deep3DFaceRecon's code; its Basel Face Model is for non-commercial research",
                commercial="refused",
            ),
        ),
    ),
    summary="Deep3DFaceRecon's regressor of face coefficients, for E-FID",
)
