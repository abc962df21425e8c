"""Consumers: what they are (docs/model.md) and how they choose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.geography import places
from homogsim.laws.demand import Tastes
from homogsim.laws.money import mean_one_lognormal
from homogsim.laws.tastes import NO_WAVES, Waves
from homogsim.parameters import Consumers as ConsumerParameters
from homogsim.parameters import Parameters, World
from homogsim.population import Population, column
from homogsim.scenario.places import Places, counts_of
from homogsim.streams import Streams

Floats = NDArray[np.float64]


class Consumers(Population):
    """Consumers, sorted by cell: each one household's demand in one sector."""

    ideal: Floats = column(np.float64, "ideal point z, taste sd", vector=True)
    price_sensitivity: Floats = column(np.float64, "price sensitivity α, per dollar")
    strength: Floats = column(np.float64, "taste strength θ, dollars per squared distance")
    personalization: Floats = column(np.float64, "value of personalization βP, dollars")
    locality: Floats = column(np.float64, "value of locality βL, dollars")
    loyalty: Floats = column(np.float64, "state dependence ψ, dollars")
    east: Floats = column(np.float64, "minutes east of the town's centre")
    north: Floats = column(np.float64, "minutes north of the town's centre")
    last: NDArray[np.int32] = column(np.int32, "site last visited, −1 none", -1)
    last_before: NDArray[np.int32] = column(np.int32, "site last visited before this month's choice, −1 none", -1)
    bought: NDArray[np.int32] = column(np.int32, "site visited this month, −1 none", -1)
    inclusive: Floats = column(np.float64, "outside option + Σ e^{V/μ} this month")
    surplus: Floats = column(np.float64, "consumer surplus this month, dollars an occasion")

    def tastes(self, liking: Floats, waves: Waves) -> Tastes:
        """Return the columns that the kernels read; `liking` and `waves` are those of kernel tastes."""
        return Tastes(
            self.ideal,
            self.price_sensitivity,
            self.strength,
            self.personalization,
            self.locality,
            self.loyalty,
            np.stack([self.east, self.north]),
            liking,
            waves,
        )


class TasteCentres(NamedTuple):
    """Where tastes gather: sector centres (d, S), town means (d, M), niches (d, S, K), mixes (cells, K)."""

    sectors: Floats
    towns: Floats
    niches: Floats
    mixes: Floats


def taste_centres(world: World, streams: Streams) -> TasteCentres:
    """Draw the centres of taste; standardize them, or the shares of variance would be random."""
    d, niches = world.dimensions, world.niches
    axes = np.arange(d)[:, None]
    sectors = standardized(streams.normal("sector centres", np.arange(world.sectors), index=axes))
    towns = standardized(streams.normal("town tastes", np.arange(world.towns), index=axes))
    mixes = niche_mixes(world, streams)
    raw = streams.normal("niche centres", np.arange(world.sectors * niches), index=axes)
    centres = raw.reshape(d, world.sectors, niches)
    for sector in range(world.sectors):
        weights = mixes.reshape(world.sectors, world.towns, niches)[sector].mean(axis=0)
        centres[:, sector] = standardized(centres[:, sector], weights)
    return TasteCentres(
        sectors=world.sector_spread * sectors,
        towns=np.sqrt(world.town_share) * towns,
        niches=np.sqrt(world.niche_share) * centres,
        mixes=mixes,
    )


def niche_mixes(world: World, streams: Streams) -> Floats:
    """Return (cells, K) niche shares: a Dirichlet draw for each town and sector.

    Normalized gamma draws; of shape 1, the default, these are exponentials.
    """
    cells = np.arange(world.cells)[:, None]
    niches = np.arange(world.niches)
    if world.niche_concentration == 1.0:
        draws = streams.exponential("niche mix", cells, index=niches)
    else:
        draws = streams.gamma("niche mix", cells, shape=world.niche_concentration, index=niches * 1024)
    return np.asarray(draws / draws.sum(axis=1, keepdims=True))


def standardized(points: Floats, weights: Floats | None = None) -> Floats:
    """Return (d, n) points shifted and scaled to mean 0 and variance 1 in each dimension; 0 where all are alike."""
    n = points.shape[1]
    shares = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()
    centred = points - (points * shares).sum(axis=1, keepdims=True)
    spread = np.sqrt((centred * centred * shares).sum(axis=1, keepdims=True))
    return np.where(spread > 1e-12, centred / np.where(spread > 1e-12, spread, 1.0), 0.0)


def niche_of(mixes: Floats, luck: Floats) -> NDArray[np.int64]:
    """Return the niche of each consumer: the uniform `luck` read off the (n, K) mixes, in order."""
    return np.asarray((np.cumsum(mixes, axis=1) < luck[:, None]).sum(axis=1).clip(max=mixes.shape[1] - 1))


def points_of_taste(
    stream: str,
    entity: NDArray[np.integer],
    cell: NDArray[np.integer],
    month: int,
    first: int | NDArray[np.integer],
    centres: TasteCentres,
    world: World,
    streams: Streams,
) -> Floats:
    """Return (d, n) draws z = m_s + town mean + niche centre + own noise, from `stream`, indices `first` onward."""
    sector, town = cell // world.towns, cell % world.towns
    niche = niche_of(centres.mixes[cell], streams.uniform(stream, entity, month, first))
    axes = first + 1 + np.arange(world.dimensions)[:, None]
    own = np.sqrt(max(0.0, 1.0 - world.town_share - world.niche_share))
    noise = own * streams.normal(stream, entity[None, :], month, axes)
    return centres.sectors[:, sector] + centres.towns[:, town] + centres.niches[:, sector, niche] + noise


def draw_waves(parameters: Parameters, streams: Streams) -> Waves:
    """Draw the random Fourier features of kernel tastes (`homogsim.laws.tastes`); none under ideal points."""
    world, of = parameters.world, parameters.consumers
    if of.tastes != "kernel":
        return NO_WAVES
    wave, axes = np.arange(of.kernel_waves), np.arange(world.dimensions)
    directions = np.asarray(streams.normal("waves", wave[:, None], index=axes)) / of.kernel_length
    phases = 2.0 * np.pi * np.asarray(streams.uniform("waves", wave, index=world.dimensions))
    return Waves(directions, phases, of.kernel_strength, of.kernel_length)


def draw_liking(parameters: Parameters, centres: TasteCentres, streams: Streams, cell: NDArray[np.int64]) -> Floats:
    """Draw (R, N) a_ir = √.2·town + √.5·niche + √.3·own, each a standard normal; no rows under ideal points.

    Town and niche, and their shares, are those of the ideal points: neighbours in one geometry are so in the other.
    """
    world, of = parameters.world, parameters.consumers
    who = np.arange(cell.size)
    if of.tastes != "kernel":
        return np.zeros((0, who.size))
    niche = niche_of(centres.mixes[cell], streams.uniform("tastes", who, 0, 0))
    wave = np.arange(of.kernel_waves)[:, None]
    of_town = streams.normal("town waves", np.arange(world.towns), index=wave)
    of_niche = streams.normal("niche waves", np.arange(world.sectors * world.niches), index=wave)
    own = np.sqrt(max(0.0, 1.0 - world.town_share - world.niche_share))
    return np.ascontiguousarray(
        np.sqrt(world.town_share) * of_town[:, cell % world.towns]
        + np.sqrt(world.niche_share) * of_niche[:, cell // world.towns * world.niches + niche]
        + own * streams.normal("own waves", who, index=wave)
    )


def consumer_cells(world: World, places_given: Places | None = None) -> NDArray[np.int64]:
    """Return the cell of every consumer: equally many in each or, with places, in proportion to its demand."""
    counts = counts_of(places_given, world.cells, world.consumers)
    return np.repeat(np.arange(world.cells, dtype=np.int64), counts)


def draw_consumers(
    parameters: Parameters, centres: TasteCentres, streams: Streams, cell: NDArray[np.int64]
) -> Consumers:
    """Draw all consumers of the cells: tastes, places and sensitivities, each from its own stream."""
    world = parameters.world
    people = Consumers(cell.size, world.dimensions)
    who = np.arange(people.rows)
    people.ideal[:] = points_of_taste("tastes", who, cell, 0, 0, centres, world, streams)
    people.east[:], people.north[:] = places("places", who, world.town_radius, streams)
    draw_sensitivities(people, parameters.consumers, streams)
    return people


SENSITIVITIES = ("price_sensitivity", "strength", "personalization", "locality", "loyalty")
"""Columns that follow parameters, and change with them."""


def draw_sensitivities(people: Consumers, of: ConsumerParameters, streams: Streams) -> None:
    """Fill what consumers value: keyed draws, so that a changed mean rescales the same people."""
    who = np.arange(people.rows)
    alpha = mean_one_lognormal(streams.normal("price sensitivity", who), of.price_sensitivity_sd)
    people.price_sensitivity[:] = of.price_sensitivity * alpha
    spread = mean_one_lognormal(streams.normal("taste strength", who), of.taste_strength_sd)
    people.strength[:] = (of.kernel_anchor if of.tastes == "kernel" else of.taste_strength) * spread
    people.personalization[:] = streams.gamma2("personalization value", who, mean=of.personalization_value)
    people.locality[:] = streams.gamma2("locality value", who, mean=of.locality_value)
    people.loyalty[:] = of.loyalty + of.loyalty_sd * streams.normal("loyalty", who)


__all__ = [
    "SENSITIVITIES",
    "Consumers",
    "TasteCentres",
    "consumer_cells",
    "draw_consumers",
    "draw_sensitivities",
    "points_of_taste",
    "taste_centres",
]
