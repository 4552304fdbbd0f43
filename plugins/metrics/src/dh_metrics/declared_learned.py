"""The metrics by trained networks: what each measures and how, in the words that reports show."""

from __future__ import annotations

import dh
from dh_metrics.learned import checkpoints

_LICENCE = dh.Licence(name="Apache-2.0", commercial="allowed")
_OPTIONS = "dh_metrics.learned.options:LearnedOptions"
_TORCH = ("torch", "torchmetrics")
_SYNC = ("torch", "scipy")
_ONNX = ("onnxruntime",)

TIER1: tuple[dh.MetricSpec, ...] = (
    dh.MetricSpec(
        name="csim",
        title="CSIM",
        summary="likeness of the face to the person's, by SFace",
        explanation=(
            "Whether the face stays the same person: the cosine between the embedding of each frame's face and that of "
            "the source picture (without one, of the reference's first face), by the face recognition network SFace, "
            "averaged over the frames. 1 is the same picture; OpenCV calls two faces the same person from 0.363 on. "
            "Numbers of other networks, such as ArcFace, cannot be compared with it."
        ),
        implementation="dh_metrics.learned.identity:Csim",
        options=_OPTIONS,
        requires=_ONNX,
        extra="learned",
        checkpoints=(checkpoints.SFACE,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=True,
        tier=1,
    ),
    dh.MetricSpec(
        name="lpips",
        title="LPIPS",
        summary="perceptual distance from a reference video, by VGG-16",
        explanation=(
            "How different each frame looks from the reference's at the same time: the distance of both in the "
            "features of a network that classifies pictures (VGG-16), with weights fitted to what people see (Zhang et "
            "al. 2018), averaged over the frames. 0 is identical; roughly, 0.1 is close and 0.5 unlike. A background "
            "that does not move lowers it. Numbers with AlexNet, which some papers use, cannot be compared with it."
        ),
        implementation="dh_metrics.learned.lpips:Lpips",
        options=_OPTIONS,
        requires=_TORCH,
        extra="learned",
        devices=("cuda", "cpu"),
        checkpoints=(checkpoints.VGG16,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=False,
        tier=1,
        needs=("reference",),
    ),
    dh.MetricSpec(
        name="fid",
        title="FID",
        summary="distance of the crowd of frames from a reference video's, by Inception v3",
        explanation=(
            "How far the video's frames, taken as a crowd and in no order, are from the reference's: the Frechet "
            "distance of their features in Inception v3 (Heusel et al. 2017). 0 is equal crowds. It grows when there "
            "are few frames; one video has far fewer than the usual ten thousand, so compare only numbers over equally "
            "many frames of the same clip."
        ),
        implementation="dh_metrics.learned.fid:Fid",
        options=_OPTIONS,
        requires=_TORCH,
        extra="learned",
        devices=("cuda", "cpu"),
        checkpoints=(checkpoints.INCEPTION,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=False,
        tier=1,
        needs=("reference",),
    ),
    dh.MetricSpec(
        name="fvd",
        title="FVD",
        summary="distance of the crowd of clips from a reference video's, by I3D",
        explanation=(
            "How far the video's motion and looks are from the reference's: the Frechet distance of the features that "
            "I3D, a network that recognises actions, has of clips of 16 frames (Unterthiner et al. 2018). 0 is equal. "
            "Ten seconds hold only 15 such clips, and below a few hundred the number is unreliable and too high: "
            "compare it only over equally many clips of the same recording."
        ),
        implementation="dh_metrics.learned.fvd:Fvd",
        options="dh_metrics.learned.options:FvdOptions",
        requires=_TORCH,
        extra="learned",
        devices=("cuda", "cpu"),
        checkpoints=(checkpoints.I3D,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=False,
        tier=1,
        needs=("reference",),
    ),
)
"""What ``plugin`` declares of those whose weights permit use, in the order in which reports show them."""

TIER2: tuple[dh.MetricSpec, ...] = (
    dh.MetricSpec(
        name="sync-c",
        title="Sync-C",
        summary="confidence that lips and speech belong together, by SyncNet",
        explanation=(
            "How clearly the lips fit the speech at one offset and at no other: the median distance between SyncNet's "
            "embeddings of face and sound over all offsets up to 15 frames, less the least (Chung and Zisserman 2016). "
            "Recorded television speech reads about 7 to 8 (Prajwal et al. 2020); near 0, no offset fits better than "
            "the others."
        ),
        implementation="dh_metrics.learned.sync:SyncC",
        options="dh_metrics.learned.options:SyncOptions",
        requires=_SYNC,
        extra="learned",
        devices=("cuda", "cpu"),
        checkpoints=(checkpoints.SYNCNET,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=True,
        tier=2,
        needs=("audio",),
    ),
    dh.MetricSpec(
        name="sync-d",
        title="Sync-D",
        summary="distance between lips and speech, by SyncNet",
        explanation=(
            "How far the lips are from what is heard: the mean distance between SyncNet's embeddings of face and sound "
            "at the offset where they are nearest (Chung and Zisserman 2016). Recorded television speech reads about 7 "
            "(Prajwal et al. 2020)."
        ),
        implementation="dh_metrics.learned.sync:SyncD",
        options="dh_metrics.learned.options:SyncOptions",
        requires=_SYNC,
        extra="learned",
        devices=("cuda", "cpu"),
        checkpoints=(checkpoints.SYNCNET,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=False,
        tier=2,
        needs=("audio",),
    ),
    dh.MetricSpec(
        name="e-fid",
        title="E-FID",
        summary="distance of the crowd of expressions from a reference video's, by Deep3DFaceRecon",
        explanation=(
            "How far the facial expressions, taken as a crowd and in no order, are from the reference's: the Frechet "
            "distance of the 64 expression coefficients that a 3D face reconstruction finds (Tian et al. 2024). 0 is "
            "equal. Papers do not say how many frames they used, so compare it only within one report."
        ),
        implementation="dh_metrics.learned.expression:ExpressionFid",
        options=_OPTIONS,
        requires=_TORCH,
        extra="learned",
        devices=("cuda", "cpu"),
        checkpoints=(checkpoints.RECONSTRUCTION,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=False,
        tier=2,
        needs=("reference",),
    ),
    dh.MetricSpec(
        name="arcface-csim",
        title="CSIM (ArcFace)",
        summary="likeness of the face to the person's, by ArcFace",
        explanation=(
            "The same as CSIM with the face recognition network ArcFace, which most papers use: the cosine between the "
            "embedding of each frame's face and that of the source picture (without one, of the reference's first "
            "face), averaged over the frames. 1 is the same picture; two pictures of one person have 0.4 to 0.8, of "
            "two people about 0."
        ),
        implementation="dh_metrics.learned.identity:ArcfaceCsim",
        options=_OPTIONS,
        requires=_ONNX,
        extra="learned",
        checkpoints=(checkpoints.ARCFACE,),
        weights_option="weights",
        licence=_LICENCE,
        unit="",
        higher_is_better=True,
        tier=2,
    ),
)
"""What ``plugin`` declares of those whose weights are for research, in the order in which reports show them."""
