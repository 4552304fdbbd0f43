"""Writes ``docs/metrics.md`` from the declarations of the metrics, so that the page cannot differ from them."""

from __future__ import annotations

import textwrap
from typing import Any

_WIDTH = 120
_TIERS = {
    0: "Without weights",
    1: "With weights that permit use",
    2: "With research-only weights",
}

_HEAD = """\
# Metrics

Written by `script/docs` from the metrics' own declarations; a test keeps it so.

    dh evaluate out.mp4                                     # everything that can be measured on the video alone
    dh evaluate out.mp4 --audio speech.wav --reference gt.mp4
    dh evaluate out.mp4 --metrics mouth-audio-lag,freezes --json
    dh evaluate out.mp4 --tier 2                            # research-only weights run only where they are asked for
    dh metrics                                              # what there is, and what is missing here

From Python, `dh.evaluate("out.mp4", reference="gt.mp4")` returns what `--json` prints.

Sound is the video's own where `--audio` is left out. Speed and memory come from the run record beside the video. A
reference is compared frame by frame at the video's frame times. Without `--metrics` and `--tier` every metric of
tiers 0 and 1 runs that can, and `left_out` names the others with the reason.
"""

_NUMBERS = """\
## What a number carries

Each metric's entry in the JSON has its `version`, which changes whenever its numbers may change, `count` (frames, or
what the table calls "over"), the video's `fps`, `crop` (which part of each frame was looked at), and the SHA-256 of the
`weights` that it used. `note` is what a reader must know of the value. Where there is no value, `why` says so in one
line: no face, no sound, another size, missing weights. A metric that fails never ends an evaluation.

`series` has curves with a value for every frame, null where there is none: "mouth opening" (face heights), "loudness"
(0 to 1), "pitch", "yaw" and "roll" (degrees), "eye opening" (share of the person's open eyes) and "blink" (0 or 1).
"""

_OWN = """\
## A metric of your own

A plugin declares metrics as it declares drivers ([Writing a plugin](plugins.md)). This is a whole one:

```python
import dh


@dh.hookimpl
def dh_metrics():
    yield dh.MetricSpec(
        name="brightness",
        title="Brightness",
        summary="mean level of all pixels",
        explanation="The mean of all pixels' levels. 0 is black, 255 is white.",
        implementation="dh_brightness:Brightness",
        unit="levels",
        higher_is_better=None,
    )


class Brightness:
    def __init__(self, options, context):
        pass

    def measure(self, material):
        levels = [float(frame.mean()) for frame in material.frames()]
        if max(levels) == 0:
            raise dh.NotMeasurable("the video is black")
        return dh.Measure(sum(levels) / len(levels), count=len(levels), series={"brightness": levels})
```

`material` (`dh.Material`) gives frames, the reference's frames at the same times, the sound at 16 kHz and the run
record. What several metrics need, such as the landmarks of every frame, is made once with `material.shared(key, make)`.
"""


def metric_reference() -> str:
    """``docs/metrics.md``: every installed metric with its words, as Markdown."""
    from dh.evaluation.listing import metric_rows
    from dh.registry import installed

    rows = metric_rows(installed())
    lines = [
        _HEAD,
        "| metric | is | unit | better | needs | version |",
        "|---|---|---|---|---|---|",
        *(
            f"| [`{row['name']}`](#{_anchor(row['title'])}) | {row['summary']} | {row['unit']} | {_better(row)} "
            f"| {', '.join(row['needs'])} | {row['version']} |"
            for row in rows
        ),
        "",
        _NUMBERS.rstrip(),
    ]
    for tier, heading in _TIERS.items():
        lines += ["", f"## Tier {tier}: {heading.lower()}"]
        for row in (row for row in rows if row["tier"] == tier):
            lines += ["", f"### {row['title']}", "", *textwrap.wrap(row["explanation"], _WIDTH), "", *_terms(row)]
    return "\n".join([*lines, "", _OWN])


def _better(row: dict[str, Any]) -> str:
    return {True: "higher", False: "lower", None: ""}[row["higher_is_better"]]


def _terms(row: dict[str, Any]) -> list[str]:
    """The line on a metric's name, licence and weights."""
    weights = f" Weights: {', '.join(f'`{name}`' for name in row['checkpoints'])}." if row["checkpoints"] else ""
    line = f"`{row['name']}`, of the plugin `{row['plugin']}`. Licence: {row['licence']}; commercial use "
    return textwrap.wrap(f"{line}{row['commercial']}.{weights}", _WIDTH)


def _anchor(title: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")
