"""Keyed random numbers: the published generator, its keys and counters, and every law drawn from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy import stats

from homogsim import numerics
from homogsim.errors import HomogsimError
from homogsim.streams import STREAMS, Streams, philox4x32, poisson_quantile, stream_key, uniform32, uniform52

COUNT = 20_000
ENTITIES = np.arange(COUNT)

# Random123 1.14, tests/kat_vectors, "philox4x32 10": counter, key, output.
KNOWN_ANSWERS = """
00000000 00000000 00000000 00000000  00000000 00000000  6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff  ffffffff ffffffff  408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344  a4093822 299f31d0  d16cfe09 94fdcceb 5001e420 24126ea1
"""


@pytest.fixture(scope="module")
def draws() -> Streams:
    return Streams(2024)


def reference_philox(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Return Philox4x32-10 in Python integers, written from the paper's equations."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


@pytest.mark.parametrize("line", KNOWN_ANSWERS.strip().splitlines())
def test_philox_gives_the_published_known_answers(line: str) -> None:
    words = [int(word, 16) for word in line.split()]
    assert tuple(map(int, philox4x32(*words[:6]))) == tuple(words[6:])
    assert reference_philox(tuple(words[:4]), tuple(words[4:6])) == tuple(words[6:])


@settings(deadline=None)  # the first example compiles
@given(st.tuples(*[st.integers(0, 2**32 - 1)] * 6))
def test_philox_equals_its_definition_in_integers(words: tuple[int, ...]) -> None:
    assert tuple(map(int, philox4x32(*words))) == reference_philox(words[:4], words[4:])


@settings(deadline=None)  # the first example compiles
@given(
    seed=st.integers(0, 2**32 - 1),
    stream=st.sampled_from(sorted(STREAMS)),
    entity=st.integers(-(2**63), 2**63 - 1),
    month=st.integers(-(2**31), 2**31 - 1),
    index=st.integers(0, 2**32 - 1),
)
def test_a_uniform_is_the_documented_function_of_its_key(
    seed: int, stream: str, entity: int, month: int, index: int
) -> None:
    unsigned = entity % 2**64
    counter = (unsigned % 2**32, unsigned >> 32, month % 2**32, index)
    w0, w1, _, _ = reference_philox(counter, stream_key(seed, stream))
    expected = (w0 * 2**20 + w1 // 2**12 + 0.5) * 2.0**-52
    assert Streams(seed).uniform(stream, entity, month, index) == expected


def test_a_gamma_draw_uses_all_four_words_of_its_block(draws: Streams) -> None:
    w0, w1, w2, w3 = reference_philox((9, 0, 4, 0), stream_key(2024, "locality value"))
    exponentials = [-numerics.log(uniform52(high, low)) for high, low in ((w0, w1), (w2, w3))]
    assert draws.gamma2("locality value", 9, 4, 0.75) == pytest.approx(0.375 * sum(exponentials), rel=1e-15)


def test_uniforms_stay_inside_the_open_interval() -> None:
    assert uniform52(0, 0) == 2.0**-53
    assert uniform52(2**32 - 1, 2**32 - 1) == 1.0 - 2.0**-53
    assert uniform32(0) == 2.0**-33
    assert uniform32(2**32 - 1) == 1.0 - 2.0**-33


def test_stream_key_is_the_seed_and_the_fnv1a_hash_of_the_name() -> None:
    # FNV-1a of "race", computed by hand from the published offset basis and prime.
    digest = 2166136261
    for letter in b"race":
        digest = (digest ^ letter) * 16777619 % 2**32
    assert stream_key(7, "race") == (7, digest)


def test_no_two_streams_share_a_key() -> None:
    assert len({stream_key(1, name) for name in STREAMS}) == len(STREAMS)
    assert all(meaning for meaning in STREAMS.values())


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5])
def test_a_seed_out_of_range_is_refused(seed: float) -> None:
    with pytest.raises(HomogsimError, match="whole number"):
        Streams(seed)  # type: ignore[arg-type]


def test_an_unknown_stream_is_refused_with_a_suggestion(draws: Streams) -> None:
    with pytest.raises(HomogsimError, match="loyalty"):
        draws.uniform("loyalti", 1)


def test_fractional_keys_are_refused(draws: Streams) -> None:
    with pytest.raises(HomogsimError, match="whole numbers"):
        draws.uniform("loyalty", [0.5])


LAWS: dict[str, Callable[[Streams, np.ndarray], np.ndarray]] = {
    "uniform": lambda draws, entity: draws.uniform("shock", entity, 5),
    "normal": lambda draws, entity: draws.normal("shock", entity, 5),
    "exponential": lambda draws, entity: draws.exponential("shock", entity, 5),
    "gamma2": lambda draws, entity: draws.gamma2("shock", entity, 5, 0.75),
    "gamma": lambda draws, entity: draws.gamma("shock", entity, 5, 0.4),
    "kumaraswamy": lambda draws, entity: draws.kumaraswamy("shock", entity, 5, 1.38, 3.16),
    "poisson": lambda draws, entity: draws.poisson("shock", entity, 5, 7.5),
}


@pytest.mark.parametrize("law", list(LAWS))
def test_a_draw_does_not_depend_on_what_else_is_drawn(draws: Streams, law: str) -> None:
    together = LAWS[law](draws, ENTITIES[:500])
    order = np.random.Generator(np.random.PCG64(3)).permutation(500)
    assert LAWS[law](draws, order).tobytes() == together[order].tobytes()
    alone = [LAWS[law](draws, np.asarray(entity)) for entity in range(50)]
    assert np.array(alone).tobytes() == together[:50].tobytes()


def test_keys_and_parameters_broadcast(draws: Streams) -> None:
    entity, month, index = np.arange(4)[:, None, None], np.arange(-2, 1)[None, :, None], np.arange(2)
    block = draws.uniform("race", entity, month, index)
    assert block.shape == (4, 3, 2)
    for place in np.ndindex(4, 3, 2):
        assert block[place] == draws.uniform("race", place[0], place[1] - 2, place[2])
    assert draws.gamma2("race", 3, [0, 1], [[1.0], [2.0], [4.0]]).shape == (3, 2)
    assert draws.poisson("race", [1, 2], 0, [[1.0], [200.0]]).shape == (2, 2)
    assert draws.kumaraswamy("race", 1, 0, [1.0, 2.0, 3.0], 2.0).shape == (3,)
    assert draws.gamma("race", [1, 2], 0, [[0.5], [1.0], [2.0]], [0, 1024]).shape == (3, 2)
    assert draws.uniform("race", []).shape == (0,)
    for one in (np.int64(-2), np.array(-2), np.full(4, -2)):  # a month and an index that are no int of Python's
        assert np.array_equal(draws.uniform("race", np.arange(4), one, np.int32(1)), block[:, 0, 1])
    assert np.array_equal(draws.uniform("race", np.arange(8)[::2], -2, 1), draws.uniform("race", [0, 2, 4, 6], -2, 1))
    assert isinstance(draws.normal("race", 1), float)


def test_every_part_of_the_key_matters(draws: Streams) -> None:
    others = [
        draws.uniform("tastes", ENTITIES, 1, 0),
        draws.uniform("quality", ENTITIES, 1, 0),
        draws.uniform("tastes", ENTITIES + 2**32, 1, 0),
        draws.uniform("tastes", ENTITIES, -1, 0),
        draws.uniform("tastes", ENTITIES, 1, 1),
        Streams(2025).uniform("tastes", ENTITIES, 1, 0),
        draws._uniforms("tastes", ENTITIES, 1, 0, pairs=True)[1],
    ]
    assert np.unique(np.concatenate(others)).size == len(others) * COUNT
    correlations = np.asarray(np.corrcoef(others))[np.triu_indices(len(others), 1)]
    assert np.abs(correlations).max() < 4.0 / np.sqrt(COUNT)


DISTRIBUTIONS: dict[str, tuple[Callable[[Streams], np.ndarray], Callable[..., np.ndarray]]] = {
    "uniform": (lambda draws: draws.uniform("tastes", ENTITIES), stats.uniform.cdf),
    "uniform over months": (lambda draws: draws.uniform("tastes", 1, ENTITIES - 10_000), stats.uniform.cdf),
    "uniform over indices": (lambda draws: draws.uniform("tastes", 1, 0, ENTITIES), stats.uniform.cdf),
    "normal": (lambda draws: draws.normal("tastes", ENTITIES), stats.norm.cdf),
    "exponential": (lambda draws: draws.exponential("tastes", ENTITIES), stats.expon.cdf),
    "gamma2": (lambda draws: draws.gamma2("tastes", ENTITIES, 0, 0.75), stats.gamma(2.0, scale=0.375).cdf),
    "gamma of shape 0.3": (lambda draws: draws.gamma("tastes", ENTITIES, 0, 0.3), stats.gamma(0.3).cdf),
    "gamma of shape 1": (lambda draws: draws.gamma("tastes", ENTITIES), stats.expon.cdf),
    "gamma of shape 8.5": (lambda draws: draws.gamma("tastes", ENTITIES, 0, 8.5), stats.gamma(8.5).cdf),
    "kumaraswamy": (
        lambda draws: draws.kumaraswamy("tastes", ENTITIES, 0, 1.38, 3.16),
        lambda x: 1.0 - (1.0 - x**1.38) ** 3.16,
    ),
}


@pytest.mark.parametrize("name", list(DISTRIBUTIONS))
def test_draws_follow_their_law(draws: Streams, name: str) -> None:
    sample, distribution = DISTRIBUTIONS[name]
    assert stats.kstest(sample(draws), distribution).pvalue > 0.01


def test_moments_of_the_laws(draws: Streams) -> None:
    normal = draws.normal("shock", ENTITIES)
    assert abs(normal.mean()) < 4.0 / np.sqrt(COUNT)
    assert normal.var() == pytest.approx(1.0, abs=4.0 * np.sqrt(2.0 / COUNT))
    gamma = draws.gamma2("shock", ENTITIES, 0, 2.0)
    assert gamma.mean() == pytest.approx(2.0, abs=4.0 * np.sqrt(2.0 / COUNT))
    assert gamma.var() == pytest.approx(2.0, rel=0.1)
    # The model document: implementation quality has mean 1/3.
    implementation = draws.kumaraswamy("implementation", ENTITIES, 0, 1.38, 3.16)
    assert implementation.mean() == pytest.approx(1.0 / 3.0, abs=0.01)
    assert implementation.min() >= 0.0
    assert implementation.max() <= 1.0


@pytest.mark.parametrize("mean", [0.0, 1e-3, 0.7, 30.0, 99.99, 100.0, 250.0, 1e4, 1e6])
def test_poisson_quantiles_agree_with_scipy(draws: Streams, mean: float) -> None:
    u = draws.uniform("sales", ENTITIES)
    counts = draws.poisson("sales", ENTITIES, 0, mean)
    difference = np.abs(counts - stats.poisson.ppf(u, mean))
    # The expansion is wrong by one in about one draw in a million at a mean of 100.
    assert difference.max() <= (1.0 if mean >= 100.0 else 0.0)
    assert difference.sum() <= 2


@pytest.mark.parametrize(("mean", "share"), [(99.5, 1e-10), (100.0, 6e-6), (1e4, 6e-10)])
def test_poisson_quantiles_step_where_the_distribution_function_does(mean: float, share: float) -> None:
    # Up to two standard deviations; `share` of a step's height on either side of it.
    reach = 2.0 * np.sqrt(mean)
    counts = np.arange(np.ceil(mean - reach), np.floor(mean + reach))
    steps, heights = stats.poisson.cdf(counts, mean), stats.poisson.pmf(counts, mean)
    for count, step, height in zip(counts.tolist(), steps.tolist(), heights.tolist(), strict=True):
        assert poisson_quantile(step - share * height, mean) == count
        assert poisson_quantile(step + share * height, mean) == count + 1.0


@pytest.mark.parametrize("mean", [3.0, 60.0, 150.0, 1e5])
def test_poisson_counts_follow_their_law(draws: Streams, mean: float) -> None:
    counts = draws.poisson("sales", ENTITIES, 9, mean)
    assert counts.dtype == np.int64
    assert counts.mean() == pytest.approx(mean, abs=4.0 * np.sqrt(mean / COUNT))
    assert counts.var() == pytest.approx(mean, rel=0.05)
    # Within-bin position drawn elsewhere: the randomized distribution function is exactly uniform.
    below, at = stats.poisson.cdf(counts - 1, mean), stats.poisson.pmf(counts, mean)
    assert stats.kstest(below + at * draws.uniform("panel", ENTITIES), "uniform").pvalue > 0.01


@settings(deadline=None)  # the first example compiles
@given(st.floats(1e-12, 1.0 - 1e-12), st.floats(1e-12, 1.0 - 1e-12), st.floats(0.0, 1e6))
def test_poisson_quantile_never_decreases_with_the_probability(u: float, v: float, mean: float) -> None:
    assert poisson_quantile(min(u, v), mean) <= poisson_quantile(max(u, v), mean)


@settings(deadline=None)  # the first example compiles
@given(st.floats(1e-12, 1.0 - 1e-12), st.floats(100.0, 1e6), st.floats(1.0, 2.0))
def test_more_expected_sales_never_mean_fewer_sold(u: float, mean: float, factor: float) -> None:
    assert poisson_quantile(u, mean) <= poisson_quantile(u, mean * factor)
    assert poisson_quantile(u, mean / 1.2e4) <= poisson_quantile(u, mean * min(factor, 1.1) / 1.2e4)


@pytest.mark.parametrize("mean", [-1.0, np.nan, np.inf, 1e16])
def test_poisson_means_out_of_range_are_refused(draws: Streams, mean: float) -> None:
    with pytest.raises(HomogsimError, match="mean"):
        draws.poisson("sales", 1, 0, mean)


@pytest.mark.parametrize("shape", [0.0, -1.0, np.nan, np.inf])
def test_gamma_shapes_out_of_range_are_refused(draws: Streams, shape: float) -> None:
    with pytest.raises(HomogsimError, match="shape"):
        draws.gamma("niche mix", 1, 0, shape)


def test_extreme_uniforms_give_finite_draws() -> None:
    for u in (2.0**-53, 1.0 - 2.0**-53):
        assert abs(numerics.normal_quantile(u)) < 8.3
        for mean in (0.0, 0.1, 99.0, 101.0, 1e15):
            assert 0.0 <= poisson_quantile(u, mean) < 2.0 * mean + 40.0


@njit(error_model="numpy")
def race_words(entity, first, second):  # type: ignore[no-untyped-def]
    """Draw from Philox inside a compiled loop, as kernels do."""
    k0, k1, zero = np.uint64(3), np.uint64(4), np.uint64(0)
    for i in range(entity.size):
        w0, w1, _, _ = philox4x32(np.uint64(entity[i]), zero, zero, zero, k0, k1)
        first[i] = uniform32(w0)
        second[i] = uniform52(w0, w1)


def test_compiled_loops_draw_the_same_words() -> None:
    first, second = np.empty(37), np.empty(37)
    race_words(np.arange(37), first, second)
    for entity in range(37):
        w0, w1, _, _ = reference_philox((entity, 0, 0, 0), (3, 4))
        assert first[entity] == (w0 + 0.5) * 2.0**-32
        assert second[entity] == uniform52(w0, w1)
