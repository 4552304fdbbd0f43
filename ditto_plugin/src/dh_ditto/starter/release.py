"""Makes of a finished training the folder that is shipped: weights, graph, and a card with what they reach.

python -m dh_ditto.starter.release TRAINED DATA -o FOLDER
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import yaml

import dh
from dh_ditto.motion import Array
from dh_ditto.starter.denoiser import GRAPH_NAME, read_module
from dh_ditto.starter.driver import SHIPPED, StarterDriver
from dh_ditto.starter.export import export_starter
from dh_ditto.starter.options import StarterOptions
from dh_ditto.synthesis.dataset import RECIPE, make_dataset
from dh_ditto.synthesis.evaluate import Measures, TruthClip, evaluate, viseme_rows
from dh_ditto.synthesis.recipe import Recipe
from dh_ditto.training.result import MODEL_NAME, WEIGHTS_NAME, TrainedModel

CARD_NAME = "MODEL_CARD.md"

_LEAST_HOURS = 0.001
"""Of training clips, which measuring does not need."""

_CARD = Path(__file__).with_name("model_card.md")
"""What the card says; figures are filled in."""


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", type=Path, help="folder that 'dh train' wrote weights into")
    parser.add_argument("data", type=Path, help="folder that 'dh prepare' wrote, with validation clips")
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED, help="folder to write")
    given = parser.parse_args(arguments)
    release(given.trained, given.data, given.output)


def release(trained: Path, data: Path, output: Path) -> None:
    """Copies weights, exports their graph, measures both drivers, writes the card.

    They are measured twice on the held-out clips: with their sound as it was spoken, and augmented as in training.

    Args:
        trained: folder with ``motion_decoder.safetensors`` and ``model.yaml``.
        data: synthesised folder with validation clips.
        output: folder to write; files of an earlier release are replaced.

    Raises:
        DHError: a folder is not complete.
    """
    output.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS_NAME, MODEL_NAME):
        with dh.whole_file(output / name) as temporary:
            shutil.copyfile(trained / name, temporary)
    if (trained / GRAPH_NAME).is_file():
        with dh.whole_file(output / GRAPH_NAME) as temporary:
            shutil.copyfile(trained / GRAPH_NAME, temporary)
    else:
        export_starter(output)
    with tempfile.TemporaryDirectory(prefix="dh-starter-") as folder:
        clean = make_dataset(_held_out(data), Path(folder) / "clean")
        measured = [
            evaluate(driver, clips)
            for clips in (clean, data)
            for driver in (lambda clip, seed: starter_rows(output, clip, seed), viseme_rows)
        ]
    with dh.whole_file(output / CARD_NAME) as temporary:
        temporary.write_text(_card(output, data, measured), encoding="utf-8")


def _held_out(data: Path) -> Recipe:
    """The recipe of a folder's held-out clips without augmentation."""
    values = yaml.safe_load((data / RECIPE).read_text(encoding="utf-8"))
    return Recipe.model_validate({**values, "hours": _LEAST_HOURS, "clean_share": 1})


def starter_rows(folder: Path, clip: TruthClip, seed: int, **options: object) -> Array:
    """The starter's motion rows [n, 58] for a held-out clip, in the clip's emotion and style."""
    values = {
        "emotion": clip.emotion[:1].tolist(),
        "articulation": float(np.clip(clip.style[0, 0], 0.4, 1.6)),
        "head_motion": float(np.clip(clip.style[0, 1], 0, 2)),
        **options,
    }
    context = dh.Context(fps=25.0, seed=seed, device="cpu", weights=folder)
    driver = StarterDriver(StarterOptions.model_validate(values), context)
    return np.concatenate(list(driver.rows(_chunks(clip.samples))))


def _chunks(samples: Array) -> Iterator[dh.AudioChunk]:
    yield dh.AudioChunk(samples, 0)


def _card(folder: Path, data: Path, measured: Sequence[Measures]) -> str:
    model = TrainedModel.read(folder)
    seconds = [
        sum(row["frame_num"] for row in json.loads((data / f"{split}.json").read_text(encoding="utf-8"))) / model.fps
        for split in ("train", "validation")
    ]
    columns = [asdict(measures) for measures in measured]
    rows = [
        f"| {name} | {' | '.join(f'{column[name]:.3g}' for column in columns)} |"
        for name in columns[0]
        if name != "clips"
    ]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    ).stdout.strip()
    size, training = model.network, model.training
    network = f"{size.num_layers} layers, width {size.latent_dim}, feed-forward {size.ff_size}, {size.num_heads} heads"
    return _CARD.read_text(encoding="utf-8").format(
        parameters=sum(weight.numel() for weight in read_module(folder, model).parameters()),
        network=network,
        frames=size.seq_frames,
        motion=size.motion_feat_dim,
        hours=seconds[0] / 3600,
        steps=training.steps,
        batch=training.batch,
        minutes=training.minutes,
        seed=training.seed,
        commit=commit or "unknown",
        clips=measured[-1].clips,
        held_out=seconds[1] / 60,
        rows="\n".join(rows),
    )


if __name__ == "__main__":
    main()
