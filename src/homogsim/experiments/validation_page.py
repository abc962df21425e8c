"""``docs/validation.md`` and its figure, written from a validation and never by hand."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

from homogsim.errors import HomogsimError
from homogsim.experiments.validation import Check, Validation
from homogsim.scenario.writing import write_whole

PAGE, FIGURE = "validation.md", "figures/validation.png"

TITLES = {
    "fit": "Targets that parameters are fitted to",
    "validate": "Out of sample: reported, never tuned",
    "prior": "Priors: what the parameters come to",
}

INTRODUCTION = """\
# Validation

This page is written by `homogsim validate --docs`; do not edit it.

Every target is an empirical moment with a band (`src/homogsim/data/targets.toml` has the sources, and
`src/homogsim/experiments/moments.py` how the model computes each). *Status* says how sure the source is: *verified* was
read in the original, *secondary* in a page that cites it, *memory* was not checked, *seed* is a claim without a
traceable study. Bands without a published interval are modelling judgement. *Simulated* is the mean over the runs with
its Monte Carlo standard error; ≈ marks a mean within two standard errors of the band's end.
"""


def write_page(found: Validation, folder: Path) -> tuple[Path, Path]:
    """Write page and figure into a folder of documents, in place of the earlier ones; return both paths.

    Raises
    ------
    HomogsimError
        There is no such folder.
    StorageError
        They cannot be written.
    """
    check_docs(folder)
    plots = importlib.import_module("homogsim.plots")
    figure = plots.write_figure(found.plot(), folder / FIGURE)
    write_whole(folder / PAGE, page(found), overwrite=True)
    return folder / PAGE, figure


def check_docs(folder: Path) -> None:
    """Refuse a folder of documents that does not exist.

    Raises
    ------
    HomogsimError
        Says what would help.
    """
    if not folder.is_dir():
        raise HomogsimError("there is no such folder", str(folder), "Call it in a checkout of homogsim.")


def page(found: Validation) -> str:
    """Return the page's text."""
    inside = sum(c.verdict == "inside" for c in found.checks if c.target.use == "fit")
    fitted = sum(c.target.expressed for c in found.checks if c.target.use == "fit")
    lengths = ", ".join(f"`{name}` {months}" for name, months in found.months.items())
    parts = [
        INTRODUCTION,
        f"Scenario `{found.scenario.name}`, {len(found.seeds)} seeds ({found.seeds[0]} to {found.seeds[-1]}). Months "
        f"after automation arrives: {lengths}. **{inside} of {fitted} fitted targets lie inside their bands.**\n",
        f"![Targets, bands and simulated values]({FIGURE})\n",
    ]
    parts += [f"Lost: {run}.\n" for run in found.lost]
    for use, title in TITLES.items():
        rows = [check for check in found.checks if check.target.use == use and check.target.expressed]
        if rows:
            parts.append(f"## {title}\n\n{_table(rows)}")
    silent = [check.target for check in found.checks if not check.target.expressed]
    if silent:
        lines = [f"- `{t.id}` ({_source(t.source)}): {t.not_expressed}." for t in silent]
        parts.append("## What the model does not express\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _table(checks: list[Check]) -> str:
    head = "| target | measured in | unit | band | target | simulated | | status | source |\n"
    return head + "|---" * 9 + "|\n" + "".join(_row(check) for check in checks)


def _row(check: Check) -> str:
    t = check.target
    error = "" if math.isnan(check.error) else f" ± {number(check.error)}"
    verdict = f"{'**outside**' if check.verdict == 'outside' else check.verdict}{' ≈' if check.close else ''}"
    band = f"{number(t.lo)} … {number(t.hi)}"
    source = (
        f"[{_source(t.source)}](https://{t.url})"
        if "/" in t.url and " " not in t.url and "." in t.url.split("/")[0]
        else _source(t.source)
    )
    cells = (
        f"`{t.id}`",
        t.preset,
        t.unit,
        band,
        number(t.target),
        f"{number(check.mean)}{error}",
        verdict,
        t.status,
        source,
    )
    return "| " + " | ".join(cells) + " |\n"


def _source(text: str) -> str:
    return text.replace("|", "/").replace("[", "(").replace("]", ")")


def number(value: float) -> str:
    """Return a number with three significant digits and a true minus sign; a dash for an undefined one."""
    return f"{float(f'{value:.3g}'):g}".replace("-", "−") if math.isfinite(value) else "–"
