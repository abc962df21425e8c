"""A server of the page, and steps that tests take in a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any


class Server:
    """`homogsim ui` in a process of its own; with `code` that runs in place of the command's own."""

    def __init__(self, *arguments: str, port: int = 0, code: str = "") -> None:
        command = [
            sys.executable,
            *(("-c", code) if code else ("-m", "homogsim")),
            "ui",
            *arguments,
            "--no-browser",
            "--port",
            str(port),
        ]
        source = str(Path(__file__).parents[1] / "src")
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": source, "PYTHONWARNINGS": "ignore"},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("homogsim: http://"), line + self.process.stderr.read()  # type: ignore[union-attr]
        self.address = line.split()[1]

    def memory(self) -> float:
        """Return the megabytes that the server takes."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return float(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000

    def stop(self) -> str:
        """End it, and return what it wrote to standard error."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=60)
        return errors


def dataset(page: Any) -> dict[str, str]:
    """Return what the page says about itself."""
    return page.evaluate("({...document.querySelector('.hs').dataset})")


def month(page: Any) -> int:
    """Return the last month that was run."""
    return int(dataset(page)["month"])


def wait_mode(page: Any, mode: str) -> None:
    """Wait until the page is playing, paused, …"""
    page.wait_for_selector(f".hs[data-mode={mode}]")


def press(page: Any, words: str) -> None:
    """Press a button by its words."""
    page.get_by_role("button", name=words, exact=True).click()


def play_to(page: Any, wanted: int) -> None:
    """Run to a month at full speed, and wait until it is drawn."""
    if page.input_value("[aria-label=Speed]") == "play":
        page.select_option("[aria-label=Speed]", "run")
    page.fill("[aria-label='Run to month']", str(wanted))
    press(page, "Run to month")
    page.wait_for_selector(f'.hs[data-shown="{wanted}"]:not([data-mode=playing])', timeout=90_000)


def control(page: Any, name: str) -> Any:
    """Return a parameter's control."""
    return page.locator(f'[data-name="{name}"]')


def change(page: Any, name: str, value: str) -> None:
    """Type a value into a parameter's field, wherever it is."""
    page.fill("[type=search]", name)
    field = control(page, name).locator("[type=text]")
    field.fill(value)
    field.press("Enter")
    page.wait_for_timeout(150)
    page.fill("[type=search]", "")


def download(page: Any, words: str, folder: Path) -> Path:
    """Take a file away, and return where it is."""
    if not page.locator("dialog[open]").count():
        press(page, "Take away")
    with page.expect_download() as saved:
        press(page, words)
    path = folder / saved.value.suggested_filename
    saved.value.save_as(path)
    return path


def results_hash(zipped: Path) -> str:
    """Return the hash that a zipped run folder states."""
    with zipfile.ZipFile(zipped) as archive:
        name = next(name for name in archive.namelist() if name.endswith("run.json"))
        return json.loads(archive.read(name))["results_hash"]


def open_dialog_link(page: Any) -> str:
    """Return the link to what the page shows."""
    press(page, "Take away")
    link = page.input_value("[aria-label='Link to this state']")
    page.keyboard.press("Escape")
    return link


def accessible(page: Any) -> None:
    """Make sure that axe-core finds nothing serious in what is shown."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": ["wcag2a", "wcag2aa"], "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    bad = [
        (v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert bad == []
