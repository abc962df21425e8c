"""Reports: what they say, that they say it safely, and that a browser shows them without help from outside."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import chromium
from small_markets import SMALL
from typer.testing import CliRunner

import homogsim as hs
from homogsim.cli.app import app
from homogsim.errors import HomogsimError, StorageError
from homogsim.plots.comparison import save_figures
from homogsim.report import report_html, write_report
from homogsim.report.writing import document
from homogsim.scenario import Scenario

TINY = SMALL | {"world.consumers": 60, "tools.heard_alone": 0.3, "calendar.months": 26}
NASTY = "</h1><script>alert(1)</script>&\"'<img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "small"
    scenario = replace(Scenario.read("plug-and-play").override(TINY), question=NASTY)
    return hs.run(scenario, seed=3).save(folder)


@pytest.fixture(scope="module")
def compare_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "small"
    names = ("before-automation", "baseline")
    found = hs.compare(*names, replications=2, set=TINY, jobs=1, metrics=["diversity_gamma", "consumer_surplus"])
    found.save(folder)
    save_figures(found, folder / "figures")
    return folder


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def check_self_contained(page: Tags) -> None:
    assert not [tag for tag, _ in page.tags if tag in ("script", "iframe", "object", "embed", "form")]
    addresses = [v for _, attrs in page.tags for k, v in attrs.items() if k in ("src", "href")]
    assert all(a is not None and a.startswith(("data:", "#")) for a in addresses)
    assert not [k for _, attrs in page.tags for k in attrs if k.startswith("on")]
    (policy,) = [a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "script" not in policy


def test_a_run_is_reported_with_all_its_parts_and_its_text_stays_text(run_folder) -> None:
    page = Tags(report_html(run_folder))
    check_self_contained(page)
    assert NASTY in page.text
    assert sum(tag == "img" for tag, _ in page.tags) == 8
    results = hs.Results.load(run_folder)
    assert results.results_hash() in page.text
    assert "one run has no confidence interval" in page.text
    assert "tools.heard_alone" in page.text
    for heading in ("Figures", "Tables", "Parameters", "Method", "Provenance"):
        assert heading in page.text


def test_the_command_of_a_run_makes_the_same_run(run_folder) -> None:
    fresh = document(run_folder).commands[1][1]
    words = shlex.split(fresh)
    assert words[:3] == ["homogsim", "run", "plug-and-play"]
    scenario = Scenario.read("plug-and-play")
    for word in words[5:]:
        scenario = scenario if word == "--set" else scenario.override_text(word)
    again = hs.run(scenario, seed=int(words[4]))
    assert again.results_hash() == hs.Results.load(run_folder).results_hash()


def test_a_comparison_is_told_with_its_intervals(compare_folder) -> None:
    page = Tags(report_html(compare_folder))
    check_self_contained(page)
    said = json.loads((compare_folder / "comparison.json").read_text())["scenarios"]["baseline"]["metrics"]
    row = said["diversity_gamma"]
    told = f"{100 * row['difference'] / row['baseline_mean']:.1f} %".replace("-", "−")
    assert told in document(compare_folder).answer
    assert "95 % interval" in document(compare_folder).answer
    assert "2 paired seeds, 1 to 2" in page.text
    assert sum(tag == "img" for tag, _ in page.tags) == 4  # differences, welfare, two courses


def test_the_command_of_a_comparison_finds_what_all_scenarios_share(compare_folder) -> None:
    ((_, text),) = document(compare_folder).commands
    words = shlex.split(text)
    assert words[:4] == ["homogsim", "compare", "before-automation", "baseline"]
    settings = [words[n + 1] for n, word in enumerate(words) if word == "--set"]
    assert {one.partition("=")[0] for one in settings} == set(TINY)


def test_a_sweep_is_told_over_its_points(tmp_path) -> None:
    small = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    vary = ["--vary", "tools.custom.upfront_cost=5000:60000:3", "--vary", "consumers.choice_noise=1.4,2.2"]
    folder = tmp_path / "sweep"
    words = ["sweep", "run", "baseline", *vary, *small, "--replications", "2", "--jobs", "1", "--executor", "serial"]
    done = CliRunner().invoke(app, [*words, "--out", str(folder), "--progress", "none"])
    assert done.exit_code == 0, done.output
    found = document(folder)
    check_self_contained(Tags(report_html(folder)))
    assert found.answer.startswith("Over 6 points, the share of diversity lost is ")
    assert "through luck" in found.answer
    assert [row[0] for row in found.tables[0].rows] == ["tools.custom.upfront_cost", "consumers.choice_noise"]
    words = shlex.split(found.commands[0][1].replace("DIR", str(folder)))[1:]
    again = CliRunner().invoke(app, [*words, "--jobs", "1", "--progress", "none"])
    assert again.exit_code == 0, again.output  # the same plan: the folder is gone on with


@pytest.mark.parametrize("damage", ["nothing", "empty", "rubbish"])
def test_other_folders_are_refused_with_what_would_help(tmp_path, damage) -> None:
    folder = tmp_path / "odd"
    if damage != "nothing":
        folder.mkdir()
    if damage == "rubbish":
        (folder / "comparison.json").write_text('{"baseline": 3}')
    with pytest.raises(HomogsimError if damage == "empty" else StorageError) as refused:
        write_report(folder)
    assert str(folder) in str(refused.value)
    assert not (folder / "report.html").exists()


def test_a_comparison_with_a_damaged_table_is_refused(compare_folder, tmp_path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(compare_folder, folder)
    table = folder / "replications.parquet"
    table.write_bytes(table.read_bytes()[:500])
    with pytest.raises(StorageError, match="the file is damaged") as refused:
        write_report(folder)
    assert refused.value.exit_code == 74
    assert not (folder / "report.html").exists()


def test_a_report_lies_in_its_folder_and_the_run_can_still_be_replaced(run_folder, tmp_path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run_folder, folder)
    path = write_report(folder)
    assert path == folder / "report.html"
    assert path.read_text("utf-8") == write_report(folder).read_text("utf-8")
    results = hs.Results.load(folder)
    results.save(folder, replace=True)
    assert not path.exists()


def test_a_browser_shows_reports_without_asking_anybody(run_folder, compare_folder, tmp_path) -> None:
    # In a thread of its own: the page's tests keep a browser open in this one, and Playwright takes one a thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(look_at_reports, (run_folder, compare_folder), tmp_path).result()


def look_at_reports(folders, tmp_path) -> None:
    with chromium() as browser:
        for folder in folders:
            path = write_report(folder, tmp_path / f"{folder.parent.name}.html")
            asked, said = [], []
            page = browser.new_page()
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.goto(path.as_uri())
            assert said == []
            assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
            assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 500)")
            assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"  # the policy lets our style in
            page.emulate_media(media="print")
            assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
            assert re.match(rb"%PDF", page.pdf(format="A4"))
