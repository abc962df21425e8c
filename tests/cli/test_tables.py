"""Tables on terminals of any width: nothing in them is cut."""

from __future__ import annotations

from collections import Counter
from io import StringIO

import pytest
from experiments.tiny import TINY
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from homogsim.cli import advise, compare, expect, metrics, policies, scenarios, tables, text, validate
from homogsim.cli.tables import print_table

SIZE = TINY | {"finance.starting_cash": 12.0, "calendar.months": 10}
SMALL = tuple(part for key, value in SIZE.items() for part in ("--set", f"{key}={value}"))
TWO = (*SMALL, "--replications", "2", "--jobs", "1")
PRINTING = (advise, compare, expect, metrics, policies, scenarios, validate, tables)  # `run` looks in the last
ADVISE = ("advise", "baseline", *TWO, "--month", "2", "--horizon", "4")
COMMANDS = [
    ("list",),
    ("policies",),
    ("metrics",),
    ("run", "baseline", *SMALL, "--no-figures"),
    ("compare", "before-automation", "baseline", *TWO),
    ("compare", "baseline", "plug-and-play", *TWO, "--tastes", "both", "--metric", "mean_price"),
    ("expect", "baseline", *TWO),
    ("validate", *TWO),
    (*ADVISE, "--choices", "generic,pilot"),
    (*ADVISE, "--choices", "generic", "--map"),
]


def printed(width: int, table: Table, **options: object) -> str:
    """Return what a terminal of this width shows of a table."""
    output = Console(file=StringIO(), width=width, markup=False, highlight=False, emoji=False)
    print_table(output, table, **options)  # type: ignore[arg-type]
    return output.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def numbers(shown: str) -> Counter[str]:
    """Return the words with a digit in them, without the marks that lines put behind them."""
    words = (word.rstrip(";:") for word in tables.RULES.sub(" ", shown).split())
    return Counter(word for word in words if any(map(str.isdigit, word)))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_no_number_is_cut_at_any_width(homogsim, monkeypatch, command) -> None:
    made = []
    for module in PRINTING:
        monkeypatch.setattr(module, "print_table", lambda output, *table, **options: made.append((table, options)))
    homogsim(*command)
    assert made
    for (table,), options in made:
        wide = printed(1000, table, **options)
        for width in (40, 80, 120):
            narrow = printed(width, table, **options)
            assert not numbers(wide) - numbers(narrow), width
            assert max(map(cell_len, narrow.splitlines())) <= width
            for name in table.columns[0].cells:
                assert str(name) in " ".join(narrow.split())


@pytest.mark.parametrize("width", [40, 80])
def test_commands_ask_for_the_width_of_the_terminal(homogsim, monkeypatch, width) -> None:
    monkeypatch.setattr(text, "PIPE_WIDTH", width)
    for command in ("list", "metrics"):
        shown = homogsim(command).out
        assert max(map(cell_len, shown.splitlines())) <= width
    assert "\nexits\n  unit: firms/month; range: 0 … ∞" in shown


def small(**options: object) -> Table:
    """Return a table of two rows, 28 columns wide."""
    table = Table(title="what was found", caption="in dollars", **options)  # type: ignore[arg-type]
    for heading in ("metric", "value", ""):
        table.add_column(heading)
    table.add_row("mean_price", "12.34", "+1.5 %")
    table.add_row("profit", "1,234", "")
    return table


def test_a_table_with_room_is_a_table() -> None:
    for width in (34, 200):
        output = Console(file=StringIO(), width=width)
        output.print(small())
        assert printed(width, small()) == output.file.getvalue()  # type: ignore[attr-defined]


def test_without_room_rows_are_lines() -> None:
    assert printed(26, small(), unnamed="relative").splitlines() == [
        "what was found", "mean_price", "  value: 12.34", "  relative: +1.5 %", "profit", "  value: 1,234",
        "in dollars",
    ]  # fmt: skip
    assert "mean_price · 12.34\n  +1.5 %\n" in printed(26, small(), names=2)


def test_headings_that_may_fold_leave_room_for_numbers() -> None:
    table = Table()
    for heading, folds in (("metric", False), ("a-name-that-is-long", True)):
        table.add_column(heading, overflow="fold" if folds else "ellipsis")
    table.add_row("mean_price", "12.34567")
    shown = printed(27, table)
    assert shown.startswith("┏")
    assert "12.34567" in shown
    assert printed(22, table).split() == ["mean_price", "a-name-that-is-long:", "12.34567"]


def test_words_that_fit_nowhere_are_folded() -> None:
    table = small()
    table.add_row("x" * 30, "y" * 30)
    shown = printed(20, table)
    assert max(map(len, shown.splitlines())) <= 20
    assert (shown.count("x"), shown.count("y")) == (30, 30)
