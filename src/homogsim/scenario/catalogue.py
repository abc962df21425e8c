"""Where shipped scenarios (presets) and scenario files are found."""

from __future__ import annotations

import re
from pathlib import Path

from homogsim.errors import ScenarioError, nearest
from homogsim.scenario.values import printable

NAME = re.compile(r"[a-z0-9-]{1,64}")
"""What a scenario may be called. Names become names of files."""
LISTED_BY = "homogsim list"
"""The command that shows all presets."""


def presets() -> dict[str, Path]:
    """Return the shipped scenarios: name → file.

    A wheel carries them inside the package; a checkout (or an editable install) has them in ``scenarios/``.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "scenarios", package.parents[1] / "scenarios"):
        found = {path.stem: path for path in sorted(folder.glob("*.toml")) if NAME.fullmatch(path.stem)}
        if "baseline" in found:
            return found
    raise ScenarioError("the presets are missing from this installation", str(package), "Install homogsim again.")


def locate(source: str | Path) -> Path:
    """Return the file that a preset's name or a path stands for. A preset's name wins; write ``./name`` for a file.

    Raises
    ------
    ScenarioError
        When the name is neither a preset nor a path.
    """
    if isinstance(source, Path):
        return source
    known = presets()
    if source in known:
        return known[source]
    if source.endswith(".toml") or "/" in source or "\\" in source or ("\0" not in source and _exists(source)):
        return Path(source)
    raise ScenarioError(
        f"there is no preset {printable(source)!r}" if source else "the scenario has no name",
        help=f"{nearest(source[:100], known, listed_by=LISTED_BY)} A file's name ends in .toml.",
    )


def _exists(source: str) -> bool:
    try:
        return bool(source) and Path(source).exists()
    except OSError:  # e.g. a name too long for the file system
        return False


def extended(extends: str, folder: Path) -> Path:
    """Return the file that ``extends`` in a scenario of `folder` stands for: a preset, or a file in or below `folder`.

    Raises
    ------
    ScenarioError
        For absolute paths and paths that climb (a scenario from elsewhere must not read around in this machine), and
        for unknown presets.
    """
    if extends in (known := presets()):
        return known[extends]
    parts = extends.split("/")
    if extends.startswith("/") or ".." in parts or "\\" in extends or ":" in extends or not extends.isprintable():
        raise ScenarioError(
            f"extends = {printable(extends)!r} leaves the scenario's folder",
            help="It names a preset, or a .toml file in or below the scenario's folder; no absolute path and no `..`.",
        )
    if not extends.endswith(".toml"):
        help = f"{nearest(extends[:100], known, listed_by=LISTED_BY)} A file's name ends in .toml."
        raise ScenarioError(f"extends = {printable(extends)!r} is no preset", help=help)
    if not _exists(str(folder / extends)):
        raise ScenarioError(f"extends = {printable(extends)!r}: there is no such file in {printable(str(folder))}")
    return folder / extends
