"""A session that runs again and again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dh.components import Stage
from dh.pipeline import Pipeline
from dh.progress import Listener, ignore
from dh.request import RunRequest
from dh.session import Session


class WarmSession(Session):
    """A session whose later runs use the driver, adapters and renderer that its first run has built and warmed.

    Each run ends for good before the next begins.
    """

    def __init__(self, request: RunRequest, *, listener: Listener = ignore, prefer_online: bool = False) -> None:
        self._built: dict[str, Any] = {}
        self._before: Pipeline | None = None
        super().__init__(request, listener=listener, prefer_online=prefer_online)

    def forget(self) -> None:
        """Makes the next run build its components anew."""
        self._built.clear()

    def _build(self, role: str) -> Any:
        if role == "avatar":  # a run lets go of it, and of its memory, once the source is registered
            return super()._build(role)
        if role not in self._built:
            self._built[role] = super()._build(role)
        return self._built[role]

    def _pipeline(self, stages: list[Stage], patient: Collection[str] = ()) -> Pipeline:
        if self._before is not None:  # a stage may still work on an item that nobody waits for
            self._before.wait()
        self._before = super()._pipeline(stages, patient)
        return self._before
