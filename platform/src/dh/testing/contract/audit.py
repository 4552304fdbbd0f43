"""Hears the interpreter's audit events for a while: who reaches for the network, and who changes the environment."""

from __future__ import annotations

import contextlib
import functools
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

Listener = Callable[[str, tuple[Any, ...]], None]

_listeners: list[Listener] = []

_NETWORK = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")


@contextlib.contextmanager
def blocked_network() -> Iterator[list[str]]:
    """While it lasts, any attempt to connect, to send or to look up a name fails; the value lists the attempts.

    It sees what goes through Python's sockets, whoever calls them. Sockets within the machine that have a path
    (AF_UNIX) are not the network.
    """
    attempts: list[str] = []

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _NETWORK:
            return
        reached = arguments[0]
        if isinstance(reached, socket.SocketType):
            if reached.family == getattr(socket, "AF_UNIX", None):
                return
            reached = arguments[1]
        attempts.append(f"{event.removeprefix('socket.')} {reached!r}")
        raise OSError(f"the network is blocked: {attempts[-1]}")

    with _heard(listen):
        yield attempts


@contextlib.contextmanager
def watched_environment() -> Iterator[set[str]]:
    """The value has the names of the environment variables that were set or removed so far."""
    touched: set[str] = set()

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.putenv", "os.unsetenv"):
            name = arguments[0]
            touched.add(name.decode(errors="replace") if isinstance(name, bytes) else str(name))

    with _heard(listen):
        yield touched


@contextlib.contextmanager
def _heard(listener: Listener) -> Iterator[None]:
    _install()
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@functools.cache
def _install() -> None:
    """Once per process: an audit hook cannot be removed."""
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for listener in tuple(_listeners):
        listener(event, arguments)
