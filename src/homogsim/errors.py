"""Errors that say what happened, where, and what would help.

The command line prints them without a traceback and leaves with their exit code; a library user catches
`HomogsimError`. Anything else that escapes is a defect of homogsim, not a mistake of its user.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NAMED = 12
"""Known names that an error lists; whoever asks adds where all are to be found."""


class HomogsimError(Exception):
    """A mistake or a limit that the user can do something about.

    Parameters
    ----------
    what : str
        What is wrong, with the offending value.
    where : str, optional
        File, line, option or parameter.
    help : str, optional
        What would help.
    """

    exit_code = 2

    def __init__(self, what: str, where: str = "", help: str = "") -> None:
        self.what, self.where, self.help = what, where, help
        super().__init__(what, where, help)

    def __str__(self) -> str:
        """Return one to three lines: what, where, help."""
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.help:
            lines.append(self.help)
        return "\n".join(lines)


class ScenarioError(HomogsimError):
    """A scenario file or parameter that cannot be used."""


class BudgetError(HomogsimError):
    """A run that would not fit in memory or in a lifetime."""


class StorageError(HomogsimError):
    """A folder or file that cannot be written or read."""

    exit_code = 74


class WrongPath(StorageError):
    """A folder or file that the user named and that is missing, something else, or there already."""

    exit_code = 2


def nearest(name: str, known: Iterable[str], count: int = 3, listed_by: str = "") -> str:
    """Return a sentence with the known names closest to `name`, for an error's help.

    Where none is close and not all can be named, it says that the command `listed_by` shows all.
    """
    known = sorted(known)
    close = get_close_matches(name, known, n=count, cutoff=0.4)
    if not close:
        tail = name.rsplit(".", 1)[-1]
        close = [k for k in known if tail and tail in k][:count]
    if close:
        return f"Did you mean {', '.join(close)}?"
    named = f"Known: {', '.join(known[:MOST_NAMED])}"
    if len(known) <= MOST_NAMED:
        return f"{named}."
    return f"{named}, … (`{listed_by}` shows all)." if listed_by else f"{named}, …"


def counted(count: int, what: str) -> str:
    """Return a number of things in words: ``1 month``, ``2 months``."""
    return f"{count} {what}{'' if count == 1 else 's'}"
