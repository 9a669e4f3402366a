"""Chromium, in which the tests of pages look at them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.needs import lacks


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser for as long as the block runs; end the test where none is installed."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        lacks("BROWSER", "no Chromium is installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()
