"""Keyed random numbers: a draw is a pure function of (seed, stream, entity, month, index).

Nothing is drawn "next": whoever asks for the loyalty draw of consumer 12 in month 7 gets the same number, in any
order, on any number of threads. Two scenarios with one seed face the same luck (common random numbers), and a new
mechanism that draws from a new stream shifts no other draw.

The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3",
SC'11), a bijection of a 128-bit counter under a 64-bit key:

* key = (seed, 32-bit FNV-1a hash of the stream's name);
* counter = (entity mod 2**32, entity // 2**32, month mod 2**32, index), so negative months count from the top.

Every draw uses the strict functions of `homogsim.numerics`, so it has the same bits on every x86-64 machine.
"""

from homogsim.streams.distributions import poisson_quantile
from homogsim.streams.keyed import STREAMS, Streams, stream_key
from homogsim.streams.philox import philox4x32, uniform32, uniform52

__all__ = ["STREAMS", "Streams", "philox4x32", "poisson_quantile", "stream_key", "uniform32", "uniform52"]
