"""Being the owner in a real browser, as a student does it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ui_steps import accessible, dataset, download, open_dialog_link, press, results_hash, wait_mode

from homogsim.running import run
from homogsim.scenario import Scenario

NAME = "Bakery <img src=x onerror=alert(1)>"


def own(page: Any, name: str = "Corner Bakery", every: str = "12") -> None:
    """Take over the business that sells most: it lasts."""
    page.keyboard.press("o")
    page.wait_for_selector("#hs-owner-business")
    page.fill("#hs-owner-name", name)
    page.select_option("#hs-owner-every", every)
    press(page, "Take it over")
    due(page, 0)


def due(page: Any, month: int) -> None:
    """Wait until the review of a month is due and drawn."""
    page.wait_for_selector(f".hs[data-owner=due][data-mode=paused][data-month='{month - 1}']")
    page.wait_for_selector(f"text=Your decision for month {month} is due")


def closed_or_due(page: Any) -> str:
    page.wait_for_selector(".hs[data-owner=due][data-mode=paused], .hs[data-owner=closed]")
    return dataset(page)["owner"]


def file_from(page: Any, words: str, folder: Path) -> Path:
    with page.expect_download() as saved:
        press(page, words)
    path = folder / saved.value.suggested_filename
    saved.value.save_as(path)
    return path


def test_a_student_runs_a_business_to_the_end(tabs, server, tmp_path):
    page = tabs.open(server.address)
    page.select_option("[aria-label=Speed]", "run")
    own(page, NAME)
    assert page.inner_text(".owner h2") == NAME
    assert page.locator(".owner img").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "H2"
    said = page.inner_text(".owner")
    assert re.search(r"sold last month\s+[\d,]+ \(\d+\s%\sof sector and town\)", said)
    assert "rivals in town" in said
    assert re.search(r"[+−]\$[\d,]+\s+costs \$", said)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)
    # by keyboard: from the heading to the radios, to the tool beside, and on with Enter
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("ArrowDown")
    chosen = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"generic tool, back office: \$[\d,]+ at once, expected [+−]\$", chosen)
    page.keyboard.press("Enter")
    due(page, 12)
    assert "generic, back office, for 12 months" in page.inner_text(".owner dl")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.click("text=What would it do by itself?")
    assert page.inner_text(".owner-log p").startswith("It would ")
    page.locator("#hs-owner-stance").focus()
    page.keyboard.press("ArrowRight")
    press(page, "Decide and go on")
    due(page, 24)
    assert page.inner_text(".owner-row.slide:nth-of-type(2) output") == "× 1.05"
    press(page, "Let it decide")
    due(page, 36)
    press(page, "Hand it back")
    page.wait_for_selector("dialog[open] [data-view=owner]", timeout=90_000)
    told = page.inner_text("dialog[open]")
    assert f"{NAME} is still in business after 48 months and has earned $" in told
    assert "Had it decided by itself, it would have earned " in told
    assert "Had it never automated, it would have earned " in told
    assert page.locator("dialog[open] img").count() == 0
    label = page.get_attribute("[data-view=owner]", "aria-label")
    assert re.search(r"you \$.*by itself \$.*never automated \$", label)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)
    check_files(page, tmp_path)


def check_files(page: Any, folder: Path) -> None:
    months = list(csv.DictReader(file_from(page, "Months (CSV)", folder).open()))
    assert {row["course"] for row in months} == {"you", "by itself", "none"}
    assert len(months) == 3 * 48
    measures = {row["measure"]: row for row in csv.DictReader(file_from(page, "Measures (CSV)", folder).open())}
    assert float(months[47]["cumulative"]) == pytest.approx(float(measures["profit"]["you"]))
    rows = list(csv.DictReader(file_from(page, "Owners of the class (CSV)", folder).open()))
    assert (rows[-1]["name"], rows[-1]["decisions"], rows[-1]["last_month"]) == (NAME, "2", "47")
    assert float(rows[-1]["profit_none"]) == float(measures["profit"]["none"])
    for form, start in (("PNG", b"\x89PNG"), ("SVG", b"<?xml")):
        data = file_from(page, f"Save the figure as {form}", folder).read_bytes()
        assert data.startswith(start)
    assert b"<img" not in data
    page.click("[aria-label='Earned so far, set-up cost paid: show the data as a table']")
    assert page.locator("dialog[open] .figure tbody tr").count() == 4


def test_who_hands_back_at_once_has_the_results_of_the_command(tabs, server, small_file, tmp_path):
    page = tabs.open(server.address)
    page.select_option("[aria-label=Speed]", "year")
    own(page)
    press(page, "Hand it back")
    page.wait_for_selector("dialog[open] [data-view=owner]", timeout=90_000)
    assert page.inner_text("dialog[open]").count("exactly as much") >= 1
    page.keyboard.press("Escape")
    wait_mode(page, "ended")
    zipped = download(page, "Run folder (zip)", tmp_path)
    assert results_hash(zipped) == run(Scenario.read(small_file)).results_hash()


def test_a_link_brings_the_owner_back(tabs, server):
    page = tabs.open(f"{server.address}")
    page.select_option("#hs-preset", "plug-and-play")
    page.wait_for_function("document.querySelector('.question').textContent.length > 5")
    change_to_small(page)
    own(page, "Café; =1")
    page.locator(".owner-tools input[type=radio]:not(:disabled)").nth(1).check()
    press(page, "Decide and go on")
    due(page, 12)
    link = open_dialog_link(page)
    assert "own_orders=0%3Ageneric" in link
    second = tabs.open(link, ready=False)
    second.wait_for_selector("text=You are the owner of Café; =1")
    press(second, "Open and run to month 11")
    due(second, 12)
    second.click("text=What you decided")
    assert "Month 0: generic" in second.inner_text(".owner")
    assert page.inner_text(".owner dl") == second.inner_text(".owner dl")
    assert open_dialog_link(second) == link
    press(second, "Let it decide")
    second.wait_for_selector(".hs[data-owner=due][data-month='23']", timeout=60_000)


def change_to_small(page: Any) -> None:
    """Restart the preset at a size that is run in a moment."""
    wait_mode(page, "paused")
    for name, value in (("world.towns", "3"), ("world.consumers", "120"), ("calendar.warm_up", "24"),
                        ("calendar.months", "30"), ("finance.retirement", "0")):  # fmt: skip
        page.fill("[type=search]", name)
        page.fill(f'[data-name="{name}"] [type=text]', value)
        page.press(f'[data-name="{name}"] [type=text]', "Enter")
    page.fill("[type=search]", "")
    press(page, "Restart with them")
    page.wait_for_function("document.querySelector('.run-to input').placeholder === '29'")
    wait_mode(page, "paused")
    page.keyboard.press("Escape")
    page.locator(".play").focus()


def test_what_an_owner_cannot_do_is_said_in_the_panel(tabs, server):
    page = tabs.open(server.address)
    own(page)
    page.locator("h2").first.focus()
    page.keyboard.press(" ")
    page.wait_for_selector(".owner .wrong:has-text('Your decision for month 0 is due.')")
    assert page.evaluate("document.activeElement.type") == "radio"
    assert page.locator(".alert").count() == 0
    press(page, "Another business")
    page.wait_for_selector(".hs:not([data-owner])")
    assert page.locator(".owner").is_hidden()
    assert page.locator(".sidebar").is_visible()
    bad = {"scenario": "baseline", "own": "7", "own_orders": "0:magic,0,,"}
    link = server.address + "?" + "&".join(f"{name}={value}" for name, value in bad.items())
    second = tabs.open(link, ready=False)
    second.wait_for_selector(".alert:has-text(\"there is no tool 'magic'\")")


def test_a_storefront_is_picked_on_the_map_and_lit(tabs, server):
    page = tabs.open(server.address)
    press(page, "Be the owner")
    page.wait_for_selector("#hs-owner-business")
    box = page.evaluate("document.querySelector('[data-view=map-0]').getBoundingClientRect().toJSON()")
    for k in range(400):
        across, up = 0.3 + 0.02 * (k % 20), 0.3 + 0.02 * (k // 20)
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * up)
        if k % 20 == 19 and page.locator(".card:visible").count():
            break
    number = "document.querySelector('#hs-owner-business').selectedOptions[0].textContent.split(' ')[0]"
    same = f"document.querySelector('.card h3').textContent.endsWith(' ' + {number})"
    page.wait_for_function(same)  # the card of the last one that was hit
    storefront = page.evaluate(number)
    before = page.evaluate("document.querySelector('[data-view=map-0]').toDataURL()")
    press(page, "Take it over")
    due(page, 0)
    assert f"Storefront {storefront}" in page.inner_text(".owner h2")  # without a name
    assert page.evaluate("document.querySelector('[data-view=map-0]').toDataURL()") != before


def test_an_owner_on_a_phone(tabs, server):
    page = tabs.open(server.address, viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.select_option("[aria-label=Speed]", "year")
    own(page, "A bakery with a name that is as long as a name can be, sixty.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = "[...document.querySelectorAll('.owner-tools td .option')].map(e => [e.scrollWidth, e.clientWidth])"
    cells = page.evaluate(sizes)
    assert all(wide <= room + 1 for wide, room in cells), json.dumps(cells)
    press(page, "Hand it back")
    page.wait_for_selector("dialog[open] [data-view=owner]", timeout=90_000)
    assert page.evaluate("document.querySelector('dialog[open]').scrollWidth") <= 390
