"""Small markets for tests: a few towns and sectors, short calendars, one thread (the suite runs on all processors)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from homogsim.agents.market import Market
from homogsim.model import MarketModel
from homogsim.scenario import Scenario

SMALL: dict[str, object] = {
    "world.towns": 3,
    "world.sectors": 2,
    "world.consumers": 120,
    "calendar.warm_up": 24,
    "calendar.before": 12,
    "calendar.months": 36,
}

NOBODY_FAILS: dict[str, object] = {"finance.fixed_cost": 0.0, "finance.rent_share": 0.0, "finance.retirement": 0.0}
"""No fixed cost, so nobody goes bankrupt, and no owner retires: every firm stays."""

NOBODY_ENTERS: dict[str, object] = {"finance.entry_rate": 0.0}

EVERYONE_HEARS: dict[str, object] = {
    "tools.heard_alone": 0.5,
    "tools.choice_noise": 6000.0,
    "finance.starting_cash": 8.0,
}
"""Tools spread at once and are chosen with much noise, so that a short run sees all of them."""


def scenario(name: str = "baseline", *changes: Mapping[str, object]) -> Scenario:
    """Return a preset at a small size, with changes."""
    together: dict[str, object] = dict(SMALL)
    for change in changes:
        together |= change
    return Scenario.read(name).override(together)


def model(name: str = "baseline", *changes: Mapping[str, object], seed: int = 1, **options: object) -> MarketModel:
    """Return the model of a small market, before its first month."""
    return MarketModel(scenario(name, *changes), seed=seed, **({"threads": 1} | options))  # type: ignore[arg-type]


def after(months: int, name: str = "baseline", *changes: Mapping[str, object], seed: int = 1) -> MarketModel:
    """Return the model of a small market after some months."""
    built = model(name, *changes, seed=seed)
    for _ in range(months):
        built.step()
    return built


def state_hash(market: Market) -> str:
    """Return the SHA-256 of the state of a market: every column of firms, vendors and consumers, to the last bit."""
    populations = (market.firms, market.vendors, market.consumers)
    return _hash((name, values) for population in populations for name, values in population.arrays().items())


def core_hash(market: Market) -> str:
    """Return the SHA-256 of who is there, what they offer and charge: the same whatever columns are added."""
    columns = ("uid", "is_open", "tool", "price", "sales", "cash", "fixed_cost", "offering", "process", "identity")
    of_people = ("bought", "last", "inclusive")
    return _hash(
        (name, getattr(population, name))
        for population, names in ((market.firms, columns), (market.consumers, of_people))
        for name in names
    )


def _hash(columns: Iterable[tuple[str, np.ndarray]]) -> str:
    digest = hashlib.sha256()
    for name, values in columns:
        little = values.astype(values.dtype.newbyteorder("<"))
        if values.dtype.kind == "f":
            little[np.isnan(little)] = np.nan  # one NaN, whatever its bits
        digest.update(f"{name} {values.shape} ".encode() + np.ascontiguousarray(little).tobytes())
    return digest.hexdigest()


class Fingerprint(NamedTuple):
    """Hashes of a finished run."""

    state: str
    core: str
    results: str


def fingerprint(run: MarketModel) -> Fingerprint:
    """Return the hashes of a run as it stands."""
    return Fingerprint(state_hash(run.market), core_hash(run.market), run.results().results_hash())


def busy(seed: int = 11, **options: object) -> MarketModel:
    """Return a small market in which much happens, with more consumers in a cell than one task of the kernel takes."""
    return model("baseline", EVERYONE_HEARS, {"world.consumers": 300}, seed=seed, **options)


def busy_run(threads: int, seed: int) -> Fingerprint:
    """Run it to the end (in this module, so that worker processes find it)."""
    return fingerprint(busy(seed, threads=threads).run())
