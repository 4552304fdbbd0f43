"""Finds a Chromium for the tests of pages. As a program, it tells by its exit status whether one can be started."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoBrowser(Exception):
    """Why there is none."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium: that of ``DH_CHROMIUM``, the first on the path, or the one that playwright installed.

    Raises:
        NoBrowser: it cannot be started.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NoBrowser(f"{error.name} is not installed") from error
    found = os.environ.get("DH_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []  # its sandbox refuses root
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=flags)
        except Error as error:
            raise NoBrowser(f"no Chromium can be started ({error.message.splitlines()[0]})") from error
        yield browser
        browser.close()


if __name__ == "__main__":
    try:
        with chromium():
            pass
    except NoBrowser as reason:
        sys.exit(f"{reason}")
