"""`homogsim advise` and `homogsim town`, from the command to files and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from experiments.tiny import TINY

EXAMPLE = sorted((Path(__file__).parents[2] / "examples" / "town").glob("*.csv"))
SIZE = TINY | {"finance.starting_cash": 12.0, "calendar.months": 10}
SMALL = tuple(part for key, value in SIZE.items() for part in ("--set", f"{key}={value}"))
SHORT = ("--month", "2", "--horizon", "4", "--replications", "2", "--jobs", "1")


def test_advice_says_what_to_do_and_writes_it_down(homogsim) -> None:
    answer = homogsim("advise", "baseline", *SMALL, *SHORT, "--choices", "generic,pilot", "--out", "told")
    assert answer.code == 0
    assert answer.out.startswith("1. ")
    for word in ("survives", "ROI12", "best in, of worlds", "pilot (industry)", "results: told"):
        assert word in answer.out
    files = {path.name for path in Path("told").iterdir()}
    assert {"advice.json", "advice.csv", "worlds.csv", "courses.parquet", "findings.md", "figures"} <= files
    assert Path("told/figures/advice.png").stat().st_size > 10_000
    assert set(pd.read_csv("told/advice.csv")["choice"]) == {"none", "generic", "pilot", "by itself"}


def test_json_and_the_map(homogsim) -> None:
    answer = homogsim("advise", "baseline", *SMALL, *SHORT, "--choices", "generic", "--json")
    assert json.loads(answer.out)["measures"]["generic"]["profit"]["worlds"] >= 1
    answer = homogsim("advise", "baseline", *SMALL, *SHORT, "--choices", "generic", "--map", "--out", "map")
    assert answer.code == 0
    assert "by alignment" in answer.out
    assert Path("map/figures/map.png").stat().st_size > 10_000


def test_asked_about_nothing_but_no_tool_it_says_so(homogsim) -> None:
    answer = homogsim("advise", "baseline", *SMALL, *SHORT, "--choices", "none")
    assert answer.code == 0
    assert answer.out.startswith("1. The only choice asked about is none, so there is nothing to compare it with")
    assert "paid for" not in answer.out


def test_mistakes_leave_with_2_and_say_what_there_is(homogsim) -> None:
    for wrong, words in (
        (("--month", "10"), "the last month is 9"),
        (("--firm", "3"), "there is no business 3"),
        (("--firm", "3", "--map"), "--map"),
        (("--choices", "robots"), "no choice 'robots'"),
        (("--sector", "7"), "numbered 0 to 1"),
    ):
        answer = homogsim("advise", "baseline", *SMALL, *SHORT, *wrong)
        assert answer.code == 2
        assert words in answer.err
        assert answer.out == ""


def test_a_town_of_ones_own(homogsim) -> None:
    answer = homogsim("town", *EXAMPLE, "--out", "meadow.toml")
    assert answer.code == 0
    assert "5 towns with 13,100 households" in answer.out
    assert "drawn from the model's distributions" in answer.out
    assert homogsim("lint", "meadow.toml").code == 0
    again = homogsim("town", *EXAMPLE, "--out", "meadow.toml")
    assert again.code == 2
    assert "exists already" in again.err
    answer = homogsim("advise", "meadow.toml", "--firm", "Corner Loaf", *SHORT, "--choices", "pilot", "--set",
                      "world.consumers=60")  # fmt: skip
    assert answer.code == 0
    assert "2 futures of one past" in answer.out


def test_a_wrong_table_is_told_by_file_line_and_column(homogsim, tmp_path) -> None:
    (tmp_path / "towns.csv").write_text("town,households\nAsh,ten\n", encoding="utf-8")
    answer = homogsim("town", "towns.csv", "--out", "x.toml")
    assert answer.code == 2
    assert "towns.csv, line 2, column households: 'ten'" in answer.err
    assert homogsim("town", *EXAMPLE, "--out", "x.txt").code == 2
    assert not Path("x.toml").exists()
