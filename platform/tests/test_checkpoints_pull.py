"""Pulling from a hub: whole, continued, checked, or an error that says what to put where.

The hub is a server on this machine that answers as the real one does, faults included.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from dh import checkpoints
from dh.declarations import CheckpointFile, CheckpointSpec, Licence
from dh.errors import CheckpointMissing, DHError, InputError
from fake_hub import Handler, Hub, sha256

BIG = bytes(range(256)) * 1600
SMALL = b"scale: 1\n"
TERMS = Licence(name="CC0-1.0", commercial="allowed")


def file_of(path: str, content: bytes) -> CheckpointFile:
    return CheckpointFile(path=path, licence=TERMS, size=len(content), sha256=sha256(content))


def spec_of(*files: CheckpointFile, revision: str = "v1") -> CheckpointSpec:
    return CheckpointSpec(name="toy", repository="owner/toy", revision=revision, files=files)


WHOLE = spec_of(file_of("nets/big net.bin", BIG), file_of("config.yaml", SMALL))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DH_CHECKPOINTS", str(tmp_path / "weights"))
    # Read when the library is first imported, which another test may have done. Telemetry asks the real hub.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    # The library hands over 10 MB at a time, more than these files have.
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1 << 14)
    return tmp_path / "weights"


@pytest.fixture
def hub(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub({"nets/big net.bin": BIG, "config.yaml": SMALL})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("HubHandler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    yield hub
    hub.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


def visible(root: Path) -> set[str]:
    """Files below the checkpoint's folder that do not have a hidden name."""
    home = root / "toy"
    return {
        path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file() and path.name[0] != "."
    }  # fmt: skip


def partials(root: Path) -> list[Path]:
    return list((root / "toy").rglob(".*.part"))


def failure(spec: CheckpointSpec, **options: Any) -> str:
    """The message with which a pull fails: one line."""
    with pytest.raises(CheckpointMissing) as caught:
        checkpoints.pull(spec, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_files_are_pulled_whole_from_the_mirror_at_the_declared_revision(hub: Hub, root: Path) -> None:
    assert checkpoints.pull(WHOLE) == root / "toy"
    assert (root / "toy" / "nets" / "big net.bin").read_bytes() == BIG
    assert (root / "toy" / "config.yaml").read_bytes() == SMALL
    assert not partials(root)
    assert checkpoints.require(WHOLE) == root / "toy"


def test_what_is_there_is_not_pulled_again(hub: Hub, root: Path) -> None:
    checkpoints.pull(WHOLE)
    hub.requests.clear()
    checkpoints.pull(WHOLE)
    assert hub.requests == []


def test_a_file_put_by_hand_is_not_pulled(hub: Hub, root: Path) -> None:
    (root / "toy" / "nets").mkdir(parents=True)
    (root / "toy" / "nets" / "big net.bin").write_bytes(BIG)
    checkpoints.pull(WHOLE)
    assert hub.fetched() == [("config.yaml", None)]


def test_a_damaged_file_is_pulled_again(hub: Hub, root: Path) -> None:
    checkpoints.pull(WHOLE)
    (root / "toy" / "config.yaml").write_bytes(b"scale: 2\n")
    hub.requests.clear()
    checkpoints.pull(WHOLE)
    assert hub.fetched() == [("config.yaml", None)]
    assert (root / "toy" / "config.yaml").read_bytes() == SMALL


def test_force_pulls_everything_again(hub: Hub, root: Path) -> None:
    checkpoints.pull(WHOLE)
    hub.requests.clear()
    checkpoints.pull(WHOLE, force=True)
    assert len(hub.fetched()) == 2


def test_hashes_are_known_after_a_pull_without_reading_again(
    hub: Hub, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.pull(WHOLE)
    monkeypatch.setattr("dh.checkpoints.integrity.read_digest", lambda path: pytest.fail(f"{path} was read"))
    assert checkpoints.hashes(WHOLE) == {"nets/big net.bin": sha256(BIG), "config.yaml": sha256(SMALL)}


def test_a_cut_download_is_continued_where_it_ended(hub: Hub, root: Path) -> None:
    hub.cut_once_at = len(BIG) // 2
    # Newer versions of the library continue at once; older ones give up, and the next pull continues.
    with contextlib.suppress(CheckpointMissing):
        checkpoints.pull(WHOLE)
    checkpoints.pull(WHOLE)
    (_, first), (path, second) = hub.fetched()[:2]
    assert (path, first) == ("nets/big net.bin", None)
    assert second is not None
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= len(BIG) // 2
    assert (root / "toy" / "nets" / "big net.bin").read_bytes() == BIG


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_ended_pull_leaves_no_final_file_and_is_continued(hub: Hub, root: Path, how: signal.Signals) -> None:
    hub.hold_at = len(BIG) // 2
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import huggingface_hub.constants; huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = 1 << 14\n"
        "from dh import checkpoints; from dh.declarations import *\n"
        f"checkpoints.pull({WHOLE!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, env=dict(os.environ))
    deadline = time.monotonic() + 10
    while not any(path.stat().st_size for path in partials(root)) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate(timeout=10)
    assert process.returncode != 0
    assert visible(root) == set()
    hub.hold_at = None
    hub.go_on.set()
    checkpoints.pull(WHOLE)
    assert hub.fetched()[1][1] is not None
    assert visible(root) == {"nets/big net.bin", "config.yaml"}
    assert not partials(root)


def test_a_partial_file_of_another_version_is_not_continued(hub: Hub, root: Path) -> None:
    spec = spec_of(CheckpointFile(path="nets/big net.bin", licence=TERMS))
    hub.hold_at = len(BIG) // 2

    def stop(done: int, *_: object) -> None:
        if done >= 1 << 14:
            raise DHError("stopped")

    with pytest.raises(DHError, match="stopped"):
        checkpoints.pull(spec, on_progress=stop)
    assert partials(root)
    hub.hold_at = None
    hub.files["nets/big net.bin"] = BIG[::-1]
    checkpoints.pull(spec)
    assert hub.fetched()[-1][1] is None
    assert (root / "toy" / "nets" / "big net.bin").read_bytes() == BIG[::-1]
    assert not partials(root)


def test_progress_runs_over_all_files_to_the_total(hub: Hub, root: Path) -> None:
    seen: list[tuple[int, int | None, str]] = []
    checkpoints.pull(WHOLE, on_progress=lambda *event: seen.append(event))
    total = len(BIG) + len(SMALL)
    assert {event[1] for event in seen} == {total}
    assert [event[0] for event in seen] == sorted(event[0] for event in seen)
    assert seen[0] == (0, total, "nets/big net.bin")
    assert seen[-1] == (total, total, "config.yaml")
    assert len(seen) > 10


def test_a_listener_takes_the_place_of_the_librarys_bars(
    hub: Hub, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TQDM_POSITION", "-1")  # the library's switch for bars without a terminal
    checkpoints.pull(WHOLE, on_progress=lambda *_: None)
    assert "big net.bin" not in capsys.readouterr().err
    checkpoints.pull(WHOLE, force=True)
    assert "big net.bin" in capsys.readouterr().err


def test_content_that_is_not_the_declared_one_is_refused_and_nothing_left(hub: Hub, root: Path) -> None:
    # A small file's ETag is git's hash, so that only the content can tell.
    hub.files["config.yaml"], hub.etags["config.yaml"] = b"scale: 9\n", "0" * 40
    message = failure(spec_of(file_of("config.yaml", SMALL)))
    assert sha256(b"scale: 9\n") in message
    assert sha256(SMALL) in message
    assert visible(root) == set()
    assert not partials(root)


def test_bytes_damaged_on_the_way_are_refused_though_no_hash_is_declared(hub: Hub, root: Path) -> None:
    hub.etags["config.yaml"] = sha256(b"what was sent")
    assert "config.yaml" in failure(spec_of(CheckpointFile(path="config.yaml", licence=TERMS)))
    assert visible(root) == set()


@pytest.mark.parametrize("declared", [BIG[:-1], BIG[::-1]], ids=["size", "hash"])
def test_a_hub_with_another_file_is_refused_before_anything_is_downloaded(
    hub: Hub, root: Path, declared: bytes
) -> None:
    message = failure(spec_of(file_of("config.yaml", SMALL), file_of("nets/big net.bin", declared)))
    assert "has another nets/big net.bin" in message
    assert hub.fetched() == []


def test_the_error_names_files_repository_revision_and_folder(hub: Hub, root: Path) -> None:
    del hub.files["config.yaml"]
    message = failure(WHOLE)
    assert message == (
        f"checkpoint toy: {hub.address}/owner/toy has no file config.yaml at revision v1; a newer plugin may name "
        "another; or by hand: put nets/big net.bin, config.yaml from owner/toy at revision v1 into "
        f"{root / 'toy'}"
    )
    assert hub.fetched() == []


def test_a_missing_revision_is_named(hub: Hub, root: Path) -> None:
    assert "no revision v2" in failure(spec_of(file_of("config.yaml", SMALL), revision="v2"))


def test_a_gated_repository_names_the_token_and_opens_with_it(
    hub: Hub, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "hf_sesame"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    message = failure(WHOLE)
    assert "gated" in message
    assert "HF_TOKEN" in message
    monkeypatch.setenv("HF_TOKEN", "hf_sesame")
    checkpoints.pull(WHOLE)
    assert {authorization for _, _, _, authorization in hub.requests[1:]} == {"Bearer hf_sesame"}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "GatedRepo", "gated"),
        (403, "", "HF_TOKEN"),
        (401, "RepoNotFound", "does not exist, or is private"),
        (404, "RepoNotFound", "does not exist, or is private"),
        (404, "", "HTTP 404"),
        (503, "", "HTTP 503"),
    ],
)
def test_every_refusal_has_its_reason(hub: Hub, root: Path, status: int, code: str, words: str) -> None:
    hub.status, hub.error_code = status, code
    assert words in failure(WHOLE)
    assert visible(root) == set()


def test_a_page_that_is_no_hub_is_not_taken_for_weights(hub: Hub, root: Path) -> None:
    hub.commit = None
    assert "does not answer as a hub does" in failure(WHOLE)
    assert visible(root) == set()


def test_an_endpoint_that_refuses_connections_fails_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setenv("HF_ENDPOINT", address)
    started = time.monotonic()
    message = failure(WHOLE)
    assert f"{address}/owner/toy cannot be reached" in message
    assert "HF_ENDPOINT" in message
    assert time.monotonic() - started < 3


def test_an_endpoint_that_never_answers_fails_after_the_librarys_timeout(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_ETAG_TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        assert "cannot be reached" in failure(WHOLE)
    assert time.monotonic() - started < 3


def test_offline_mode_reaches_for_nothing_and_says_so(hub: Hub, root: Path) -> None:
    code = f"from dh import checkpoints; from dh.declarations import *; checkpoints.pull({WHOLE!r})"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "CheckpointMissing: checkpoint toy: HF_HUB_OFFLINE is set" in result.stderr
    assert hub.requests == []


def test_too_little_space_is_told_before_anything_is_downloaded(
    hub: Hub, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nearly_full(path: Path) -> Any:
        return type("Usage", (), {"free": len(BIG)})

    monkeypatch.setattr("shutil.disk_usage", nearly_full)
    with pytest.raises(InputError, match=r"needs 409\.6 kB .* where 409\.6 kB are free.*DH_CHECKPOINTS"):
        checkpoints.pull(WHOLE)
    assert hub.fetched() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_is_not_taken_for_a_network_fault(hub: Hub, root: Path) -> None:
    def stop(*_: object) -> None:
        raise DHError("stopped")

    with pytest.raises(DHError):
        checkpoints.pull(WHOLE, on_progress=stop)
    (partial,) = partials(root)
    partial.unlink()
    partial.symlink_to("/dev/full")
    with pytest.raises(InputError, match="no space left"):
        checkpoints.pull(WHOLE)


def test_a_root_that_cannot_be_a_folder_is_named(
    hub: Hub, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DH_CHECKPOINTS", str(tmp_path / "file"))
    with pytest.raises(InputError, match="file/toy"):
        checkpoints.pull(WHOLE)


def test_two_pulls_at_once_download_once(hub: Hub, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    class GoOn(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            hub.go_on.set()

    hub.hold_at = 0  # until the second one says that it waits
    log, handler = logging.getLogger("dh.checkpoints.hub"), GoOn()
    log.addHandler(handler)
    threads = [threading.Thread(target=checkpoints.pull, args=(WHOLE,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    log.removeHandler(handler)
    assert "waiting for another process" in caplog.text
    assert len(hub.fetched()) == 2
    assert visible(root) == {"nets/big net.bin", "config.yaml"}
