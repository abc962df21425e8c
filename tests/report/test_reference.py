"""The documentation's tables are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from homogsim.agents.consumers import Consumers
from homogsim.agents.firms import Firms
from homogsim.agents.vendors import Vendors
from homogsim.metrics.table import listing
from homogsim.parameters import declared
from homogsim.report.reference import SYMBOLS, notation_page, pages, write

DOCS = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["parameters.md", "metrics.md", "laws.md", "notation.md"])
def test_the_tables_in_the_documentation_match_the_declarations(name) -> None:
    assert (DOCS / name).read_text("utf-8") == pages()[name], "run `make reference`"


def test_every_declaration_has_its_row(tmp_path) -> None:
    write(tmp_path)
    parameters, metrics = ((tmp_path / name).read_text("utf-8") for name in ("parameters.md", "metrics.md"))
    assert [name for name in declared() if f"`{name}`" not in parameters] == []
    assert [line.name for line in listing() if f"| `{line.name}` |" not in metrics] == []


def test_every_law_has_its_row_with_a_formula() -> None:
    text = pages()["laws.md"]
    for name in ("next_offering", "unit_cost", "next_price", "next_fixed_cost", "option_value", "raised_value"):
        assert f"| `{name}` | " in text
    assert "x′ = x + λ·a(m\\_k − x)" in text
    assert "`_" not in text


def test_every_row_has_as_many_cells_as_its_heading() -> None:
    for text in pages().values():
        width = 0
        for line in text.splitlines():
            cells = line.replace("\\|", "").count("|")
            if line.startswith("|---"):
                assert cells == width
            elif line.startswith("|"):
                width = width or cells
                assert cells == width, line
            else:
                width = 0


def test_symbols_stand_for_columns_that_exist() -> None:
    found = {"consumers": Consumers, "firms": Firms, "vendors": Vendors}
    unknown = [(p, n) for p, names in SYMBOLS.items() for n in names if n not in found[p].columns]
    assert unknown == []
    assert "| x\\*\\_j | concept x\\* | taste sd | (d, n) | `firms.identity` |" in notation_page()
