"""A server of the page and a real browser, once for all tests; every page fails on requests that leave the machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ui_steps import Server

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

SCENARIO = """# A market small enough to be run many times
name = "small"
question = "A market small enough to be run many times"
extends = "baseline"

[world]
towns = 3
sectors = 2
consumers = 120

[calendar]
warm_up = 24
before = 12
months = 48

[finance]
retirement = 0.0 # so that the businesses that sell most are there to the end
"""


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("scenarios") / "small.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="session")
def warm(small_file: Path) -> None:
    """Compile the kernels that this market needs, where nobody has done so: minutes that are nobody's waiting time."""
    from homogsim.model import MarketModel
    from homogsim.scenario import Scenario

    MarketModel(Scenario.read(small_file), months=26).run()


@pytest.fixture(scope="module")
def openings(warm: None) -> Iterator[Any]:
    from homogsim.ui.openings import Openings

    openings = Openings()
    yield openings
    openings.close()


@pytest.fixture(scope="session")
def server(small_file: Path, warm: None) -> Iterator[Server]:
    server = Server(str(small_file))
    yield server
    assert "Traceback" not in server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path is not None, "a Chromium is needed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Tabs:
    """Opens tabs; remembers what went wrong in any of them."""

    def __init__(self, browser: Any) -> None:
        self.browser, self.wrong, self.contexts = browser, [], []

    def open(self, address: str, *, ready: bool = True, **options: Any) -> Any:
        context = self.browser.new_context(**({"viewport": {"width": 1280, "height": 720}} | options))
        self.contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        self.watch(page, address)
        page.goto(address)
        if ready:
            page.wait_for_selector(".hs[data-mode=paused][data-shown]", timeout=60_000)
        return page

    def watch(self, page: Any, address: str) -> None:
        home = address.split("?")[0].rstrip("/")

        def requested(request: Any) -> None:
            if not request.url.startswith((home, "data:", "blob:")):
                self.wrong.append(f"request to {request.url}")

        page.on("request", requested)
        page.on("pageerror", lambda error: self.wrong.append(f"page error {error}"))
        page.on("response", lambda answer: answer.status >= 400 and self.wrong.append(f"{answer.status} {answer.url}"))
        page.on("console", lambda said: said.type == "error" and self.wrong.append(f"console: {said.text}"))

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture
def tabs(browser: Any) -> Iterator[Tabs]:
    tabs = Tabs(browser)
    yield tabs
    tabs.close()
    assert tabs.wrong == []
