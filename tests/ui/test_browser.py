"""The page in a real browser, as a student uses it."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ui_steps import (
    Server,
    accessible,
    change,
    control,
    dataset,
    download,
    month,
    open_dialog_link,
    play_to,
    press,
    results_hash,
    wait_mode,
)

from homogsim.experiments.compare import compare
from homogsim.running import run
from homogsim.scenario import Scenario


def test_opens_at_the_month_before_automation_and_plays(tabs, server):
    page = tabs.open(server.address)
    assert month(page) == -1
    assert "Month −1" in page.inner_text(".now")
    press(page, "Play")
    page.wait_for_function("Number(document.querySelector('.hs').dataset.shown) >= 5")
    press(page, "Pause")
    wait_mode(page, "paused")
    stopped = month(page)
    page.keyboard.press("s")
    page.wait_for_function(f"document.querySelector('.hs').dataset.shown === '{stopped + 1}'")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"document.querySelector('.hs').dataset.shown === '{stopped}'")
    assert month(page) == stopped + 1
    page.keyboard.press(" ")
    wait_mode(page, "playing")
    page.keyboard.press(" ")
    wait_mode(page, "paused")
    page.keyboard.press("r")
    page.wait_for_function("document.querySelector('.hs').dataset.month === '-1'")


def test_drawings_change_while_it_plays(tabs, server):
    page = tabs.open(server.address)
    picture = "document.querySelector('[data-view=map-0]').toDataURL()"
    before = page.evaluate(picture)
    play_to(page, 12)
    assert page.evaluate(picture) != before
    inked = "(() => {const c = document.querySelector('[data-view=diversity]'); const d = c.getContext('2d')"
    inked += ".getImageData(0, 0, c.width, c.height).data; return d.filter((v, k) => k % 4 === 3 && v > 0).length})()"
    assert page.evaluate(inked) > 1000


def test_page_and_command_find_the_same(tabs, server, small_file, tmp_path):
    page = tabs.open(server.address)
    play_to(page, 10)
    change(page, "tools.generic.upfront_cost", "500")  # live: from month 11 on
    page.keyboard.press("Escape")
    play_to(page, 47)
    wait_mode(page, "ended")
    path = download(page, "Scenario (TOML)", tmp_path)
    scenario = Scenario.read(path)
    assert [event.month for event in scenario.events] == [11]
    zipped = download(page, "Run folder (zip)", tmp_path)
    assert results_hash(zipped) == run(scenario).results_hash()


def test_a_against_b_equals_compare(tabs, server, small_file, tmp_path):
    page = tabs.open(server.address)
    page.select_option("#hs-second", "twin")
    page.wait_for_selector("[data-view=map-1]")
    play_to(page, 47)
    wait_mode(page, "ended")
    page.click("#hs-tab-against")
    page.wait_for_selector("#hs-panel-against .bars")
    shown = {row[0]: row[3] for row in table(page, "#hs-panel-against table >> nth=0")}
    parts = {row[0]: row[1] for row in table(page, "#hs-panel-against .bars")}
    small = Scenario.read(small_file)
    found = compare(small.override("tools.available", []), small, replications=1, seed=1, jobs=1)
    expected = found.table.set_index("metric")["difference"]
    welfare = found.welfare.set_index("part")["mean"]
    assert number(shown["n firms"]) == pytest.approx(expected["n_firms"], rel=0.01)
    assert number(shown["diversity gamma"]) == pytest.approx(expected["diversity_gamma"], rel=0.01)
    assert number(parts["fit"]) == pytest.approx(welfare["fit"], rel=0.01)
    assert number(parts["total"]) == pytest.approx(welfare["total"], rel=0.01)
    page.check("#hs-diff")
    page.click("#hs-tab-series")
    assert re.search(r"in a town α\s+[+−0]", page.inner_text(".charts .figure >> nth=0"))


def table(page: Any, selector: str) -> list[list[str]]:
    rows = page.locator(f"{selector} >> css=tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def number(text: str) -> float:
    sign = -1.0 if "−" in text else 1.0
    size = {"k": 1e3, "M": 1e6}.get(text[-1], 1.0)
    return sign * size * float(re.sub(r"[^0-9.]", "", text))


def test_parameters_that_need_a_restart_say_so(tabs, server):
    page = tabs.open(server.address)
    assert page.locator(".restart").is_hidden()
    change(page, "world.towns", "4")
    page.wait_for_selector("text=counts after a restart")
    press(page, "Restart with them")
    page.wait_for_function("document.querySelectorAll('[aria-label=\"Town shown\"] option').length === 5")
    control(page, "world.towns").locator(".undo").click()
    page.wait_for_function("document.querySelector('[data-name=\"world.towns\"] input[type=text]').value === '3'")


def test_bad_values_show_at_their_field(tabs, server):
    page = tabs.open(server.address)
    for value in ("9999", "many", "1e999"):
        change(page, "consumers.choice_noise", value)
        page.wait_for_selector('[data-name="consumers.choice_noise"] .wrong:not([hidden])')
    assert "0.2 to 500" in control(page, "consumers.choice_noise").locator(".wrong").inner_text()
    page.fill("#hs-seed", "-4")
    page.press("#hs-seed", "Enter")
    page.wait_for_selector(".seed .wrong:not([hidden])")
    play_to(page, 2)  # the page goes on


def test_a_slider_and_the_search(tabs, server):
    page = tabs.open(server.address)
    page.fill("[type=search]", "locality value")
    visible = page.locator(".control:not([hidden])[data-name]:visible")
    assert visible.count() == 1
    slider = control(page, "consumers.locality_value").locator("[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("text=from the next month (0) on")
    assert control(page, "consumers.locality_value").locator(".about").is_visible()
    page.fill("[type=search]", "")
    page.click("text=Policies, from the next month on")
    page.get_by_label("buy local").check()
    page.wait_for_function("document.querySelector('.hs .policy input:checked') !== null")


def test_a_link_restores_the_state(tabs, server):
    page = tabs.open(server.address)
    change(page, "consumers.loyalty", "0.9")
    page.fill("#hs-seed", "5")
    page.press("#hs-seed", "Enter")
    page.select_option("#hs-second", "twin")
    page.wait_for_selector("[data-view=map-1]")
    page.keyboard.press("Escape")
    press(page, "Restart with all from the start")
    page.wait_for_selector("text=from the start · was 0.3", state="attached")
    wait_mode(page, "paused")
    play_to(page, 3)
    link = open_dialog_link(page)
    assert "seed=5" in link
    assert "beside=twin" in link
    second = tabs.open(link, ready=False)
    second.wait_for_selector("text=Open this scenario?")
    assert "seed=5" in second.url
    press(second, "Open and run to month 3")
    second.wait_for_selector('.hs[data-mode=paused][data-month="3"] [data-view=map-1]')
    assert control(second, "consumers.loyalty").locator("[type=text]").input_value() == "0.9"
    assert page.inner_text(".charts figcaption + ul >> nth=0") == second.inner_text(".charts figcaption + ul >> nth=0")
    assert open_dialog_link(second) == link


def test_links_and_files_with_hostile_text_are_only_text(tabs, server):
    evil = "<img src=x onerror=alert(1)>"
    page = tabs.open(f"{server.address}?scenario={evil}")
    page.wait_for_selector(".alert")
    assert evil in page.inner_text(".alert")
    assert page.locator(".alert img").count() == 0
    upload(page, f'question = "{evil}"\n[consumers]\nloyalty = 0.5\n')
    page.wait_for_selector("text=Open this scenario?")
    assert evil in page.inner_text("dialog[open]")
    assert page.locator("dialog[open] img").count() == 0
    press(page, "No, thanks")


def upload(page: Any, text: str) -> None:
    file = {"name": "mine.toml", "mimeType": "application/toml", "buffer": text.encode()}
    page.set_input_files("#hs-upload", file)


REFUSED = {
    "[world]\ntowns = 1999\nconsumers = 200000\n": "memory",
    'extends = "/etc/passwd.toml"\n': "is no preset",
    "name = ": "TOML",
    "# " + "x" * 300_000: "larger than 256 kB",
}
"""Uploads, and what is said of them."""


def test_uploads_that_are_refused(tabs, server):
    page = tabs.open(server.address)
    for text, said in REFUSED.items():
        upload(page, text)
        page.wait_for_selector(f"dialog[open] .wrong:not([hidden]):has-text('{said}')")
        page.keyboard.press("Escape")
    assert month(page) == -1


def test_downloads_open(tabs, server, tmp_path):
    page = tabs.open(server.address)
    play_to(page, 6)
    rows = list(csv.DictReader(download(page, "Timeline (CSV)", tmp_path).open()))
    assert rows[-1]["month"] == "6"
    import pandas as pd

    assert len(pd.read_parquet(download(page, "Timeline (Parquet)", tmp_path))) == len(rows)
    assert tomllib.loads(download(page, "Scenario (TOML)", tmp_path).read_text())["name"] == "small"
    names = zipfile.ZipFile(download(page, "Run folder (zip)", tmp_path)).namelist()
    assert any(name.endswith("/figures/diversity.png") for name in names)
    page.keyboard.press("Escape")
    for form, start in (("PNG", b"\x89PNG"), ("SVG", b"<?xml")):
        with page.expect_download() as saved:
            page.click(f".charts [aria-label$='as {form}'] >> nth=0")
        data = Path(saved.value.path()).read_bytes()
        assert data.startswith(start)
        assert re.fullmatch(r"small-s1-month6-diversity\.(png|svg)", saved.value.suggested_filename)
    assert b"seed 1" in data


def test_bets_are_shown_against_the_outcome_and_kept_for_the_class(tabs, server, tmp_path):
    page = tabs.open(server.address)
    press(page, "Predict first")
    for label, value in (
        ("Diversity of what", "-5"),
        ("Of 100", "50"),
        ("The mean price", "-3"),
        ("What consumers", "900"),
    ):
        page.locator("dialog[open]").get_by_label(label).fill(value)
    page.fill("#hs-who", "=HYPERLINK(1)")
    press(page, "Place bets")
    page.wait_for_selector(".bet .wrong:not([hidden])")
    page.locator("dialog[open]").get_by_label("What consumers").fill("9")
    press(page, "Place bets")
    page.wait_for_selector("dialog[open]", state="detached")
    play_to(page, 47)
    page.wait_for_selector("text=Bets and what came out")
    with page.expect_download() as saved:
        press(page, "Bets of the class (CSV)")
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert rows[-1]["who"] == "'=HYPERLINK(1)"
    assert rows[-1]["diversity_bet"] == "-5.0"
    float(rows[-1]["price_outcome"])


def test_towns_tables_and_cards(tabs, server):
    page = tabs.open(server.address)
    play_to(page, 4)
    page.click("[aria-label='Towns: show the data as a table']")
    assert len(table(page, ".views figure >> nth=0 >> css=table")) == 3
    page.click("[aria-label='Towns: show the data as a table']")
    page.select_option("[aria-label='Town shown']", "1")
    page.wait_for_selector("text=Diversity in the town")
    page.select_option("[aria-label='Town shown']", "")
    page.wait_for_selector("text=Diversity of sales")
    spot = page.evaluate("document.querySelector('[data-view=space-0]').getBoundingClientRect().toJSON()")
    for k in range(400):  # somewhere in the middle there is a business
        page.mouse.click(
            spot["x"] + spot["width"] * (0.3 + 0.02 * (k % 20)), spot["y"] + spot["height"] * (0.3 + 0.02 * (k // 20))
        )
        if k % 20 == 19 and page.locator(".card:visible").count():
            break
    assert "sold a month" in page.inner_text(".card")
    page.locator(".card >> text=Close").click()
    assert page.locator(".card:visible").count() == 0


LINES_OF_PAINTS = """
(() => {
  // how many lines each paint of the offering space drew, the last one last
  const view = CanvasRenderingContext2D.prototype, plain = {lineTo: view.lineTo, clearRect: view.clearRect};
  window.lines = [];
  const here = (context) => context.canvas.dataset.view === 'space-0';
  view.clearRect = function (...a) { if (here(this)) window.lines.push(0); return plain.clearRect.apply(this, a); };
  view.lineTo = function (...a) {
    if (here(this) && window.lines.length) window.lines[window.lines.length - 1]++;
    return plain.lineTo.apply(this, a);
  };
})()
"""


def test_hovering_draws_the_trail_of_a_business(tabs, server):
    page = tabs.open(server.address)
    play_to(page, 8)
    page.evaluate(LINES_OF_PAINTS)
    page.evaluate("window.dispatchEvent(new Event('resize'))")
    box = page.evaluate("document.querySelector('[data-view=space-0]').getBoundingClientRect().toJSON()")
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    found = [
        tuple(page.evaluate("[document.querySelector('.tip').hidden ? 0 : 1, window.lines.at(-1) ?? 0]"))
        for k in range(100)
        if move(page, box, 0.2 + 0.06 * (k % 10), 0.2 + 0.06 * (k // 10))
    ]
    bare = {lines for shown, lines in found if not shown and lines}
    trailing = {lines for shown, lines in found if shown}
    assert bare, found
    assert trailing, found
    assert max(trailing) - min(bare) == 9  # month by month, from −1 to 8


def move(page: Any, box: dict[str, float], across: float, up: float) -> bool:
    page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * up)
    page.wait_for_timeout(120)  # the worker tells where it has been
    return True


def test_a_click_on_a_town_looks_at_it_and_one_beside_at_all(tabs, server):
    page = tabs.open(server.address)
    play_to(page, 3)
    box = page.evaluate("document.querySelector('[data-view=map-0]').getBoundingClientRect().toJSON()")
    town = "document.querySelector('[aria-label=\"Town shown\"]').value"
    whole = page.evaluate("document.querySelector('[data-view=map-0]').toDataURL()")
    for k in range(400):
        across, up = 0.05 + 0.045 * (k % 20), 0.1 + 0.04 * (k // 20)
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * up)
        page.wait_for_timeout(30)
        if page.evaluate(town) != "":
            page.wait_for_timeout(300)  # until the answers to earlier clicks have come, too
            if page.evaluate(town) != "":
                break
    assert page.evaluate(town) in ("0", "1", "2")
    page.wait_for_selector("text=Diversity in the town")
    assert page.evaluate("document.querySelector('[data-view=map-0]').toDataURL()") != whole
    page.mouse.click(box["x"] + 4, box["y"] + 4)
    page.wait_for_selector("text=Diversity of sales")
    assert page.evaluate(town) == ""


BREAKS = """
import sys
from homogsim.ui.side import Side
plain = Side.step
def step(side):
    if side.month == 3:
        raise ZeroDivisionError("a defect <b>here</b>")
    plain(side)
Side.step = step
from homogsim.cli import main
main()
"""


@contextmanager
def closing_at_last(server: Server) -> Iterator[Server]:
    """Let no server live on after a test that failed."""
    try:
        yield server
    finally:
        server.process.kill()


def test_a_failing_model_keeps_its_last_frame_and_can_be_reset(tabs, small_file, warm):
    with closing_at_last(Server(str(small_file), code=BREAKS)) as server:
        page = tabs.open(server.address)
        page.select_option("[aria-label=Speed]", "slow")
        press(page, "Play")
        page.wait_for_selector(
            ".alert:has-text('The model failed in month 3: ZeroDivisionError: a defect <b>here</b>')"
        )
        assert page.locator(".alert b b").count() == 0
        assert dataset(page)["mode"] == "failed"
        assert dataset(page)["shown"] == "2"
        page.evaluate("window.dispatchEvent(new Event('resize'))")
        inked = "(() => {const c = document.querySelector('[data-view=map-0]'); return c.getContext('2d')"
        inked += ".getImageData(0, 0, c.width, c.height).data.some((v, k) => k % 4 === 3 && v > 0)})()"
        assert page.evaluate(inked)
        assert page.get_by_role("button", name="Play", exact=True).is_disabled()
        page.locator(".alert").get_by_role("button", name="Reset").click()
        page.wait_for_selector(".hs[data-mode=paused][data-month='-1']")
        assert page.locator(".alert").count() == 0
        page.keyboard.press("s")
        page.wait_for_selector(".hs[data-mode=paused][data-shown='0']")
        page.close()
        assert "a defect" in server.stop()


def test_what_is_told_beside_the_course(tabs, server):
    page = tabs.open(server.address)
    play_to(page, 30)
    page.click("#hs-tab-survival")
    page.wait_for_selector("[data-view=survival-0]")
    page.click("#hs-tab-gains")
    page.wait_for_selector("text=tail tastes")
    page.click("#hs-tab-scorecard")
    page.wait_for_selector("text=net promoter score")
    assert page.locator("#hs-panel-scorecard tbody tr").count() == 12


def test_tabs_are_isolated_and_end_with_their_thread(tabs, server):
    before = threads(server)
    one, two = tabs.open(server.address), tabs.open(server.address)
    change(one, "consumers.loyalty", "0.8")
    play_to(one, 5)
    assert month(two) == -1
    assert control(two, "consumers.loyalty").locator("[type=text]").input_value() == "0.3"
    two.reload()
    two.wait_for_selector(".hs[data-mode=paused][data-shown]")
    press(two, "Play")
    wait_mode(two, "playing")
    assert threads(server) > before
    one.close(run_before_unload=True)
    two.close(run_before_unload=True)
    for _ in range(600):
        if threads(server) <= before:
            break
        time.sleep(0.1)
    assert threads(server) <= before


def threads(server: Any) -> int:
    with urllib.request.urlopen(f"{server.address}resourcez") as answer:
        found = json.load(answer)
    return found["kernels"]["total"]


def test_bands_over_seeds_can_be_cancelled_and_finished(tabs, server):
    page = tabs.open(server.address)
    page.select_option("#hs-second", "twin")
    page.wait_for_selector("[data-view=map-1]")
    page.click("#hs-tab-against")
    page.wait_for_selector("text=Compute bands over")
    press(page, "Compute bands over")
    press(page, "Cancel")
    page.wait_for_selector("text=cancelled")
    page.fill("[aria-label='Seeds for the bands']", "2")
    press(page, "Compute bands over")
    page.wait_for_selector("text=95 % bands of 2 seeds", timeout=90_000)


def test_nothing_serious_for_axe(tabs, server):
    page = tabs.open(server.address)
    play_to(page, 3)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        accessible(page)
    press(page, "Take away")
    accessible(page)


def test_everything_is_reached_by_keyboard_and_fits_a_phone(tabs, server):
    page = tabs.open(server.address, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the market"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    wait_mode(page, "playing")
    page.keyboard.press("Enter")
    wait_mode(page, "paused")
    press(page, "Parameters")
    assert page.locator("[type=search]").is_visible()


def test_memory_does_not_grow(tabs, server, browser):
    page = tabs.open(server.address)
    page.select_option("[aria-label=Speed]", "year")
    change(page, "calendar.months", "520")
    press(page, "Restart with them")
    page.wait_for_function("document.querySelector('.run-to input').placeholder === '519'")
    play_to(page, 20)
    heap = "performance.memory.usedJSHeapSize / 1e6"
    before = server.memory(), page.evaluate(heap)
    play_to(page, 519)
    assert server.memory() - before[0] < 40
    assert page.evaluate(heap) - before[1] < 40
    assert dataset(page)["shown"] == "519"
