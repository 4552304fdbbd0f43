"""Opening a live session from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dh.presets import read_preset
from dh.progress import Listener, ignore
from dh.realtime.clock import Pace
from dh.realtime.session import LiveSession
from dh.request import combine, make_request
from dh.session import Session

PathLike = str | os.PathLike[str]


def live(
    method: str | None = None,
    *,
    source: PathLike | None = None,
    avatar: PathLike | None = None,
    config: str | None = None,
    profile: str | None = None,
    driver: str | None = None,
    renderer: str | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int | None = None,
    fps: float | None = None,
    device: str | None = None,
    commercial_only: bool | None = None,
    sample_rate: int = 16_000,
    pace: Pace = "real-time",
    breath: float = 1.0,
    on_event: Listener = ignore,
) -> LiveSession:
    """Opens a live session: an iterator of ``LiveFrame`` that speaks what is pushed to it, see ``dh.LiveSession``.

    The method runs in mode online. ``sample_rate``, ``pace`` and ``breath`` are those of ``dh.LiveSession``, the other
    arguments those of ``dh.run``; ``on_event`` is called from any thread.

    Raises:
        OptionError: the method's driver cannot run online, or another value that does not fit.
        DHError: whatever keeps the session from opening.
    """
    values = combine(
        read_preset(config) if config else None,
        method=method,
        source=source,
        avatar=avatar,
        profile=profile,
        driver=driver,
        renderer=renderer,
        options=options,
        mode="online",
        seed=seed,
        fps=fps,
        device=device,
        commercial_only=commercial_only,
    )
    values.pop("codec", None)
    values.pop("crf", None)
    session = Session(make_request(**values), listener=on_event)
    return LiveSession(session, sample_rate=sample_rate, pace=pace, breath=breath)
