"""Data for the starter, made from a seed: eSpeak NG speaks, and rules give each phoneme its face.

Sentences (``texts``) are spoken (``espeak``) and cut into timed segments (``phonemes``, ``segments``). Lips and jaw
(``mouth``), head (``head``), eyes and emotion (``emotions``) follow them (``performance``). The sound is made as varied
as recordings are (``augment``), and both become clips in the layout that training reads (``clip``, ``dataset``).
``evaluate`` measures any driver's motion against the same truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dh


def synthesise(
    config: Path | None,
    output: Path,
    options: Mapping[str, Any],
    listener: Callable[[dh.Progress | dh.Notice], None],
) -> Path:
    """Makes the data of a recipe; an interrupted call goes on where it stopped.

    Args:
        config: the recipe as a YAML file; None takes the defaults.
        output: folder; see ``dataset.make_dataset``.
        options: changes to the recipe.
        listener: gets ``dh.Progress`` in seconds of sound made.

    Raises:
        OptionError: the recipe cannot be used.
        InputError: the folder holds something else, or cannot be written.
        ExtraMissing: the package with eSpeak NG is not installed.
    """
    from dh_ditto.settings import read_settings
    from dh_ditto.synthesis.dataset import make_dataset
    from dh_ditto.synthesis.recipe import Recipe

    return make_dataset(read_settings(Recipe, config, options), output, listener)
