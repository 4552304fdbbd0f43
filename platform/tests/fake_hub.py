"""A hub on this machine that answers as the real one does, faults included."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

COMMIT = "c" * 40


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class Hub:
    """A hub with one repository at one revision. ``requests`` records (method, path, range, authorization)."""

    files: dict[str, bytes]
    revision: str = "v1"
    requests: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    status: int = 200
    error_code: str = ""
    token: str | None = None
    commit: str | None = COMMIT
    etags: dict[str, str] = field(default_factory=dict)
    cut_once_at: int | None = None
    hold_at: int | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def fetched(self) -> list[tuple[str, str | None]]:
        """Path and Range header of each GET."""
        return [(path, ranged) for method, path, ranged, _ in self.requests if method == "GET"]


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        hub, ranged = self.hub, self.headers["Range"]
        repository, _, rest = unquote(self.path).partition("/resolve/")
        revision, _, path = rest.partition("/")
        hub.requests.append((self.command, path, ranged, self.headers["Authorization"]))
        if hub.token and self.headers["Authorization"] != f"Bearer {hub.token}":
            return self.refuse(401, "GatedRepo")
        if hub.status != 200:
            return self.refuse(hub.status, hub.error_code)
        if repository != "/owner/toy":
            return self.refuse(401, "RepoNotFound")
        if revision != hub.revision:
            return self.refuse(404, "RevisionNotFound")
        if path not in hub.files:
            return self.refuse(404, "EntryNotFound")
        content = hub.files[path]
        start = int(ranged.removeprefix("bytes=").removesuffix("-")) if ranged else 0
        self.send_response(206 if ranged else 200)
        if hub.commit:
            self.send_header("X-Repo-Commit", hub.commit)
        self.send_header("ETag", f'"{hub.etags.get(path) or sha256(content)}"')
        self.send_header("Content-Length", str(len(content) - start))
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if with_body:
            self.send_body(content[start:])
        return None

    def send_body(self, body: bytes) -> None:
        hub = self.hub
        with contextlib.suppress(OSError):  # a client that was killed
            if hub.cut_once_at is not None:
                self.wfile.write(body[: hub.cut_once_at])
                hub.cut_once_at = None
            elif hub.hold_at is not None:
                self.wfile.write(body[: hub.hold_at])
                hub.go_on.wait(10)
                self.wfile.write(body[hub.hold_at :])
            else:
                self.wfile.write(body)

    def refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass
