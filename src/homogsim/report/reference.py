"""Pages of the documentation that are made from declarations: parameters, metrics, laws, notation.

``python -m homogsim.report.reference`` (``make reference``) writes them; a test fails when they have drifted.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from importlib import import_module
from inspect import getdoc, isfunction
from pathlib import Path

from homogsim.parameters import Declaration, declared
from homogsim.report.wording import told, unit_text

MADE = "<!-- Made by `make reference` from the declarations in the code: edit those, not this page. -->\n"

SYMBOLS = {
    "consumers": {
        "ideal": "z_i", "price_sensitivity": "α_i", "strength": "θ_i", "personalization": "βP_i", "locality": "βL_i",
        "loyalty": "ψ_i",
    },
    "firms": {
        "identity": "x*_j", "offering": "x_j", "process": "y_j", "quality": "q_j", "base_cost": "c_j",
        "fixed_cost_draw": "f_j", "price": "p_j", "unit_cost": "c", "fixed_cost": "F", "shock": "e", "tool": "k",
        "vendor": "v", "back_office": "a_B", "contact": "a_F", "implementation": "b", "human_share": "h",
        "oversight": "o_j", "review_interval": "R_j", "data": "D", "differentiation": "G", "trust": "ϑ",
        "transparency": "tr", "awareness": "A",
    },
    "vendors": {"template": "T_v"},
}  # fmt: skip
"""Symbols of the model document for columns of the state."""


def pages() -> dict[str, str]:
    """Return the pages by their file names below ``docs/reference``."""
    return {
        "parameters.md": parameters_page(),
        "metrics.md": metrics_page(),
        "laws.md": laws_page(),
        "notation.md": notation_page(),
    }


def write(folder: Path) -> list[Path]:
    """Write the pages to a folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def parameters_page() -> str:
    """Return every parameter: default, bounds, unit, symbol, meaning, source, by group."""
    lines = [
        MADE, "# Parameters\n",
        "Every parameter is declared once, in `src/homogsim/parameters/`. Change one with `--set NAME=VALUE`, in a "
        "scenario file, or with `hs.run(…, set={NAME: VALUE})`. **Essential** ones are shown by `homogsim show`; "
        "*live* ones may change during a run (events, policies, the page). A *lever* is what a business or the public "
        "decides, the others are uncertain facts about the world.\n",
    ]  # fmt: skip
    groups: dict[str, list[Declaration]] = {}
    for fact in declared().values():
        groups.setdefault(fact.name.partition(".")[0], []).append(fact)
    for group, facts in groups.items():
        lines += [f"## {group}\n", *_table(_PARAMETER_HEADINGS, (_parameter(fact) for fact in facts)), ""]
    return "\n".join(lines)


_PARAMETER_HEADINGS = ("parameter", "default", "bounds", "unit", "symbol", "meaning", "kind", "source")


def _parameter(fact: Declaration) -> tuple[str, ...]:
    name = f"**`{fact.name}`**" if fact.level == "essential" else f"`{fact.name}`"
    if fact.choices:
        bounds = ", ".join(fact.choices)
    else:
        bounds = "" if fact.low is None or fact.high is None else f"{told(fact.low)} – {told(fact.high)}"
    kind = ", ".join([*(["lever"] if fact.role == "lever" else []), *(["live"] if fact.live else [])])
    return name, told(fact.default), bounds, unit_text(fact.unit), fact.symbol, fact.meaning, kind, fact.source


def metrics_page() -> str:
    """Return every metric: symbol, unit, range, where it lands, meaning, reference."""
    from homogsim.metrics.table import listing

    lines = [
        MADE, "# Metrics\n",
        "Every metric is one pure function and one line in `src/homogsim/metrics/listed/`. `homogsim metrics` prints "
        "this table, `homogsim metrics --json` gives it to programs. What is undefined is empty in tables, never 0.\n",
    ]  # fmt: skip
    rows = (
        (f"`{one.name}`", one.symbol, unit_text(one.unit), _range(one.range), one.where, one.meaning, one.reference)
        for one in listing()
    )
    headings = ("metric", "symbol", "unit", "range", "where", "meaning", "reference")
    return "\n".join([*lines, *_table(headings, rows), ""])


def _range(ends: object) -> str:
    if not isinstance(ends, tuple):
        return str(ends)
    return " … ".join(f"{end:g}" if math.isfinite(end) else "∞" if end > 0 else "−∞" for end in ends)


LAWS = {
    "offering": "What businesses offer and how they work",
    "stocks": "What a business knows, has and is trusted with",
    "pricing": "Prices",
    "money": "Fixed cost, cash, exit and entry",
    "adoption": "Hearing of automation and choosing a tool",
    "response": "What a firm expects of a change",
    "founding": "What a founder expects of a site",
    "tastes": "Kernel tastes",
    "sameness": "Backlash",
}
"""Modules of laws that the page shows, and what they are about; the others are how sums are computed."""
HELPERS = ("sine", "cosine", "write_waves", "gumbel")
"""Functions that are no laws."""


def laws_page() -> str:
    """Return every law of the firm by its formula, from the docstrings of the functions that compute it."""
    lines = [
        MADE, "# Laws\n",
        "Each law is one pure function of numbers in `src/homogsim/laws/`, called by the model and by its test; what "
        "stands here is the first paragraph of its docstring. Numbers in formulas are first defaults, the functions "
        "take them as arguments: [parameters](parameters.md) has the ones in force. Symbols: [notation](notation.md). "
        "What consumers choose stands on [the model's page](../model.md#consumers-choose).\n",
    ]  # fmt: skip
    for module, title in LAWS.items():
        rows = [(f"`{name}`", text) for name, text in _laws_of(module)]
        lines += [f"## {title}\n", f"`laws/{module}.py`\n", *_table(("function", "law"), rows), ""]
    return "\n".join(lines)


def _laws_of(module: str) -> list[tuple[str, str]]:
    """Return the public functions of a module in their order, each with the first paragraph of its docstring."""
    home = import_module(f"homogsim.laws.{module}")
    functions = [(name, one) for name, one in vars(home).items() if isfunction(one) and one.__module__ == home.__name__]
    return [
        (name, " ".join((getdoc(one) or "").partition("\n\n")[0].split()).removeprefix("Return "))
        for name, one in functions
        if not name.startswith("_") and name not in HELPERS
    ]


def notation_page() -> str:
    """Return symbols with meaning, shape, unit and name in the code: the state, parameters, metrics."""
    from homogsim.agents.consumers import Consumers
    from homogsim.agents.firms import Firms
    from homogsim.agents.vendors import Vendors

    lines = [
        MADE, "# Notation\n",
        "i is a consumer, j a business, m a town, s a sector, k a tier of tools, v a vendor, t a month. Money is in "
        "dollars, time in months, distance in minutes, offerings in standard deviations of tastes (*taste sd*). d is "
        "the number of dimensions of the offering space; N is the number of consumers, n of sites, V of vendors. A "
        "prime is next month's value.\n",
    ]  # fmt: skip
    for title, population, rows in (("consumers", Consumers, "N"), ("firms", Firms, "n"), ("vendors", Vendors, "V")):
        symbols = SYMBOLS[title]
        table = [
            (symbols.get(name, ""), *_meaning(column.meaning), f"(d, {rows})" if column.vector else f"({rows},)",
             f"`{title}.{name}`")
            for name, column in population.columns.items()
        ]  # fmt: skip
        lines += [f"## State of {title}\n", *_table(("symbol", "meaning", "unit", "shape", "in the code"), table), ""]
    return "\n".join([*lines, *_symbols_of_parameters(), *_symbols_of_metrics()])


UNITS = (
    "dollars", "dollars a month", "dollars an occasion", "dollars per squared distance", "taste sd", "share", "months",
    "per dollar", "minutes",
)  # fmt: skip
"""Units with which meanings of columns end."""


def _meaning(text: str) -> tuple[str, str]:
    """Return a column's meaning and its unit."""
    meaning, comma, unit = text.rpartition(", ")
    return (meaning, unit) if comma and unit in UNITS else (text, "")


def _symbols_of_parameters() -> list[str]:
    rows = [
        (
            fact.symbol,
            fact.meaning,
            unit_text(fact.unit),
            "list" if isinstance(fact.default, tuple) else "1",
            f"`{name}`",
        )
        for name, fact in declared().items()
        if fact.symbol
    ]
    return ["## Parameters with a symbol\n", *_table(("symbol", "meaning", "unit", "shape", "in the code"), rows), ""]


def _symbols_of_metrics() -> list[str]:
    from homogsim.metrics.table import listing

    rows = [
        (
            one.symbol,
            one.meaning,
            unit_text(one.unit),
            "1 a month" if "timeline" in one.where else "1 a run",
            f"`{one.name}`",
        )
        for one in listing()
        if one.symbol
    ]
    return ["## Metrics with a symbol\n", *_table(("symbol", "meaning", "unit", "shape", "in the code"), rows), ""]


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a Markdown table; what Markdown would read as more than text is escaped."""
    names = list(headings)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return lines + [f"| {' | '.join(map(_cell, row))} |" for row in rows]


def _cell(text: str) -> str:
    if "`" in text:
        return text
    for sign in "\\|*_<>[]{}$":
        text = text.replace(sign, f"\\{sign}")
    return text


if __name__ == "__main__":
    for made in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")):
        print(f"written: {made}")  # noqa: T201  # run as a program, it tells what it wrote
