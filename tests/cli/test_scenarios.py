"""`homogsim list`, `show`, `new`, `lint`, `--help`, `--version`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import homogsim as hs
from homogsim.cli.scenarios import _block, _row
from homogsim.cli.text import number, percent
from homogsim.parameters import declared


def test_list_gives_every_preset_with_its_question(homogsim) -> None:
    answer = homogsim("list")
    assert answer.code == 0
    for name in hs.presets():
        assert name in answer.out
        assert hs.Scenario.read(name).question in answer.out


def test_show_marks_what_differs(homogsim) -> None:
    lines = homogsim("show", "bespoke-renaissance").out.splitlines()
    marked = {line.split("│")[2].strip() for line in lines if line.startswith("│ *")}
    assert marked == set(hs.Scenario.read("bespoke-renaissance").differences())
    cells = next([c.strip() for c in line.split("│")] for line in lines if "tools.custom.upfront_cost" in line)
    assert cells[3:7] == ["8,000", "40,000", "$", "0 – 10,000,000"]


def test_show_gives_the_essential_parameters_or_all(homogsim) -> None:
    shown = homogsim("show", "baseline").out
    everything = homogsim("show", "baseline", "--all").out
    for name, declaration in declared().items():
        assert (f" {name} " in shown) == (declaration.level == "essential"), name
        assert f" {name} " in everything
    assert "more with --all" in shown
    assert "more with --all" not in everything


def test_a_narrow_terminal_gets_every_fact_too() -> None:
    declaration = declared()["tools.custom.upfront_cost"]
    text = _block(_row(declaration, 8000.0, True)).plain
    for fact in ("* tools.custom.upfront_cost = 8,000 $", "default 40,000", "0 – 10,000,000", declaration.source):
        assert fact in text


def test_text_of_a_scenario_is_not_markup(homogsim, tmp_path: Path) -> None:
    question = "Is [bold]this[/bold] [red]markup :smile: or $x$?"
    (tmp_path / "mine.toml").write_text(f"# {question}\n", encoding="utf-8")
    assert question in homogsim("show", "mine.toml").out


def test_new_writes_a_scenario_that_can_be_run(homogsim, tmp_path: Path) -> None:
    answer = homogsim("new", "mine", "--from", "bespoke-renaissance")
    assert answer.code == 0
    assert "homogsim run mine.toml" in answer.out
    made, origin = hs.Scenario.read(tmp_path / "mine.toml"), hs.Scenario.read("bespoke-renaissance")
    assert (made.name, made.extends) == ("mine", "bespoke-renaissance")
    assert made.fingerprint() == origin.fingerprint()
    assert homogsim("lint", "mine.toml").code == 0


def test_new_overwrites_nothing_and_refuses_odd_names(homogsim, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("precious")
    answer = homogsim("new", "mine.toml")
    assert answer.code == 2
    assert (tmp_path / "mine.toml").read_text() == "precious"
    for name in ("My Scenario.toml", "=1+1", "ü.toml"):
        answer = homogsim("new", name)
        assert answer.code == 2
        assert "small letters" in answer.err
    assert homogsim("new", "nowhere/mine.toml").code == 2


def test_lint_says_what_a_scenario_changes(homogsim, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("# Fewer towns?\nextends = 'baseline'\n[world]\ntowns = 3\n", encoding="utf-8")
    answer = homogsim("lint", "mine.toml")
    assert answer.code == 0
    assert "world.towns = 3 (default 8)" in answer.out


@pytest.mark.parametrize("name", sorted(hs.presets()))
def test_every_preset_passes_lint(homogsim, name: str) -> None:
    answer = homogsim("lint", name)
    assert answer.code == 0, answer.err


def test_version(homogsim) -> None:
    assert homogsim("--version").out == f"homogsim {hs.__version__}\n"


@pytest.mark.parametrize("command", [(), ("run",), ("reproduce",), ("show",), ("list",), ("new",), ("lint",)])
def test_help(homogsim, command: tuple[str, ...]) -> None:
    answer = homogsim(*command, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: {' '.join(('homogsim', *command))}")


def test_help_and_the_package_load_nothing_heavy() -> None:
    heavy = ("numba", "mesa", "pandas", "matplotlib", "pyarrow", "scipy", "numpy", "networkx", "pydantic")
    code = f"""
import sys
import homogsim, homogsim.cli
homogsim.__version__
sys.argv = ["homogsim", "--help"]
try:
    homogsim.cli.main()
except SystemExit:
    pass
print([name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "reproduce" in done.stdout


def test_public_names() -> None:
    for name in hs.__all__:
        assert name in dir(hs)
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        hs.runn  # noqa: B018


@pytest.mark.parametrize(
    ("value", "text"),
    [(3912345.6, "3,912,000"), (1234.5, "1,234"), (999.96, "1,000"), (189.25, "189.2"), (0.0456789, "0.04568"),
     (-3.70123, "-3.701"), (16.0, "16"), (0.0, "0"), (1.23456e-7, "1.235e-07"), (float("nan"), "–"), (None, "–"),
     (float("inf"), "∞"), (float("-inf"), "-∞")],
)  # fmt: skip
def test_numbers_are_readable(value: float | None, text: str) -> None:
    assert number(value) == text


def test_relative_changes() -> None:
    assert percent(-0.0468) == "-4.7 %"
    assert percent(25.0) == "+2,500 %"
    assert percent(float("nan")) == percent(float("inf")) == ""
