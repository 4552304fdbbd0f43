"""The published weights, for the steps that need them."""

from __future__ import annotations

import dh
from dh_ditto import checkpoints
from dh_ditto.backends.base import Backend
from dh_ditto.backends.speech import SpeechEncoder
from dh_ditto.opening import best_form, open_networks, pulled_folder
from dh_ditto.options import SharedOptions
from dh_ditto.preparation.job import Job


def open_motion_extractor(job: Job) -> Backend:
    """The backend whose ``motion`` the targets come from.

    Raises:
        DHError: there are no weights, or they cannot be run, see ``open_networks``.
    """
    _require_weights(job, "motion=liveportrait")
    return open_networks(SharedOptions(backend=job.options.backend), job.context)[1]


def open_speech_encoder(job: Job) -> SpeechEncoder:
    """The streaming HuBERT.

    Raises:
        CheckpointMissing: there are no weights, or they lack it.
    """
    _require_weights(job, "features=hubert")
    context, backend = job.context, job.options.backend
    folder = context.weights or pulled_folder(context.checkpoints, backend, context.device)
    weights = best_form(folder, backend, "auto")
    weights.path("hubert", "onnx")
    return SpeechEncoder(weights, context.device, context.notice)


def _require_weights(job: Job, option: str) -> None:
    names = [spec.name for spec in checkpoints.ALTERNATIVES]
    if job.context.weights is None and not any(name in job.context.checkpoints for name in names):
        raise dh.CheckpointMissing(
            f"{option} needs the published weights, which are not here; run: dh checkpoints pull {names[0]}; "
            "or name a folder with --set weights=FOLDER"
        )
