"""Writing to standard output and to the network: playable at once, in real time, with errors instead of hangs."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dh.errors import MediaError, OptionError
from dh.media import network
from dh.media.writer import VideoWriter, check_target

PIPE_PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from dh.errors import MediaError
from dh.media.writer import VideoWriter
frames, wait_after = int(sys.argv[1]), int(sys.argv[2])
try:
    with VideoWriter("-", width=160, height=96, fps=25, audio=Path(sys.argv[3])) as writer:
        for i in range(frames):
            writer.write(np.random.default_rng(i).integers(0, 255, (96, 160, 3), dtype=np.uint8))
            if i == wait_after:
                sys.stdin.readline()
except MediaError as error:
    sys.exit(str(error))
"""

QUIET_PROGRAM = """
import sys
import numpy as np
from dh.media.writer import VideoWriter
for name, codec in (("a.mp4", "h264"), ("a.mp4", "hevc"), ("a.mp4", "av1"), ("a.webm", "vp9")):
    with VideoWriter(f"{sys.argv[1]}/{name}", width=160, height=96, fps=25, audio=None, codec=codec) as writer:
        for i in range(8):
            writer.write(np.zeros((96, 160, 3), np.uint8))
"""


def start(program: str, *arguments: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def send(target: str, media: Any, frames: int, audio: Path | None = None) -> None:
    with VideoWriter(target, width=160, height=96, fps=25, audio=audio) as writer:
        for i in range(frames):
            writer.write(media.numbered(i))


def decoded(file: Any, kind: str) -> Iterator[Any]:
    with av.open(file, "r") as container:
        yield from container.decode(**{kind: 0})


def content(data: bytes) -> tuple[int, float]:
    """Number of frames and seconds of sound."""
    pictures = decoded(io.BytesIO(data), "video")
    return len(list(pictures)), sum(frame.samples / frame.sample_rate for frame in decoded(io.BytesIO(data), "audio"))


@pytest.fixture
def audio(media: Any) -> Path:
    path: Path = media.sound("speech.wav", media.tone(2.4, 48000, 2), 48000)
    return path


def test_standard_output_is_a_whole_video(audio: Path) -> None:
    with start(PIPE_PROGRAM, 60, -1, audio) as process:
        data, errors = process.communicate()
    frames, seconds = content(data)
    assert errors == b""
    assert frames == 60
    assert 2.4 <= seconds <= 2.4 + 2 * 1024 / 48000
    assert [next(decoded(io.BytesIO(data), kind)).pts for kind in ("video", "audio")] == [0, 0]


def test_standard_output_plays_while_it_grows(audio: Path) -> None:
    with start(PIPE_PROGRAM, 150, 149, audio) as process:
        frames = decoded(process.stdout, "video")
        for _ in range(25):
            next(frames)
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert 25 + sum(1 for _ in frames) == 150


def test_reader_of_standard_output_that_goes_away_ends_the_writer(audio: Path) -> None:
    with start(PIPE_PROGRAM, 1000, -1, audio) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1000)
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert errors == "--output -: its reader went away before the video was complete\n"


def test_terminal_as_standard_output_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.__stdout__, "isatty", lambda: True)
    with pytest.raises(OptionError, match="--output -: standard output is a terminal"):
        check_target("-")


def test_interrupted_standard_output_raises_the_interrupt(media: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        def write(self, data: bytes) -> int:
            raise KeyboardInterrupt

    class Output:
        buffer = Interrupting()

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "__stdout__", Output())
    with pytest.raises(KeyboardInterrupt):
        send("-", media, 80)


def test_encoders_print_nothing(media: Any) -> None:
    with start(QUIET_PROGRAM, media.folder) as process:
        assert process.communicate() == (b"", b"")
        assert process.returncode == 0


def test_udp_sends_a_transport_stream_in_real_time(media: Any, audio: Path) -> None:
    received: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.5)

        def receive() -> None:
            while True:
                try:
                    received.append(receiver.recv(65536))
                except TimeoutError:
                    if received:
                        return

        listening = threading.Thread(target=receive)
        listening.start()
        begin = time.monotonic()
        send(f"udp://127.0.0.1:{receiver.getsockname()[1]}", media, 25, audio)
        lasted = time.monotonic() - begin
        listening.join()
    assert 24 / 25 <= lasted < 3
    assert max(map(len, received)) == 1316
    frames, seconds = content(b"".join(received))
    assert frames == 25
    assert seconds >= 2.4


def test_tcp_sends_a_transport_stream(media: Any, audio: Path) -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def receive() -> None:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    received.append(data)

        listening = threading.Thread(target=receive)
        listening.start()
        send(f"tcp://127.0.0.1:{server.getsockname()[1]}", media, 10, audio)
        listening.join()
    assert content(b"".join(received))[0] == 10


def test_rtmp_reaches_a_server(media: Any, audio: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"rtmp://127.0.0.1:{port}/live/key"
    program = f"""
import av
container = av.open({url!r}, container_options={{"listen": "1", "timeout": "20"}})
counts = dict(video=0, audio=0)
try:
    for packet in container.demux():
        counts[packet.stream.type] += bool(packet.size)
except OSError:
    pass
print(counts["video"], counts["audio"])
"""
    with start(program) as server:
        deadline = time.monotonic() + 15
        while True:
            try:
                send(url, media, 15, audio)
                break
            except MediaError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        counted, _ = server.communicate()
    video, sound = map(int, counted.split())
    assert video == 15
    assert sound == pytest.approx(2.4 * 48000 / 1024, abs=3)


@pytest.mark.parametrize("url", ["rtmp://127.0.0.1:{port}/live/key", "tcp://127.0.0.1:{port}"])
def test_refused_connection_is_reported_at_once(media: Any, url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    begin = time.monotonic()
    with pytest.raises(MediaError, match=f"--output .*{port}.*: nobody listens there"):
        send(url.format(port=port), media, 100)
    assert time.monotonic() - begin < 2


def test_unknown_host_is_reported(media: Any) -> None:
    with pytest.raises(MediaError, match="cannot connect"):
        send("rtmp://no-such-host.invalid/live/key", media, 100)


def test_server_that_never_answers_is_given_up(media: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "STALL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        begin = time.monotonic()
        with pytest.raises(MediaError, match=r"took nothing for 0\.5 s; check the address"):
            send(f"rtmp://127.0.0.1:{mute.getsockname()[1]}/live/key", media, 100)
        assert time.monotonic() - begin < 3


def test_receiver_that_hangs_up_is_reported(media: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        answering = threading.Thread(target=hang_up)
        answering.start()
        with pytest.raises(MediaError, match="the receiver closed the connection"):
            send(f"tcp://127.0.0.1:{server.getsockname()[1]}", media, 100)
        answering.join()


def test_srt_is_refused_where_it_is_not_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(url: str) -> None:
        raise av.error.ProtocolNotFoundError(1, "Protocol not found", url)

    monkeypatch.setattr(av, "open", missing)
    with pytest.raises(OptionError, match="cannot send srt; give rtmp://"):
        check_target("srt://127.0.0.1:9000")


def test_live_frames_are_paced_by_the_clock_not_by_the_sum_of_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(round(seconds, 6))
        now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(time, "sleep", sleep)
    pacer = network.Pacer(Fraction(10))
    for index, busy in enumerate([0.0, 0.03, 0.25, 0.0, 0.0]):
        now += busy
        pacer.wait(index)
    assert slept == [0.07, 0.05]
    assert np.isclose(now, 100.4)
