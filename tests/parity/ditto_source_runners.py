"""Source registration of the published Ditto: crops, landmarks, eyes, the order and size of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dh_ditto import source_frames
from dh_ditto.crop import CropOptions, CropPoints, apply, crop_matrices, rectangle
from dh_ditto.eyes import eye_openness, eyeball, eyeball_direction
from dh_ditto.landmarks import blaze_face
from dh_ditto.landmarks.blaze_face import BlazeFace
from dh_ditto.landmarks.detector import FaceDetector
from dh_ditto.landmarks.landmark106 import Landmark106
from dh_ditto.landmarks.landmark203 import Landmark203
from dh_ditto.landmarks.landmark478 import Landmark478
from dh_ditto.landmarks.published import PublishedLandmarker
from dh_ditto.sampling import warp

Case = dict[str, Any]
Outputs = dict[str, Any]


class FixedSession:
    """Gives the outputs that a golden states, and keeps what the network was shown."""

    def __init__(self, *outputs: np.ndarray) -> None:
        self._outputs = outputs
        self.seen: np.ndarray | None = None

    def __call__(self, image: np.ndarray) -> Sequence[np.ndarray]:
        self.seen = image
        return self._outputs


def crop(case: Case) -> Outputs:
    inputs, options = case["inputs"], case["options"]
    points = CropPoints.of(inputs["points"])
    if case["kind"] == "points":
        square = rectangle(points, **options)
        return {
            "pt2": points.axis,
            "pt2_eyes_only": CropPoints.of(inputs["points"], use_lips=False).axis,
            "rect": np.array([square.x, square.y, square.side, square.side, square.angle]),
        }
    matrices = crop_matrices(
        points,
        CropOptions(
            options["dsize"],
            options["scale"],
            options["vx_ratio"],
            options["vy_ratio"],
            options["flag_do_rot"],
            reference_defects=True,
        ),
    )
    found = {"o2c": matrices.o2c, "c2o": matrices.c2o}
    if "image" in case["outputs"]:
        found["image"] = warp(inputs["picture"], matrices.o2c, options["dsize"], options["dsize"])
    if "points" in case["outputs"]:
        found["points"] = apply(matrices.o2c, inputs["points"])
    return found


def source_crop(case: Case) -> Outputs:
    inputs, options = case["inputs"], case["options"]
    unused = FixedSession()
    landmarker = PublishedLandmarker(
        FaceDetector(FixedSession(*inputs["det_outputs"])),
        Landmark106(FixedSession(inputs["landmark106_output"])),
        Landmark203(FixedSession(inputs["landmark203_output"])),
        Landmark478(unused, unused),
    )
    last = inputs["last_lmk"]
    found = landmarker.faces(inputs["picture"])[0] if last is None else landmarker.follow(inputs["picture"], last)
    crop_options = CropOptions(
        scale=options["crop_scale"],
        vx_ratio=options["crop_vx_ratio"],
        vy_ratio=options["crop_vy_ratio"],
        rotate=options["crop_flag_do_rot"],
        reference_defects=True,
    )
    matrices = crop_matrices(landmarker.crop_points(found), crop_options)
    pixels = warp(inputs["picture"], matrices.o2c, crop_options.size, crop_options.size)
    return {"crop": pixels, "c2o": matrices.c2o, "points": found}


def source_tables(case: Case) -> Outputs:
    inputs = case["inputs"]
    if case["kind"] == "resize":
        table = []
        for height, width in inputs["sizes"]:
            sizes = [source_frames.fit_size(height, width, limit) for limit in inputs["max_dims"]]
            table.append([[*size, size != (height, width)] for size in sizes])
        return {"resized": np.array(table)}
    if case["kind"] == "mirror":
        index = [source_frames.mirror_index(frame, inputs["source_frames"]) for frame in range(inputs["frames"])]
        return {"index": np.array(index)}
    smooth = source_frames.smooth_motion(inputs["infos"], inputs["window"])
    return {name: np.stack([info[name] for info in smooth]) for name in smooth[0]}


def face_detector(case: Case) -> Outputs:
    session = FixedSession(*case["inputs"]["det_outputs"])
    found = FaceDetector(session)(case["inputs"]["picture"])
    return {"boxes": found.boxes, "points": found.points, "network_input": session.seen}


def landmark106(case: Case) -> Outputs:
    session = FixedSession(case["inputs"]["landmark106_output"])
    points = Landmark106(session)(case["inputs"]["picture"], case["inputs"]["box"])
    return {"points": points, "network_input": session.seen}


def landmark203(case: Case) -> Outputs:
    session = FixedSession(case["inputs"]["landmark203_output"])
    points = Landmark203(session)(case["inputs"]["picture"], case["inputs"]["M_c2o"])
    return {"points": points, "network_input": session.seen}


def landmark478(case: Case) -> Outputs:
    inputs = case["inputs"]
    session = FixedSession(inputs["mesh_output"])
    points = Landmark478(FixedSession(*inputs["blaze_outputs"]), session)(inputs["picture"])
    assert points is not None
    return {"points": points[None], "network_input": session.seen}


def blaze(case: Case) -> Outputs:
    inputs = case["inputs"]
    return {
        "boxes": BlazeFace(FixedSession(*inputs["blaze_outputs"]))(inputs["picture"]),
        "anchors": blaze_face.anchors(),
    }


def eye_info(case: Case) -> Outputs:
    mesh = case["inputs"]["landmarks"]
    return {"open": eye_openness(mesh), "ball_move": eyeball(mesh), "ball_direction": eyeball_direction(mesh)}


RUNNERS = {
    "crop": crop,
    "area_resize": lambda case: {"image": source_frames.network_image(case["inputs"]["picture"])},
    "source_crop": source_crop,
    "source_tables": source_tables,
    "face_detector": face_detector,
    "landmark106": landmark106,
    "landmark203": landmark203,
    "landmark478": landmark478,
    "blaze_face": blaze,
    "eye_info": eye_info,
}
