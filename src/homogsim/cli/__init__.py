"""The command line: `homogsim`. Thin; it asks other modules and shows what they say."""

from __future__ import annotations

from homogsim.cli.app import main

__all__ = ["main"]
