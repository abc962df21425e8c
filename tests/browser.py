"""Headless Chromium for tests of pages."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser: the system's if there is one, else the one that `playwright install chromium` brought."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def in_its_own_thread(test):
    """Run a test in a thread of its own: the page's tests keep a browser open, and Playwright takes one a thread."""

    @functools.wraps(test)
    def run(*args, **fixtures):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(test, *args, **fixtures).result()

    return run
