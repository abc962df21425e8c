"""A scenario file as text: read within limits, parsed, and every key's line remembered."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homogsim.errors import ScenarioError
from homogsim.scenario.values import MOST_DOTS, printable

LARGEST_FILE = 256_000
"""Bytes of a scenario file; larger ones are refused before they are parsed."""

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'))*)\s*="""
)
_AT = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class Source:
    """A parsed scenario file."""

    path: Path
    table: dict[str, Any]
    lines: dict[str, int]
    """Line of each dotted key, counted from 1; ``events[2].month`` is in the second table headed ``[[events]]``."""
    first_comment: str
    """The comment on the first line, without its ``#``: by convention the question asked."""

    def where(self, key: str) -> str:
        """Return the file and, where it can be found, the line of a dotted key or of the first key under it."""
        line = self.lines.get(key)
        if line is None:
            line = min((n for k, n in self.lines.items() if k.startswith((f"{key}.", f"{key}["))), default=None)
        while line is None and key:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
            line = self.lines.get(key)
        return at(self.path, line)


def at(path: Path, line: int | None = None) -> str:
    """Return a place in a file for an error, in printable characters."""
    return printable(str(path)) + (f", line {line}" if line else "")


def read_source(path: Path) -> Source:
    """Read and parse a scenario file.

    Raises
    ------
    ScenarioError
        When the file is missing, not a readable regular file, too large, not UTF-8 or not TOML.
    """
    text = _text(path)
    _refuse_dots(path, text)
    return Source(path, _parsed(path, text), _lines(text), _first_comment(text))


def _text(path: Path) -> str:
    data = _data(path)
    if len(data) > LARGEST_FILE:
        raise ScenarioError(
            f"the file is larger than {LARGEST_FILE // 1000} kB", at(path), "A scenario sets only what differs."
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError("the file is not UTF-8 text", at(path, line), "Save it as UTF-8.") from None


def _data(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            what = "this is a directory" if path.is_dir() else "this is not a regular file"
            raise ScenarioError(what, at(path), "Name a scenario file (.toml) or a preset; `homogsim list` shows them.")
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ScenarioError("no such file", at(path), "`homogsim list` shows the presets.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        raise ScenarioError(f"the file cannot be read: {reason}", at(path)) from None


def _refuse_dots(path: Path, text: str) -> None:
    for n, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS:
            raise ScenarioError(f"more than {MOST_DOTS} dots in a line", at(path, n), "Keys have two or three parts.")


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ScenarioError("the file is nested too deeply", at(path), "Keys have two or three parts.") from None
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _AT.search(message)
        line = int(found.group(1)) if found else text.rstrip("\n").count("\n") + 1
        what = _AT.sub("", message.replace("(at end of document)", "at the end of the file")).strip()
        raise ScenarioError(f"this is not TOML: {what}", at(path, line), _toml_help(what)) from None
    except ValueError:  # an integer of thousands of digits, which Python refuses to convert
        long = re.search(r"[0-9][0-9_]{999,}", text)
        line = text.count("\n", 0, long.start()) + 1 if long else 1
        raise ScenarioError("a whole number of thousands of digits", at(path, line)) from None


def _toml_help(what: str) -> str:
    if "overwrite" in what or "twice" in what or "declare" in what:
        return "A key or table may be given only once."
    if "value" in what:
        return 'Texts need quotation marks, numbers none: demand = "sampled", towns = 8.'
    return "A line reads key = value, or [group]."


def _lines(text: str) -> dict[str, int]:
    """Return the line on which each key is set. Good enough for messages; keys in inline tables are not looked for."""
    found: dict[str, int] = {}
    count: dict[str, int] = {}
    table, fence = "", ""
    for n, line in enumerate(text.split("\n"), 1):
        if fence:  # inside a multi-line text
            fence = "" if fence in line else fence
            continue
        if header := _HEADER.fullmatch(line):
            name = _dotted(header.group(2))
            first, dot, rest = name.partition(".")
            table = (f"{first}[{count[first]}]" if first in count else first) + dot + rest + "."
            if header.group(1) == "[[":
                count[name] = count.get(name, 0) + 1
                table = f"{name}[{count[name]}]."
            found.setdefault(table[:-1], n)
        elif key := _KEY.match(line):
            found.setdefault(table + _dotted(key.group(1)), n)
        fence = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")
    return found


def _dotted(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _first_comment(text: str) -> str:
    first = text.split("\n", 1)[0].strip()
    return first[1:].strip() if first.startswith("#") else ""
