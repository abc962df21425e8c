"""Measure the speed of the page in a real browser on this machine: `python benchmarks/page.py`.

A server is started, tabs are opened in Chromium, and the page's own clock is read: what a user waits for, not what a
function takes. Lines that begin with ``goal`` are for machines: ``goal NAME FIGURE BOUND ok|short``. Medians of
repeats; the spread is printed beside them. Chromium must be installed; figures are those of its software drawing.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
REPEATS = 3

WATCH = """(check) => new Promise((done) => {
  const start = performance.now();
  const look = () => (eval(check) ? done((performance.now() - start) / 1000) : requestAnimationFrame(look));
  look();
})"""
"""Seconds until a condition holds, looked at before every repaint."""

ACT = "([selector, check, watch]) => {document.querySelector(selector).click(); return eval(watch)(check)}"

SLIDE = """(watch) => {
  const name = '[data-name="consumers.locality_value"]', slider = document.querySelector(name + ' [type=range]');
  slider.value = String(Number(slider.value) + Number(slider.step));
  slider.dispatchEvent(new Event("input", {bubbles: true}));
  return eval(watch)(`document.querySelector('${name}').classList.contains('changed')`);
}"""


class Figure(NamedTuple):
    """A measured figure, and the bound it should keep: at most, or with `least` at least."""

    name: str
    values: list[float]
    bound: float
    unit: str
    least: bool = False

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    def line(self) -> str:
        """Return the line for machines."""
        kept = self.value >= self.bound if self.least else self.value <= self.bound
        return f"goal {self.name} {self.value:.4g} {self.bound:g} {'ok' if kept else 'short'}"


class Server:
    """`homogsim ui` in a process of its own."""

    def __init__(self) -> None:
        start = time.perf_counter()
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "baseline-long.toml"
        file.write_text('extends = "baseline"\n[calendar]\nmonths = 900\n')  # so that it does not end while it is timed
        command = [sys.executable, "-m", "homogsim", "ui", str(file), "--no-browser", "--port", "0"]
        environment = os.environ | {"PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[1]
        urllib.request.urlopen(f"{self.address}readyz").close()
        urllib.request.urlopen(self.address).close()  # the page itself, too
        self.seconds = time.perf_counter() - start

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)
        self.folder.cleanup()


def open_page(browser: Any, address: str) -> tuple[Any, float]:
    """Open a tab until its market is drawn; return it and its first contentful paint, seconds."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".hs[data-mode=paused][data-shown]", timeout=60_000)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000")
    return page, paint


def play(page: Any, seconds: float) -> tuple[float, float, float, float]:
    """Play; return seconds to the first frame, months and frames a second, and seconds to a pause."""
    state = "({t: performance.now(), ...document.querySelector('.hs').dataset})"
    first = act(page, ".play", "document.querySelector('.hs').dataset.shown >= 0")
    before = page.evaluate(state)
    time.sleep(seconds)
    after = page.evaluate(state)
    paused = act(page, ".play", "document.querySelector('.hs').dataset.mode === 'paused'")
    passed = (after["t"] - before["t"]) / 1000
    months = (int(after["shown"]) - int(before["shown"])) / passed
    return first, months, (int(after["frames"]) - int(before["frames"])) / passed, paused


def act(page: Any, selector: str, check: str) -> float:
    """Click inside the page and return the seconds until a condition holds there."""
    return float(page.evaluate(ACT, [selector, check, WATCH]))


def slide(page: Any) -> float:
    """Move a slider and return the seconds until the page says what the worker made of it."""
    return float(page.evaluate(SLIDE, WATCH))


def measure(repeats: int = REPEATS, seconds: float = 4.0) -> list[Figure]:
    """Measure everything."""
    from playwright.sync_api import sync_playwright

    ready, paints, slides = list[float](), list[float](), list[float]()
    played: list[tuple[float, float, float, float]] = []
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for _ in range(repeats):
            server = Server()
            ready.append(server.seconds)
            for _ in range(2):  # the second tab is the one of a server that has been used
                page, paint = open_page(browser, server.address)
                paints.append(paint)
                page.select_option("[aria-label=Speed]", "run")
                slides.append(slide(page))
                played.append(play(page, seconds))
                page.context.close()
            server.stop()
        browser.close()
    first, months, frames, paused = (list(column) for column in zip(*played, strict=True))
    return [
        Figure("page_server_ready_seconds", ready, 5.0, "s"),
        Figure("page_first_paint_seconds", paints, 3.0, "s"),
        Figure("page_first_frame_seconds", first, 0.5, "s"),
        Figure("page_months_per_second", months, 20.0, "months/s", least=True),
        Figure("page_frames_per_second", frames, 15.0, "frames/s", least=True),
        Figure("page_slider_seconds", slides, 0.2, "s"),
        Figure("page_pause_seconds", paused, 0.3, "s"),
    ]


def report(show: Callable[[str], None] = print) -> None:
    """Measure and print."""
    figures = measure()
    for figure in figures:
        low, high = min(figure.values), max(figure.values)
        show(f"{figure.name:28} {figure.value:8.3f} {figure.unit:9} ({low:.3f} to {high:.3f} in {len(figure.values)})")
    for figure in figures:
        show(figure.line())


if __name__ == "__main__":
    report()
