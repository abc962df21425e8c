"""Shells complete commands and options."""

from __future__ import annotations

import os
import subprocess
import sys


def completed(line: str) -> set[str]:
    words = line.split(" ")
    environment = os.environ | {
        "_HOMOGSIM_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run([sys.executable, "-m", "homogsim"], env=environment, capture_output=True, text=True)
    return set(done.stdout.split())


def test_commands_and_options_are_completed() -> None:
    assert completed("homogsim comp") == {"compare"}
    assert {"--replications", "--metric"} <= completed("homogsim compare --")
