"""Streams by name, and draws from them."""

from __future__ import annotations

from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.errors import HomogsimError, nearest
from homogsim.numerics import elementwise, log_array, normal_quantile_array, power_array
from homogsim.streams.distributions import LARGEST_POISSON_MEAN, gammas_into, poisson_into
from homogsim.streams.philox import monthly_uniforms_into, uniforms_into

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STREAMS = MappingProxyType(
    {
        "tastes": "a consumer's taste along each dimension of variety",
        "niche centres": "centres of the taste niches",
        "town tastes": "a town's deviation from the common tastes",
        "sector centres": "where a sector's offerings lie in the space of variety",
        "niche mix": "shares of the niches in a town and sector",
        "places": "where consumers live inside their town",
        "town positions": "where towns lie in the region",
        "price sensitivity": "a consumer's price sensitivity",
        "personalization value": "what personalization is worth to a consumer",
        "locality value": "what a local firm is worth to a consumer",
        "loyalty": "a consumer's attachment to the firm visited last",
        "visit": "whether a consumer visits in a month",
        "race": "exponential race over the alternatives of a visit, one draw per alternative",
        "sales": "units sold, when demand is sampled",
        "site": "whether a site is occupied or tried by an entrant in a month",
        "concept": "the position in variety a founder considers",
        "quality": "a firm's own quality",
        "cost": "a firm's unit cost",
        "fixed cost": "a firm's fixed cost",
        "starting cash": "a firm's cash at its start",
        "alignment": "how well a tool suits a firm's processes",
        "heard": "what a firm has heard about the gains of automation",
        "review": "in which month of the year a firm reviews its automation",
        "choice": "the unobserved part of a firm's value of each tool",
        "vendor": "which vendor a firm considers, and the vendors themselves",
        "implementation": "how well an adoption is carried out",
        "offering noise": "monthly drift of what a firm offers",
        "process noise": "monthly drift of a firm's processes",
        "taste strength": "how much fit matters to a consumer",
        "waves": "directions and phases of the waves that kernel tastes are made of",
        "town waves": "what a town's people like of them",
        "niche waves": "what a niche's people like of them",
        "own waves": "what one consumer likes of them",
        "site places": "where storefronts lie inside their town",
        "oversight": "whether a firm watches its customers' satisfaction",
        "shock": "a firm's monthly demand or cost shock",
        "chain": "whether a chain looks at an empty site in a month",
        "retirement": "whether an owner retires in a month",
        "entry": "whether a founder opens a firm at an empty site",
        "born with tool": "whether a new firm starts with a tool",
        "templates": "the designs that a vendor's tool offers",
        "peers": "which firms a firm watches",
        "bootstrap": "weights of worlds when an experiment asks how sure its ranking is",
        "panel": "which consumers belong to the recorded panel",
        "design": "points of a random design of experiments, and what is resampled to judge it",
    }
)
"""Every stream's name and one line on what is drawn from it."""

SEEDS = 2**32


def stream_key(seed: int, stream: str) -> tuple[int, int]:
    """Return the Philox key of a stream: (seed, 32-bit FNV-1a hash of the stream's name in UTF-8).

    Raises
    ------
    HomogsimError
        If the seed is not a whole number in [0, 2**32), or the stream is not in `STREAMS`.
    """
    if not 0 <= seed < SEEDS or int(seed) != seed:
        raise HomogsimError(f"The seed {seed} is not a whole number from 0 to {SEEDS - 1}.")
    return int(seed), _stream_hash(stream)


@cache
def _stream_hash(stream: str) -> int:
    """Return the FNV-1a hash of a known stream's name (Fowler, Noll and Vo; offset basis and prime of 32 bits)."""
    if stream not in STREAMS:
        raise HomogsimError(f"There is no random stream {stream!r}.", help=nearest(stream, STREAMS))
    digest = 0x811C9DC5
    for byte in stream.encode():
        digest = (digest ^ byte) * 0x01000193 & 0xFFFFFFFF
    return digest


@lru_cache(maxsize=4096)
def _words(seed: int, stream: str) -> tuple[np.uint64, np.uint64]:
    """Return the key of a stream as words: made once, and no part of the state of a market."""
    k0, k1 = stream_key(seed, stream)
    return np.uint64(k0), np.uint64(k1)


class Streams:
    """All random numbers of a run.

    Parameters
    ----------
    seed : int
        In [0, 2**32).

    Raises
    ------
    HomogsimError
        If the seed is out of range.

    Notes
    -----
    Every method takes the stream's name, the entity (any 64-bit integer: a uid, a row number), the month (32-bit,
    negative before automation) and the index (0 to 2**32 - 1, for several draws of one entity in one month). They
    are integers or arrays of integers and broadcast against each other and against the law's parameters; the result
    is an array of the broadcast shape, or a NumPy scalar if all are scalars. Two methods called with the same stream,
    entity, month and index use the same underlying uniform.

    Examples
    --------
    >>> streams = Streams(seed=1)
    >>> bool(streams.uniform("loyalty", [3, 4], month=7)[1] == streams.uniform("loyalty", 4, month=7))
    True
    """

    def __init__(self, seed: int) -> None:
        stream_key(seed, "tastes")
        self.seed = int(seed)

    def uniform(self, stream: str, entity: ArrayLike, month: ArrayLike = 0, index: ArrayLike = 0) -> FloatArray:
        """Return uniforms in the open interval (0, 1): odd multiples of 2**-53 (see `uniform52`)."""
        return self._uniforms(stream, entity, month, index, pairs=False)[0]

    def normal(self, stream: str, entity: ArrayLike, month: ArrayLike = 0, index: ArrayLike = 0) -> FloatArray:
        """Return standard normals, by inversion (AS 241): monotone in the uniform."""
        return normal_quantile_array(self.uniform(stream, entity, month, index))

    def exponential(self, stream: str, entity: ArrayLike, month: ArrayLike = 0, index: ArrayLike = 0) -> FloatArray:
        """Return exponentials of mean 1: -log u."""
        return -log_array(self.uniform(stream, entity, month, index))

    def gamma2(
        self, stream: str, entity: ArrayLike, month: ArrayLike = 0, mean: ArrayLike = 1.0, index: ArrayLike = 0
    ) -> FloatArray:
        """Return gamma draws of shape 2 and the given mean (>= 0): the mean times half the sum of two exponentials.

        The exponentials come from words 0-1 and 2-3 of one block.
        """
        first, second = self._uniforms(stream, entity, month, index, pairs=True)
        return -0.5 * np.asarray(mean, dtype=np.float64) * (log_array(first) + log_array(second))

    def gamma(
        self, stream: str, entity: ArrayLike, month: ArrayLike = 0, shape: ArrayLike = 1.0, index: ArrayLike = 0
    ) -> FloatArray:
        """Return gamma draws of unit scale and any shape > 0, by rejection (Marsaglia and Tsang 2000).

        A draw takes the blocks of `index` and of the next few indices: leave gaps of 1,024 between the indices of
        draws that share stream, entity and month. Prefer `gamma2` where shape 2 will do: it is monotone in its
        uniforms, this one is not.

        Raises
        ------
        HomogsimError
            If a shape is not positive and finite.
        """
        shapes = np.asarray(shape, dtype=np.float64)
        if not np.all((shapes > 0.0) & (shapes < np.inf)):
            raise HomogsimError("The shape of a gamma law must be positive and finite.")
        k0, k1 = self._key(stream)
        keys = [_integers(values) for values in (entity, month, index)]
        dimensions = np.broadcast_shapes(*(values.shape for values in (*keys, shapes)))
        entities, months, indices = (_flat(values, dimensions) for values in keys)
        result = np.empty(entities.size)
        gammas_into(entities, months, indices, k0, k1, _flat(shapes, dimensions), result)
        return result.reshape(dimensions)[()]

    def kumaraswamy(
        self,
        stream: str,
        entity: ArrayLike,
        month: ArrayLike = 0,
        a: ArrayLike = 1.0,
        b: ArrayLike = 1.0,
        index: ArrayLike = 0,
    ) -> FloatArray:
        """Return draws in [0, 1] with distribution F(x) = 1 - (1 - x**a)**b, a and b > 0.

        By inversion, x = (1 - (1 - u)**(1/b))**(1/a) (Kumaraswamy 1980, J. Hydrology 46, 79-88).
        """
        u = self.uniform(stream, entity, month, index)
        inverse_a, inverse_b = (1.0 / np.asarray(parameter, dtype=np.float64) for parameter in (a, b))
        return power_array(1.0 - power_array(1.0 - u, inverse_b), inverse_a)

    def poisson(
        self, stream: str, entity: ArrayLike, month: ArrayLike = 0, mean: ArrayLike = 1.0, index: ArrayLike = 0
    ) -> IntArray:
        """Return Poisson counts (int64) by inversion of one uniform (see `poisson_quantile`).

        Raises
        ------
        HomogsimError
            If a mean is negative, NaN or above 1e15.
        """
        means = np.asarray(mean, dtype=np.float64)
        if not np.all((means >= 0.0) & (means <= LARGEST_POISSON_MEAN)):
            raise HomogsimError(f"A Poisson mean must lie between 0 and {LARGEST_POISSON_MEAN:g}.")
        u = self.uniform(stream, entity, month, index)
        return elementwise(poisson_into, u, means).astype(np.int64)

    def _key(self, stream: str) -> tuple[np.uint64, np.uint64]:
        """Return the key of a stream as words."""
        return _words(self.seed, stream)

    def _uniforms(
        self, stream: str, entity: ArrayLike, month: ArrayLike, index: ArrayLike, pairs: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Return the uniforms of words 0-1 and, if `pairs`, of words 2-3 (else an empty array)."""
        k0, k1 = self._key(stream)
        entities = _integers(entity)
        if not pairs and entities.ndim == 1 and isinstance(month, int) and isinstance(index, int):
            result = np.empty(entities.size)
            month_word, index_word = np.uint64(month % 2**64), np.uint64(index % 2**64)
            monthly_uniforms_into(np.ascontiguousarray(entities), month_word, index_word, k0, k1, result)
            return result, result[:0]
        keys = (entities, _integers(month), _integers(index))
        dimensions = np.broadcast(*keys).shape
        entities, months, indices = (_flat(values, dimensions) for values in keys)
        first = np.empty(entities.size)
        second = np.empty(first.size if pairs else 0)
        uniforms_into(entities, months, indices, k0, k1, first, second)
        return first.reshape(dimensions)[()], second.reshape(dimensions)[()] if pairs else second


def _flat(values: NDArray[Any], dimensions: tuple[int, ...]) -> NDArray[Any]:
    """Return `values`, broadcast to `dimensions`, as a contiguous array of one dimension."""
    full = np.empty(dimensions, values.dtype)
    full[...] = values
    return full.reshape(-1)


def _integers(values: ArrayLike) -> IntArray:
    """Return `values` as int64, refusing fractions: a float key would silently lose its bits."""
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise HomogsimError(f"Random draws are keyed by whole numbers, not by {array.dtype}.")
    return array.astype(np.int64, copy=False)
