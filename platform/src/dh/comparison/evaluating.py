"""The job that measures a cell's video."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dh.comparison.channel import Channel
from dh.evaluation.evaluate import evaluate
from dh.files import whole_file


def work(job: dict[str, Any], channel: Channel) -> None:
    """Evaluates as ``job["evaluate"]``, the arguments of ``dh.evaluate``, says, into the file ``job["output"]``.

    Raises:
        DHError: as ``dh.evaluate``.
    """
    evaluation = evaluate(**job["evaluate"], on_event=channel.listen)
    with whole_file(Path(job["output"])) as temporary:
        temporary.write_text(json.dumps(evaluation) + "\n", encoding="utf-8")
