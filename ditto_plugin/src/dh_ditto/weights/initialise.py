"""Makes a full set of untrained weights, so that everything can be run and measured where there are no real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import dh
from dh_ditto.weights.audio_encoder import write_audio_encoder
from dh_ditto.weights.configuration import WeightsFile, write_weights_file
from dh_ditto.weights.convert import StepDone, save
from dh_ditto.weights.extras import require
from dh_ditto.weights.layout import NETWORKS, Weights, file_name, find
from dh_ditto.weights.load import PARALLEL_PREFIX, WRAPPERS, new
from dh_ditto.weights.untrained import seeded_state_dict

COMPUTED_BUFFERS = ("freqs",)
"""Last parts of keys whose values follow from the architecture."""

_UNTRAINED = """# Untrained weights

The networks in this folder have the published sizes and random values (seed {seed}). They show that the software runs
and how fast; the video that they make is noise. Nothing here was learned from anyone's data.

Remove the folder and pull the published weights to see a face speak.
"""


def initialise(
    folder: str | Path,
    seed: int = 0,
    *,
    layout: Literal["safetensors", "published"] = "safetensors",
    progress: StepDone | None = None,
) -> Weights:
    """Writes untrained weights of the published size: 0.7 GB, decided by the seed alone.

    Args:
        folder: to make; it appears whole or not at all.
        seed: of all values.
        layout: "published" writes PyTorch files as they are published, for trying the conversion. That layout has
            no place to say that its weights are untrained.
        progress: told before each file.

    Raises:
        InputError: the folder holds something, or cannot be written.
        ExtraMissing: PyTorch or onnx is not installed.
    """
    for package in ("torch", "onnx"):
        require(package)
    target, total = Path(folder), len(NETWORKS) + 1
    tell = progress or (lambda done, total, name: None)
    with dh.whole_folder(target) as made:
        for done, network in enumerate(NETWORKS):
            tell(done, total, network)
            _write_network(network, made, seed, layout)
        tell(total - 1, total, "hubert")
        if layout == "published":
            audio = made / "ditto_pytorch" / "aux_models" / "hubert_streaming_fix_kv.onnx"
        else:
            audio = made / file_name("hubert", "onnx")
            write_weights_file(made, WeightsFile(untrained=seed))
        audio.parent.mkdir(parents=True, exist_ok=True)
        write_audio_encoder(audio, seed)
        (made / "UNTRAINED.md").write_text(_UNTRAINED.format(seed=seed), encoding="utf-8")
    tell(total, total, "")
    return find(target)


def _write_network(network: str, folder: Path, seed: int, layout: str) -> None:
    torch = require("torch")
    with torch.random.fork_rng(devices=()):  # what a module draws for itself is replaced, and nobody else's business
        state = seeded_state_dict(new(network), seed, skip=COMPUTED_BUFFERS)
    if layout == "safetensors":
        save(state, folder / file_name(network, "safetensors"))
        return
    if network == "stitch_network":
        state = {PARALLEL_PREFIX + key: tensor for key, tensor in state.items()}
    wrapper = WRAPPERS.get(network)
    path = folder / "ditto_pytorch" / "models" / file_name(network, "pytorch")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({wrapper: state} if wrapper else state, path)
