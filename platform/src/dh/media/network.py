"""Sending to the network without ever waiting for it longer than is reasonable."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av

from dh.errors import MediaError, OptionError

STALL_SECONDS = 10.0
"""A receiver that takes nothing for so long is given up."""

_QUEUED_PACKETS = 2
"""Packets between encoder and connection: so few that a receiver which stops is noticed at once."""


def check_srt(target: str) -> None:
    """Refuses SRT where FFmpeg was built without its library; the other protocols are FFmpeg's own.

    Raises:
        OptionError: it was.
    """
    try:
        av.open("srt:").close()  # without an address nothing is opened
    except av.error.ProtocolNotFoundError:
        raise OptionError(
            f"--output {target}: this installation of PyAV cannot send srt; give rtmp://, udp:// or tcp://"
        ) from None
    except (av.FFmpegError, OSError):
        return


def open_network(target: str, scheme: str, muxer: str, options: dict[str, str]) -> av.container.OutputContainer:
    """Opens a stream to a URL. The connection is made in FFmpeg's own thread: that it fails, a later write tells."""
    if scheme == "udp" and "pkt_size=" not in target:  # seven transport packets in one datagram of Ethernet size
        target += f"{'&' if '?' in target else '?'}pkt_size=1316"
    inner = ":".join(f"{key}={value}" for key, value in options.items())
    fifo = {"fifo_format": muxer, "queue_size": str(_QUEUED_PACKETS)}
    return av.open(target, "w", format="fifo", container_options=fifo | ({"format_opts": inner} if inner else {}))


class Link:
    """Calls FFmpeg for a network target in threads, so that a receiver which stops cannot hold up the caller.

    Attributes:
        stuck: whether a call has not come back. The container that it works on may not be touched any more then; the
            thread that is left behind keeps it alive, and ends with the process.
    """

    def __init__(self) -> None:
        self.stuck = False

    def call(self, action: Callable[..., Any], *args: Any) -> None:
        """Calls ``action`` and waits for it.

        Raises:
            TimeoutError: it did not come back for ``STALL_SECONDS``.
            BaseException: what it raised.
        """
        failure: list[BaseException] = []

        def run() -> None:
            try:
                action(*args)
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=run, daemon=True, name="dh-network")
        self.stuck = True
        thread.start()
        thread.join(STALL_SECONDS)
        if thread.is_alive():
            raise TimeoutError(errno.ETIMEDOUT, f"the receiver took nothing for {STALL_SECONDS:g} s")
        self.stuck = False
        if failure:
            raise failure[0]


def describe(error: OSError, target: str) -> MediaError:
    """What a failed connection means to a user."""
    if isinstance(error, ConnectionRefusedError):
        why = "nobody listens there; start the receiver first"
    elif isinstance(error, TimeoutError):
        why = f"{error.strerror}; check the address and the receiver"
    elif isinstance(error, ConnectionError):
        why = "the receiver closed the connection; check its log"
    else:
        why = f"cannot connect ({error.strerror}); check the address and the network"
    return MediaError(f"--output {target}: {why}")


class Pacer:
    """Lets frames out no faster than they are to be seen, as a live receiver expects."""

    def __init__(self, fps: Fraction) -> None:
        self._fps = fps
        self._start: float | None = None

    def wait(self, index: int) -> None:
        """Returns when frame ``index`` is due; frame 0 is due at once."""
        now = time.monotonic()
        if self._start is None:
            self._start = now
        delay = self._start + float(index / self._fps) - now
        if delay > 0:
            time.sleep(delay)
