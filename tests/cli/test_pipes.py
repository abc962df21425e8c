"""Output that nobody reads to its end, and interruptions while the command loads."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys

import pytest

from homogsim.cli.pipes import outliving

SHOW = [sys.executable, "-m", "homogsim", "show", "baseline", "--all"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_no_accident(unbuffered: str) -> None:
    ours, theirs = os.pipe()
    os.close(ours)  # nobody reads
    done = subprocess.run(
        SHOW, stdout=theirs, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": unbuffered}
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_read_is_what_was_written_and_the_rest_goes_nowhere() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as plain, outliving(plain) as stream:
        assert stream is not plain
        stream.write("first\n")
        stream.flush()
        assert os.read(ours, 100) == b"first\n"
        os.close(ours)
        stream.write("second\n")
        stream.flush()
        stream.write("third\n")
        stream.flush()


def test_stand_ins_for_a_stream_stay() -> None:
    stream = io.StringIO()
    assert outliving(stream) is stream


LOADING = """
import os, signal, sys
from homogsim.cli import main

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "homogsim.cli.app":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
main()
"""


def test_an_interruption_while_the_command_loads_takes_one_line() -> None:
    done = subprocess.run([sys.executable, "-c", LOADING, "list"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
