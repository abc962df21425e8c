"""Random markets, and the demand side of the model in plain NumPy: written from section 3 of the model document.

Nothing here calls the production laws; the tests compare the two.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from homogsim.laws.demand import Appeal, Luck, Streets, Tastes, Twins, choose_month, plan_blocks, workspaces
from homogsim.laws.response import Choices
from homogsim.laws.tastes import Waves

Floats = np.ndarray

SHARE, FLAT, ALPHA, PERSONAL, LOCAL, TASTE, SATISFACTION, IDEAL = range(8)


class World(NamedTuple):
    """A market before a month's choice."""

    tastes: Tastes
    appeal: Appeal
    streets: Streets
    is_open: np.ndarray
    luck: Luck
    last: np.ndarray
    outside: float
    noise: float


class Month(NamedTuple):
    """What the kernel leaves after a month's choice."""

    sums: Floats
    bought: np.ndarray
    inclusive: Floats
    surplus: Floats


def draw_world(
    seed: int,
    *,
    towns: int = 4,
    sectors: int = 2,
    dimensions: int = 3,
    reach: int = 1,
    most_sites: int = 9,
    most_consumers: int = 45,
    open_share: float = 0.6,
    outside: float = 1.0,
    visit_probability: float = 0.5,
    waves: int = 0,
) -> World:
    """Draw a market with cells of unequal size, some of them empty; with waves, under kernel tastes."""
    luck = np.random.default_rng(seed)
    cells = towns * sectors
    site_start = np.concatenate([[0], np.cumsum(luck.integers(0, most_sites + 1, cells))])
    consumer_start = np.concatenate([[0], np.cumsum(luck.integers(0, most_consumers + 1, cells))])
    sites, consumers = int(site_start[-1]), int(consumer_start[-1])
    return World(
        tastes=draw_tastes(luck, consumers, dimensions, waves),
        appeal=draw_appeal(luck, sites, dimensions),
        streets=lay_streets(luck, towns, reach, site_start, consumer_start),
        is_open=luck.random(sites) < open_share,
        luck=Luck(*(np.uint64(word) for word in luck.integers(0, 2**32, 5)), visit_probability),
        last=luck.integers(-1, max(sites, 1), consumers).astype(np.int32),
        outside=outside,
        noise=float(luck.uniform(0.8, 3.0)),
    )


def draw_tastes(luck: np.random.Generator, consumers: int, dimensions: int, waves: int = 0) -> Tastes:
    length, apart = 1.4, luck.spawn(1)[0]  # shifts no other draw
    return Tastes(
        liking=apart.normal(size=(waves, consumers)),
        waves=Waves(apart.normal(size=(waves, dimensions)) / length, apart.uniform(0.0, 6.0, waves), 5.0, length),
        ideal=luck.normal(size=(dimensions, consumers)),
        price_sensitivity=np.exp(0.3 * luck.normal(size=consumers)),
        strength=luck.uniform(1.0, 5.0, consumers),
        personalization=luck.gamma(2.0, 1.0, consumers),
        locality=luck.gamma(2.0, 0.4, consumers),
        loyalty=luck.normal(0.3, 0.8, consumers),
        place=5.0 * luck.normal(size=(2, consumers)),
    )


def draw_appeal(luck: np.random.Generator, outlets: int, dimensions: int) -> Appeal:
    return Appeal(
        base=14.0 + luck.normal(size=outlets),
        personalization=luck.uniform(0.0, 1.0, outlets),
        locality=luck.uniform(0.0, 1.0, outlets),
        misfit=luck.uniform(0.5, 1.0, outlets),
        travel=luck.uniform(0.5, 2.5, outlets),
        price=luck.uniform(8.0, 12.0, outlets),
        offering=luck.normal(size=(dimensions, outlets)),
        awareness=luck.spawn(1)[0].uniform(0.5, 1.5, outlets),  # shifts no other draw
    )


def lay_streets(
    luck: np.random.Generator, towns: int, reach: int, site_start: np.ndarray, consumer_start: np.ndarray
) -> Streets:
    """Lay towns at random; reach is not symmetric, as in the model."""
    town = luck.uniform(0.0, 60.0, (towns, 2))
    minutes = np.hypot(*(town[:, None] - town[None]).transpose(2, 0, 1))
    nearest = np.argsort(minutes, axis=1, kind="stable")[:, : reach + 1]
    visitors = [[home for home in range(towns) if goal in nearest[home]] for goal in range(towns)]
    flat = [home for homes in visitors for home in homes]
    goals = [goal for goal, homes in enumerate(visitors) for _ in homes]
    return Streets(
        site_start=site_start.astype(np.int64),
        consumer_start=consumer_start.astype(np.int64),
        towns=towns,
        reach_towns=nearest.astype(np.int64),
        reach_minutes=np.take_along_axis(minutes, nearest, axis=1),
        visitors_start=np.cumsum([0] + [len(homes) for homes in visitors]).astype(np.int64),
        visitors_towns=np.array(flat, dtype=np.int64),
        visitors_minutes=minutes[flat, goals],
        site_place=5.0 * luck.normal(size=(2, int(site_start[-1]))),
        weight=133.0,
    )


def simple_world(
    sites: int,
    consumers: int = 1,
    *,
    noise: float = 1.0,
    base: float = 0.0,
    outside: float = 1.0,
    weight: float = 1.0,
    visit_probability: float = 0.0,
) -> World:
    """Return one town with one sector where all consumers are alike and all outlets are at their door, price 0."""
    one, zero = np.ones(sites), np.zeros(sites)
    of_people, none = np.ones(consumers), np.zeros(consumers)
    streets = Streets(
        site_start=np.array([0, sites]),
        consumer_start=np.array([0, consumers]),
        towns=1,
        reach_towns=np.zeros((1, 1), np.int64),
        reach_minutes=np.zeros((1, 1)),
        visitors_start=np.array([0, 1]),
        visitors_towns=np.zeros(1, np.int64),
        visitors_minutes=np.zeros(1),
        site_place=np.zeros((2, sites)),
        weight=weight,
    )
    return World(
        tastes=Tastes(np.zeros((1, consumers)), of_people, none, none, none, none, np.zeros((2, consumers))),
        appeal=Appeal(base * one, zero, zero, one, zero, zero, one, np.zeros((1, sites))),
        streets=streets,
        is_open=np.ones(sites, dtype=bool),
        luck=Luck(*(np.uint64(word) for word in (7, 1, 2, 3, 4)), visit_probability),
        last=np.full(consumers, -1, np.int32),
        outside=outside,
        noise=noise,
    )


def choose(world: World, threads: int = 1, twins: Twins | None = None) -> Month:
    """Let the production kernel choose."""
    consumers = world.tastes.price_sensitivity.size
    bought = np.full(consumers, -7, np.int32)
    inclusive, surplus = np.full(consumers, np.nan), np.full(consumers, np.nan)
    sums = choose_month(
        plan_blocks(world.streets.consumer_start), world.tastes, world.streets, world.appeal, world.is_open,
        world.luck, world.outside, world.noise, world.last, bought, inclusive, surplus,
        workspaces(threads, world.tastes), twins=twins,
    )  # fmt: skip
    return Month(sums, bought, inclusive, surplus)


def choices_of(world: World) -> Choices:
    """Return what firms and founders know of a month's choices."""
    return Choices(choose(world).inclusive, world.last, world.noise)


def put(appeal: Appeal, site: int, option: Appeal, row: int) -> Appeal:
    """Return what consumers see when the firm at `site` takes an option."""
    columns = [column.copy() for column in appeal]
    for column, values in zip(columns, option, strict=True):
        column[..., site] = values[..., row]
    return Appeal(*columns)


def cell_of(start: np.ndarray, rows: int) -> np.ndarray:
    return np.repeat(np.arange(start.size - 1), np.diff(start))[:rows]


def travel_minutes(world: World) -> tuple[Floats, np.ndarray, np.ndarray]:
    """Return (N, J) minutes between consumers and sites, who reaches what, and who lives in whose town and sector."""
    streets, places = world.streets, world.tastes.place
    consumers, sites = places.shape[1], world.is_open.size
    consumer_sector, consumer_town = np.divmod(cell_of(streets.consumer_start, consumers), streets.towns)
    site_sector, site_town = np.divmod(cell_of(streets.site_start, sites), streets.towns)
    minutes = np.full((consumers, sites), np.inf)
    for i in range(consumers):
        for town, between in zip(
            streets.reach_towns[consumer_town[i]], streets.reach_minutes[consumer_town[i]], strict=True
        ):
            there = (site_town == town) & (site_sector == consumer_sector[i])
            gap = streets.site_place - places[:, i, None]
            straight = np.hypot(*gap)
            by_road = between + np.hypot(*places[:, i]) + np.hypot(*streets.site_place)
            minutes[i, there] = (straight if town == consumer_town[i] else by_road)[there]
    own = (consumer_town[:, None] == site_town) & (consumer_sector[:, None] == site_sector)
    return minutes, np.isfinite(minutes), own


def kernel_tastes(world: World) -> Floats:
    """Return (N, J) s_z·g_i of what each outlet serves each consumer, from random Fourier features."""
    t, a, (directions, phases, strength, length) = world.tastes, world.appeal, world.tastes.waves
    if not len(phases):
        return np.zeros((t.strength.size, a.price.size))
    scale, angles = strength * np.sqrt(2.0 / len(phases)), directions @ a.offering + phases[:, None]
    value = scale * t.liking.T @ np.cos(angles)
    gradient = np.stack([-scale * t.liking.T @ (np.sin(angles) * axis[:, None]) for axis in directions.T])
    fit = 1.0 - np.sqrt(a.misfit)
    served = np.exp(-0.5 * fit**2) * (value + fit * length * np.sqrt((gradient**2).sum(axis=0)))
    return np.maximum(value, served)


def utilities(world: World) -> tuple[Floats, Floats]:
    """Return (N, J) V_ij (−inf where out of reach or closed) and u_ij = (V but distance, loyalty, awareness)/α_i."""
    t, a = world.tastes, world.appeal
    minutes, reached, own = travel_minutes(world)
    distance2 = ((t.ideal[:, :, None] - a.offering[:, None, :]) ** 2).sum(axis=0)
    satisfying = (
        a.base
        + t.personalization[:, None] * a.personalization
        + t.locality[:, None] * a.locality * own
        - t.strength[:, None] * (1.0 if len(t.liking) else a.misfit) * distance2
        + kernel_tastes(world)
        - t.price_sensitivity[:, None] * a.price
    )
    loyal = t.loyalty[:, None] * (world.last[:, None] == np.arange(world.is_open.size))
    with np.errstate(invalid="ignore"):
        value = satisfying - a.travel * np.log1p(minutes) + loyal + world.noise * np.log(a.awareness)
    return np.where(reached & world.is_open, value, -np.inf), satisfying / t.price_sensitivity[:, None]


def probabilities(world: World) -> tuple[Floats, Floats]:
    """Return (N, J) choice probabilities and (N) outside + Σ e^{V/μ}."""
    attraction = np.exp(utilities(world)[0] / world.noise)
    inclusive = world.outside + attraction.sum(axis=1)
    return attraction / np.where(inclusive > 0.0, inclusive, 1.0)[:, None], inclusive


def expected_sums(world: World) -> Floats:
    """Return the kernel's sums, (IDEAL + d, J)."""
    t, weight = world.tastes, world.streets.weight
    share, _ = probabilities(world)
    own = travel_minutes(world)[2]
    flat = weight * share * (1.0 - share)
    d = t.ideal.shape[0]
    sums = np.empty((IDEAL + d + len(t.liking), share.shape[1]))
    sums[SHARE] = weight * share.sum(axis=0)
    sums[FLAT] = flat.sum(axis=0)
    sums[ALPHA] = t.price_sensitivity @ flat
    sums[PERSONAL] = t.personalization @ flat
    sums[LOCAL] = t.locality @ (flat * own)
    sums[TASTE] = t.strength @ flat
    sums[SATISFACTION] = weight * (share * utilities(world)[1]).sum(axis=0)
    sums[IDEAL : IDEAL + d] = (t.strength * t.ideal) @ flat
    sums[IDEAL + d :] = t.liking @ flat
    return sums


def philox_words(entity: np.ndarray, block: np.ndarray, month: int, index: int, key: tuple[int, int]) -> np.ndarray:
    """Return (…, 4) words of Philox4x32-10, transcribed from Salmon et al. (2011) with Python's whole numbers."""
    entity, block = np.broadcast_arrays(entity, block)
    words = np.empty((*entity.shape, 4))
    for place in np.ndindex(entity.shape):
        c, (left, right) = [int(entity[place]), int(block[place]), int(month), index], key
        for _ in range(10):
            even, odd = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [odd >> 32 ^ c[1] ^ left, odd % 2**32, even >> 32 ^ c[3] ^ right, even % 2**32]
            left, right = (left + 0x9E3779B9) % 2**32, (right + 0xBB67AE85) % 2**32
        words[place] = c
    return words


def expected_visits(world: World) -> np.ndarray:
    """Return the site that each consumer visits, −1 none: a keyed exponential race."""
    luck, (consumers, sites) = world.luck, (world.last.size, world.is_open.size)
    who, month = np.arange(consumers), int(luck.month)
    keys = (int(luck.visit_key0), int(luck.visit_key1)), (int(luck.race_key0), int(luck.race_key1))
    goes = (philox_words(who, np.array(0), month, 0, keys[0])[:, 0] + 0.5) / 2**32 < luck.visit_probability
    blocks = np.arange(sites // 4 + 1)
    words = philox_words(who[:, None], blocks, month, 1, keys[1]).reshape(consumers, -1)[:, :sites]
    outside = philox_words(who, np.array(2**32 - 1), month, 1, keys[1])[:, :1]
    attraction = np.exp(utilities(world)[0] / world.noise)
    with np.errstate(divide="ignore"):
        clocks = -np.log((np.hstack([words, outside]) + 0.5) / 2**32)
        times = clocks / np.hstack([attraction, np.full((consumers, 1), world.outside)])
    first = times.argmin(axis=1)
    nothing = ~goes | (first == sites) | ~np.isfinite(times.min(axis=1))
    return np.where(nothing, -1, first)


WORLDS: dict[str, dict[str, Any]] = {
    "one dimension": {"seed": 1, "dimensions": 1},
    "default dimensions": {"seed": 2, "dimensions": 4, "reach": 3},
    "six dimensions": {"seed": 3, "dimensions": 6, "outside": 0.0},
    "one town": {"seed": 4, "towns": 1, "reach": 0, "sectors": 3},
    "more than one block": {"seed": 5, "towns": 2, "sectors": 2, "most_consumers": 700, "most_sites": 4},
    "few consumers": {"seed": 6, "most_consumers": 3},
    "kernel tastes": {"seed": 7, "waves": 16},
}
"""What `draw_world` is called with for markets of many shapes."""
