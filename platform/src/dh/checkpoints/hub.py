"""Pulls checkpoints from a Hugging Face hub or a mirror of it.

Addresses, credentials, metadata, retries and transfer are ``huggingface_hub``'s, with its environment variables
(HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, timeouts, proxies). Its whole-file download discards what it has when it is
interrupted, and weights are gigabytes: here partial files stay, named by the version they hold, and are continued.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import hashlib
import io
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dh.checkpoints.integrity import is_sha256, read_digest, remembered_digests, unsound
from dh.checkpoints.store import by_hand, folder
from dh.declarations import CheckpointFile, CheckpointSpec
from dh.errors import CheckpointMissing, DHError, InputError
from dh.files import reason
from dh.text import one_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Progress = Callable[[int, int | None, str], None]
"""Called with the bytes that are there, the bytes in all (None while unknown) and the path of the file under way."""

_BARS = "huggingface_hub.http_get"  # the library's name for the progress bars of its transfers
_PATIENCE = 0.5  # seconds of waiting for another process before saying so
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Remote:
    """A declared file as the hub describes it, and where its bytes gather until they are whole."""

    file: CheckpointFile
    url: str
    size: int | None
    sha256: str | None
    partial: Path

    @property
    def there(self) -> int:
        """Bytes that an earlier pull left."""
        return self.partial.stat().st_size if self.partial.is_file() else 0


def pull(spec: CheckpointSpec, *, on_progress: Progress | None = None, force: bool = False) -> Path:
    """Brings the files of a checkpoint that are not there, or are not the declared ones, and checks them.

    Nothing appears under a declared name before it is whole and has the declared size and hash. What an interrupted
    pull has got stays beside it under a hidden name, and the next pull continues it.

    Args:
        spec: what to pull.
        on_progress: receives the progress over all files that are pulled; None: the library shows a bar per file
            where standard error is a terminal. A DHError that it raises ends the pull.
        force: pull every file again.

    Returns:
        The checkpoint's folder.

    Raises:
        CheckpointMissing: the hub, the repository, its revision or a file cannot be reached, or a file is not the
            declared one; it says which files to put where by hand.
        InputError: the folder cannot be written, or the disk has no room.
    """
    home = folder(spec)
    if not force and not unsound(spec):
        return home
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(spec):
            # Once more inside the lock: another process may just have pulled them.
            paths = {file.path for file in spec.files} if force else unsound(spec)
            remotes = [_resolve(spec, file) for file in spec.files if file.path in paths]
            if force:
                for remote in remotes:
                    remote.partial.unlink(missing_ok=True)
            _check_space(spec, remotes)
            _fetch_all(spec, remotes, on_progress)
    except OSError as error:
        raise InputError(f"{home}: {reason(error)}") from error
    return home


@contextlib.contextmanager
def _alone(spec: CheckpointSpec) -> Iterator[None]:
    """Waits until no other process pulls the checkpoint: two would write into the same partial file."""
    from huggingface_hub.utils import WeakFileLock

    lock = folder(spec) / ".lock"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(WeakFileLock(lock, timeout=_PATIENCE))
        except TimeoutError:
            _log.warning("checkpoint %s: waiting for another process that pulls it", spec.name)
            stack.enter_context(WeakFileLock(lock))
        yield


def _resolve(spec: CheckpointSpec, file: CheckpointFile) -> _Remote:
    """Asks the hub for a file, so that nothing is downloaded while any file is out of reach or not as declared."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    try:
        url = hf_hub_url(spec.repository, file.path, revision=spec.revision, endpoint=_endpoint())
        metadata = get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    except Exception as error:
        raise _missing(spec, _reason(spec, file, error)) from error
    if metadata.commit_hash is None or metadata.etag is None:
        raise _missing(spec, f"{_endpoint()} does not answer as a hub does; check HF_ENDPOINT and the network's proxy")
    # The ETag of a large file is its SHA-256, that of a small one git's own hash of it.
    sha256 = metadata.etag if is_sha256(metadata.etag) else None
    for what, declared, found in (("bytes", file.size, metadata.size), ("sha256", file.sha256, sha256)):
        if declared is not None and found is not None and declared != found:
            raise _missing(spec, f"{_source(spec)} has another {file.path}: {what} {found}, declared {declared}")
    version = hashlib.sha256(metadata.etag.encode()).hexdigest()[:16]
    path = folder(spec) / file.path
    partial = path.with_name(f".{path.name}.{version}.part")
    size = file.size if metadata.size is None else metadata.size
    return _Remote(file, url, size, file.sha256 or sha256, partial)


def _check_space(spec: CheckpointSpec, remotes: list[_Remote]) -> None:
    needed = sum(max((remote.size or 0) - remote.there, 0) for remote in remotes)
    free = shutil.disk_usage(folder(spec)).free
    if needed > free:
        from rich.filesize import decimal

        raise InputError(
            f"checkpoint {spec.name}: needs {decimal(needed)} in {folder(spec)}, where {decimal(free)} are free; "
            "free some, or set DH_CHECKPOINTS to a folder on another disk"
        )


def _fetch_all(spec: CheckpointSpec, remotes: list[_Remote], on_progress: Progress | None) -> None:
    sizes = [remote.size for remote in remotes]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    done = 0

    def report(before: int, path: str, there: int) -> None:
        if on_progress:
            on_progress(before + there, total, path)

    with _no_bars() if on_progress else contextlib.nullcontext():
        for remote in remotes:
            _fetch(spec, remote, functools.partial(report, done, remote.file.path))
            done += (folder(spec) / remote.file.path).stat().st_size


def _fetch(spec: CheckpointSpec, remote: _Remote, report: Callable[[int], None]) -> None:
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    path, partial = folder(spec) / remote.file.path, remote.partial
    path.parent.mkdir(parents=True, exist_ok=True)
    if remote.size is None or remote.there > remote.size:
        partial.unlink(missing_ok=True)
    with _Partial(partial, report) as output:
        report(output.tell())
        try:
            http_get(
                remote.url,
                output,
                resume_size=output.tell(),
                headers={**build_hf_headers(), "Accept-Encoding": "identity"},  # offsets count plain bytes
                expected_size=remote.size,
                displayed_filename=remote.file.path,
            )
        except DHError:
            raise
        except Exception as error:
            raise _missing(spec, _reason(spec, remote.file, error)) from error
    digest = read_digest(partial)
    if remote.sha256 is not None and digest != remote.sha256:
        partial.unlink()
        what = f"sha256 {digest} instead of {remote.sha256}; it was discarded"
        raise _missing(spec, f"{_source(spec)} gave another {remote.file.path}: {what}")
    partial.replace(path)
    with remembered_digests() as digests:
        digests.remember(path, digest)
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        stale.unlink()


class _Partial(io.BufferedWriter):
    """A file that grows at its end and tells its size after each write."""

    def __init__(self, path: Path, report: Callable[[int], None]) -> None:
        super().__init__(io.FileIO(path, "a"))
        self._path = path
        self._report = report

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            written = super().write(data)
        except OSError as error:  # of this disk: the library must not take it for one of the network
            raise InputError(f"{self._path}: {reason(error)}") from error
        self._report(self.tell())
        return written


def _endpoint() -> str:
    from huggingface_hub import constants

    # Asked now: the library reads it once, when it is first imported.
    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if are_progress_bars_disabled(_BARS):
        yield
        return
    disable_progress_bars(_BARS)
    try:
        yield
    finally:
        enable_progress_bars(_BARS)


def _source(spec: CheckpointSpec) -> str:
    return f"{_endpoint()}/{spec.repository}"


def _missing(spec: CheckpointSpec, why: str) -> CheckpointMissing:
    unfit = unsound(spec)
    paths = [file.path for file in spec.files if file.path in unfit or not unfit]
    return CheckpointMissing(f"checkpoint {spec.name}: {why}; or by hand: {by_hand(spec, paths)}")


def _reason(spec: CheckpointSpec, file: CheckpointFile, error: Exception) -> str:
    """Why the hub did not give a file, with the remedy where there is one."""
    from huggingface_hub import errors

    page = _source(spec)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set; unset it to download"
    if isinstance(error, errors.GatedRepoError):
        return f"{page} is gated: accept its terms there and set HF_TOKEN to a token of that account"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{page} has no revision {spec.revision}; a newer plugin may name another"
    if isinstance(error, errors.EntryNotFoundError):
        return f"{page} has no file {file.path} at revision {spec.revision}; a newer plugin may name another"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"{page} does not exist, or is private: then set HF_TOKEN to a token that may read it"
    if status in (401, 403):
        return f"{page} refuses access (HTTP {status}); set HF_TOKEN to a token that may read it"
    if status is not None:
        return f"{page} answers with HTTP {status} for {file.path}; try again later, or set HF_ENDPOINT to a mirror"
    return f"{page} cannot be reached ({one_line(error)}); check the network, or set HF_ENDPOINT to a mirror"
