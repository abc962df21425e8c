"""A scenario file from somewhere else: read within limits, and never run by itself."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from homogsim.errors import BudgetError, ScenarioError
from homogsim.scenario import Estimate, Scenario, check_budget, presets
from homogsim.scenario.source import LARGEST_FILE
from homogsim.scenario.values import printable

MOST_MEMORY = 2e9
"""Bytes of memory that a market of the page may take."""
MOST_SECONDS = 900.0
"""Seconds that a run may take by its estimate."""
FILE = "uploaded.toml"


def read(text: str) -> Scenario:
    """Return the scenario in an uploaded file's text.

    Raises
    ------
    ScenarioError
        For more than 256 kB, what is no scenario, and ``extends`` of anything but a shipped preset.
    """
    if len(text.encode("utf-8", "replace")) > LARGEST_FILE:
        raise ScenarioError(f"the file is larger than {LARGEST_FILE // 1000} kB", help="A scenario sets what differs.")
    with TemporaryDirectory(prefix="homogsim-upload-") as folder:
        path = Path(folder) / FILE
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            _refuse_files(text)
            found = Scenario.read(path)
        except ScenarioError as error:
            where = error.where.replace(str(path), "the file").replace(folder, "")
            raise ScenarioError(error.what.replace(folder, ""), where, error.help) from None
    return replace(found, path=None)


def _refuse_files(text: str) -> None:
    try:
        extends = tomllib.loads(text).get("extends", "baseline")
    except (ValueError, RecursionError):
        return  # the reader of scenarios says what is wrong, and where
    if extends not in presets():
        what = f"extends = {printable(str(extends)[:80])!r} is no preset"
        raise ScenarioError(what, help="An uploaded scenario extends a shipped preset, or nothing.")


def affordable(scenario: Scenario) -> Estimate:
    """Return what a run of a scenario takes, after making sure that the page may take as much.

    Raises
    ------
    BudgetError
        It needs more memory or time than the page gives a tab.
    """
    try:
        return check_budget(scenario.parameters, MOST_MEMORY, MOST_SECONDS)
    except BudgetError as error:
        driver = error.help.removeprefix("Lower ").partition(",")[0].partition(" or ")[0]
        help = f"Lower {driver}, or run it with `homogsim run`, which may take more."
        raise BudgetError(error.what, help=help) from None
