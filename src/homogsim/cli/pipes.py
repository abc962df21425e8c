"""Output to a pipe that is closed early (`homogsim show baseline | head -1`): the rest goes nowhere.

The command goes on to its end, so that a run is stored and the exit code is that of the command.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Pipe(io.FileIO):
    """A file whose further writes go nowhere when nobody reads any more."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, as far as anybody reads."""
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes


def outlive_readers() -> None:
    """Put such files in the place of standard output and standard error, where they are no terminals."""
    sys.stdout, sys.stderr = outliving(sys.stdout), outliving(sys.stderr)


def outliving(stream: TextIO) -> TextIO:
    """Return a stream that writes where `stream` does and outlives its reader; terminals and stand-ins stay."""
    if not isinstance(stream, io.TextIOWrapper) or stream.isatty():
        return stream
    raw = getattr(stream.buffer, "raw", stream.buffer)  # without a buffer where PYTHONUNBUFFERED is set
    if type(raw) is not io.FileIO:
        return stream
    stream.flush()
    pipe = Pipe(raw.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        pipe if raw is stream.buffer else io.BufferedWriter(pipe),
        stream.encoding, "replace", line_buffering=stream.line_buffering, write_through=stream.write_through,
    )  # fmt: skip
