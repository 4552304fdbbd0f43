"""What the tests of all packages share: nothing of the user's, and signals that act."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _nothing_tuned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No run takes what the user has tuned on this machine, and no test changes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DH_TUNED", str(tmp_path_factory.mktemp("tuned") / "tuned.json"))
        yield


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT acts in this process and in those that it starts, though a script that runs tests in its background may
    have had it ignored.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
