"""The documentation: it is built without a warning, its commands are commands, its links lead somewhere."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import typer
from browser import chromium, in_its_own_thread
from small_markets import SMALL
from typer.testing import CliRunner

from homogsim.cli.app import app

CHECKOUT = Path(__file__).parents[1]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
LIGHT = ("list", "show", "new", "lint", "metrics", "policies")
SIZED = ("run", "compare")
TINY = SMALL | {"world.consumers": 40, "calendar.warm_up": 12, "calendar.months": 14}


def commands(path: Path) -> list[list[str]]:
    """Return the commands that a page shows on lines of their own, placeholders in capitals left out."""
    blocks = re.split(r"^```.*$", re.sub(r"\\\n\s*", "", path.read_text("utf-8")), flags=re.MULTILINE)
    fenced = [line for block in blocks[1::2] for line in block.splitlines() if line.startswith("homogsim ")]
    indented = [line[4:] for block in blocks[::2] for line in block.splitlines() if line.startswith("    homogsim ")]
    lines = [*fenced, *indented]
    found = [shlex.split(line.removesuffix("&"), comments=True)[1:] for line in lines]
    return [words for words in found if not any(re.fullmatch(r"[A-Z]{3,}", word) for word in words)]


EVERY = [(page, words) for page in PAGES for words in commands(page)]


def test_pages_show_commands() -> None:
    assert len(EVERY) > 30


@pytest.mark.parametrize(
    ("page", "words"), EVERY, ids=lambda value: value.stem if isinstance(value, Path) else value[0]
)
def test_a_printed_command_exists_with_its_options(page, words) -> None:
    group = typer.main.get_command(app)
    if words[0].startswith("--"):
        assert words in (["--help"], ["--install-completion"], ["--show-completion"])
        return
    while hasattr(group, "commands"):
        group, words = group.commands[words[0]], words[1:]
    group.make_context("homogsim", list(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_quick_commands_run_as_printed_and_runs_on_small_markets(page, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    ran = 0
    for words in commands(page):
        if words[0] in LIGHT:
            answer = CliRunner().invoke(app, words)
        elif words[0] in SIZED and page.stem in ("quickstart", "cli") and ran < 4:
            ran += 1
            kept = _without(words, {"--replications": "2", "--months": "", "--policy": "", "--precision": ""})
            answer = CliRunner().invoke(app, [*kept, *small, *(["--jobs", "1"] if words[0] == "compare" else [])])
        else:
            continue
        assert answer.exit_code == 0, (words, answer.output, answer.exception)


SERVES = ("ui", "--install-completion")
"""Commands that do not come back, or change the user's shell."""
CHECKS = ("expect", "validate")
"""Commands that exit with 1 where a check fails, as it may on a tiny market."""
FEW = {"--replications": "2", "--samples": "2", "--budget": "2", "--precision": "", "--horizon": "6"}
MORE = {
    "robustness": ["--points", "2", "--point-seeds", "1", "--replications", "2"],
    "advise": ["--replications", "2", "--horizon", "6"],
    "expect": ["--replications", "2"],
}


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.stem)
def test_all_commands_of_a_page_run_in_their_order_on_tiny_markets(page, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for table in (CHECKOUT / "examples" / "town").glob("*.csv"):
        shutil.copy(table, tmp_path)
    tables = [path.name for path in tmp_path.glob("*.csv")]
    assert CliRunner().invoke(app, ["town", *tables, "--out", "meadow-valley.toml"]).exit_code == 0
    for words in commands(page):
        if words[0] in SERVES or any("dask:" in word for word in words):
            continue
        answer = CliRunner().invoke(app, tiny(words))
        allowed = (0, 1) if words[0] in CHECKS else (0,)
        assert answer.exit_code in allowed, (tiny(words), answer.output, answer.exception)
        if "--out" in words:
            assert (tmp_path / words[words.index("--out") + 1]).exists()


def tiny(words: list[str]) -> list[str]:
    """Return a command that does the same on a tiny market, with few runs."""
    sizes = {"world.consumers": 40} if "meadow-valley.toml" in words else TINY | {"calendar.months": 150}
    setting = words[0] in (*SIZED, "expect", "validate", "robustness", "calibrate", "advise") or words[:2] == [
        "sweep",
        "run",
    ]
    small = [word for key, value in sizes.items() for word in ("--set", f"{key}={value}")] if setting else []
    alone = ["--jobs", "1"] if setting and words[0] != "run" else []
    return [*_without(words, FEW), *MORE.get(words[0], []), *small, *alone]


def _without(words: list[str], options: dict[str, str]) -> list[str]:
    """Return a command with the values of some options replaced, or the options left out."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in options:
            next(rest)
            kept += [word, options[word]] if options[word] else []
        else:
            kept.append(word)
    return kept


def test_links_of_the_readme_lead_somewhere() -> None:
    text = (CHECKOUT / "README.md").read_text("utf-8")
    places = [place.partition("#")[0] for place in re.findall(r"\]\(([^)]+)\)", text)]
    local = [place for place in places if place and "://" not in place]
    assert local
    assert [place for place in local if not (CHECKOUT / place).exists()] == []


@in_its_own_thread
def test_the_documentation_is_built_without_a_warning_and_needs_nothing_from_elsewhere(tmp_path) -> None:
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(words, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert dead_links(tmp_path / "site") == []
    handler = functools.partial(_Silent, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, chromium() as browser:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}/"
        page, asked, said = browser.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        for name in ("index.html", "reference/parameters.html", "api.html", "faq.html"):
            page.goto(here + name, wait_until="networkidle")
        server.shutdown()
    assert said == []
    assert [url for url in asked if not url.startswith((here, "data:"))] == []


def dead_links(site: Path) -> list[tuple[str, str]]:
    """Return the links within a site that lead nowhere: files and anchors that do not exist."""
    dead = []
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # its links are absolute
            continue
        for link in re.findall(r'(?:href|src)="([^"]+)"', page.read_text("utf-8")):
            if re.match(r"[a-z]+:|//", link):
                continue
            place, _, anchor = link.partition("#")
            target = (page.parent / place.partition("?")[0]).resolve() if place else page
            target = target / "index.html" if target.is_dir() else target
            there = target.is_file()
            if there and anchor and target.suffix == ".html" and not anchor.startswith("__"):
                there = f'id="{anchor}"' in target.read_text("utf-8")
            if not there:
                dead.append((page.name, link))
    return dead


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Say nothing."""
