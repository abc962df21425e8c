"""Who should do what: the best choice by kind of business, and where the answer is unclear.

In every world several businesses far enough apart not to meet are followed at once: one a cell, no two of one sector in
towns that shop in each other. In the runs that branch off, as many as there are choices, they take turns (a Latin
square), so that every one of them lives under every choice while its neighbours, whom it hardly meets, do all kinds of
things. Kinds are thirds of what businesses are like by themselves, nothing is planted.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from homogsim.errors import HomogsimError
from homogsim.experiments.advice.advise import HORIZON, MONTH, REPLICATIONS, gather, prepared, standard_choices
from homogsim.experiments.advice.candidates import eligible, features_of
from homogsim.experiments.advice.choices import NONE, Choice, choices_of
from homogsim.experiments.advice.worlds import live_until, step
from homogsim.experiments.executors import Runner
from homogsim.experiments.pairing import t_quantile
from homogsim.experiments.runs import LostRuns, Watcher, check_counts, fitting_jobs
from homogsim.results.folder import whole_folder, write_file
from homogsim.results.manifest import plain
from homogsim.results.tables import write_csv
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from homogsim.agents.market import Market

KINDS = ("alignment", "quality", "distance", "cash")
"""What makes a kind of business."""
THIRDS = ("low", "middle", "high")
FEWEST = 6
"""Businesses of a kind below which nothing is said about it."""


@dataclass(frozen=True)
class TypesOutcome:
    """The businesses followed in one world: what they are like, and what each choice earned them."""

    number: int
    seed: int
    businesses: tuple[dict[str, float], ...]
    """``uid``, features, and ``profit CHOICE``: cumulative profit less set-up cost, NaN where it cannot be paid."""


@dataclass(frozen=True)
class TypesTask:
    """A world in which several businesses are followed."""

    number: int
    scenario: Scenario
    seed: int
    month: int
    horizon: int
    choices: tuple[Choice, ...]

    @property
    def key(self) -> tuple[str, int]:
        """What makes two tasks the same."""
        return "types", self.number

    def make(self, stopped: Callable[[], bool]) -> TypesOutcome:
        """Live the world as often as there are choices.

        Raises
        ------
        Stopped
            `stopped` said so between two months.
        """
        from homogsim.agents.owners import look

        model = live_until(self.month, self.scenario, self.seed, stopped)
        uids = far_apart(model.market, self.number)
        able = {
            uid: [c.tool == NONE or now.option(c.tool, c.contact) is not None for c in self.choices]
            for uid, now in ((uid, look(model.market, uid)) for uid in uids)
        }
        rows = np.array(uids, dtype=np.int64) // 4096
        features = features_of(model.market, rows)
        found = [
            {"uid": float(uid)} | {name: float(values[n]) for name, values in features.items()}
            for n, uid in enumerate(uids)
        ]
        with TemporaryDirectory(prefix="homogsim-advice-") as folder:
            past = model.save(Path(folder) / "past.npz")
            for turn in range(len(self.choices)):
                profits = self._live(past, uids, able, turn, stopped)
                for n, uid in enumerate(uids):
                    mine = (n + turn) % len(self.choices)
                    name = f"profit {self.choices[mine].name}"
                    found[n][name] = profits[n] if able[uid][mine] else float("nan")
        return TypesOutcome(self.number, self.seed, tuple(found))

    def _live(
        self, past: Path, uids: Sequence[int], able: Mapping[int, Sequence[bool]], turn: int,
        stopped: Callable[[], bool],
    ) -> list[float]:  # fmt: skip
        """Return the profit of every business when each does what is its turn, or nothing where it cannot pay."""
        from homogsim.model import MarketModel

        owners = {}
        for n, uid in enumerate(uids):
            mine = (n + turn) % len(self.choices)
            owners[uid] = (self.choices[mine] if able[uid][mine] else self.choices[0]).owner(self.month)
        model = MarketModel.load(past, threads=1, owners=owners)
        before = totals(model.market, uids)
        for _ in range(self.horizon):
            step(model, stopped)
        after, training = totals(model.market, uids), model.parameters.tools.training
        paid = dict.fromkeys(uids, 0.0)
        for decision in model.market.diary.decisions:
            if decision.uid in paid and decision.month >= self.month:
                paid[decision.uid] += decision.upfront + training * (decision.reason == "adopt")
        return [after[uid] - before[uid] - paid[uid] for uid in uids]


def far_apart(market: Market, turn: int) -> list[int]:
    """Return the uids of businesses, one a cell, no two of a sector where customers of one shop at the other.

    Towns take turns in being asked first, from world to world; who of a cell is taken is a keyed draw.
    """
    world, reach = market.parameters.world, market.geography.reach_towns
    # Two towns share customers if any town shops in both: their own people are not the only ones who could.
    shops = np.zeros((world.towns, world.towns), dtype=bool)
    np.put_along_axis(shops, reach, True, axis=1)
    meet = shops.astype(np.int64).T @ shops.astype(np.int64) > 0
    rows = eligible(market)
    luck = market.streams.uniform("panel", market.firms.uid[rows], market.month, 7)
    chosen: list[int] = []
    for sector in range(world.sectors):
        taken: list[int] = []
        for town in np.roll(np.arange(world.towns), turn + sector).tolist():
            here = rows[(market.site_town[rows] == town) & (market.site_sector[rows] == sector)]
            if here.size == 0 or any(meet[town, other] for other in taken):
                continue
            taken.append(town)
            chosen.append(int(market.firms.uid[here[luck[np.isin(rows, here)].argmax()]]))
    return chosen


def totals(market: Market, uids: Sequence[int]) -> dict[int, float]:
    """Return the total profit so far of businesses, of those that have closed the one of their whole life."""
    firms, found = market.firms, {}
    for uid in uids:
        row = uid // 4096
        if firms.is_open[row] and firms.uid[row] == uid:
            found[uid] = float(firms.total_profit[row])
    for piece in market.diary.lives:
        for n in np.flatnonzero(np.isin(piece["uid"], uids)).tolist():
            found[int(piece["uid"][n])] = float(piece["total_profit"][n])
    return found


def map_types(
    scenario: Scenario | str | Path = "baseline",
    *,
    month: int = MONTH,
    choices: Sequence[str] | None = None,
    horizon: int = HORIZON,
    replications: int = REPLICATIONS,
    seed: int | None = None,
    set: Mapping[str, object] | None = None,
    jobs: int | None = None,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> TypeMap:
    """Return the best choice by kind of business. Parameters are those of `advise`.

    Raises
    ------
    HomogsimError
        For what `advise` refuses.
    LostRuns
        No world was lived to the end.
    """
    chosen = prepared(scenario, set or {}, month, horizon)
    compared = choices_of(choices or standard_choices(chosen), chosen.parameters)
    first = chosen.seed if seed is None else seed
    check_counts(replications, first, replications)
    used = fitting_jobs([chosen.parameters], replications, jobs)
    tasks = [TypesTask(n, chosen, first + n, month, horizon, compared) for n in range(replications)]
    with Runner(used, stop) as runner:
        worlds, lost = gather(runner, tasks, watch)
    if not worlds and not stop():
        raise LostRuns(f"no world was lived to the end: {lost[0] if lost else 'none was begun'}")
    if worlds and not any(world.businesses for world in worlds):
        what = f"no business without a tool is left in month {month}, in any of {len(worlds)} worlds"
        raise HomogsimError(what, "--month", "Choose an earlier month.")
    notes = tuple(f"lost: {one.reason}" for one in lost)
    status = "interrupted" if len(worlds) + len(lost) < replications else "incomplete" if lost else "complete"
    return TypeMap(chosen, month, horizon, compared, tuple(worlds), table_of(worlds), notes, status)


def table_of(worlds: Sequence[TypesOutcome]) -> pd.DataFrame:
    """Return a row per business, with what every choice gained it over no tool (``gain CHOICE``)."""
    table = pd.DataFrame(
        [{"world": world.number, "seed": world.seed} | found for world in worlds for found in world.businesses]
    )
    if table.empty:
        return table
    table["uid"] = table["uid"].astype(np.int64)
    for name in [str(column) for column in table.columns if str(column).startswith("profit ")]:
        table[name.replace("profit ", "gain ", 1)] = table[name] - table[f"profit {NONE}"]
    return table


@dataclass(frozen=True, eq=False, repr=False)
class TypeMap:
    """The best choice by kind of business."""

    scenario: Scenario
    month: int
    horizon: int
    choices: tuple[Choice, ...]
    worlds: tuple[TypesOutcome, ...]
    businesses: pd.DataFrame
    """A row per business followed: world, uid, features, and what every choice earned and gained over no tool."""
    notes: tuple[str, ...] = ()
    status: str = "complete"

    def __repr__(self) -> str:
        """Return one line."""
        return f"<TypeMap of {len(self.businesses)} businesses in {len(self.worlds)} worlds>"

    def edges(self, feature: str) -> NDArray[np.float64]:
        """Return the two values between which the middle third of the businesses lies."""
        return np.asarray(np.quantile(self.businesses[feature].to_numpy(dtype=np.float64), [1 / 3, 2 / 3]))

    def third(self, feature: str) -> NDArray[np.int64]:
        """Return for every business the third, 0 to 2, that it belongs to."""
        return np.asarray(np.searchsorted(self.edges(feature), self.businesses[feature].to_numpy(dtype=np.float64)))

    def verdict(self, chosen: NDArray[np.bool_]) -> dict[str, Any]:
        """Return the best choice of some businesses, its gain over no tool, and whether it is clearly the best.

        Choices that more than half of them cannot pay for are left out, and the others compared over those who can pay
        for all of them. Clear: the 95 % interval of its paired lead over the runner-up leaves out 0. Businesses of one
        world share their luck, so intervals treat worlds, not businesses, as independent.
        """
        some = self.businesses[chosen]
        nothing = {"businesses": len(some), "best": "–", "second": "", "gain": np.nan, "low": np.nan, "high": np.nan,
                   "lead": np.nan, "lead_low": np.nan, "lead_high": np.nan, "verdict": "too few"}  # fmt: skip
        if len(some) < FEWEST:
            return nothing
        gains = {c.name: some[f"gain {c.name}"].to_numpy(dtype=np.float64) for c in self.choices}
        # What most cannot pay for is no answer for this kind; the rest is compared over those who can pay for it all.
        gains = {name: gain for name, gain in gains.items() if 2 * np.isfinite(gain).sum() >= len(some)}
        common = np.all([np.isfinite(gain) for gain in gains.values()], axis=0)
        if common.sum() < FEWEST:
            return nothing
        world = some["world"].to_numpy()[common]
        gains = {name: gain[common] for name, gain in gains.items()}
        order = sorted(gains, key=lambda name: -float(gains[name].mean()))
        nothing["businesses"] = int(common.sum())
        best = order[0]
        gain = clustered(gains[best], world)
        found = nothing | {"best": best, "gain": gain[0], "low": gain[1], "high": gain[2], "verdict": "unclear"}
        if len(order) < 2:
            return found | {"verdict": "only choice"}
        lead = clustered(gains[best] - gains[order[1]], world)
        clear = bool(lead[1] > 0.0)
        return found | {"second": order[1], "lead": lead[0], "lead_low": lead[1], "lead_high": lead[2],
                        "verdict": "clear" if clear else "unclear"}  # fmt: skip

    def cells(self) -> pd.DataFrame:
        """Return a row per kind: all businesses, thirds of every feature, and thirds of every two features."""
        rows = [{"plane": "all", "first": "", "second": ""} | self._renamed(np.ones(len(self.businesses), dtype=bool))]
        thirds = {feature: self.third(feature) for feature in KINDS}
        for feature in KINDS:
            for k in range(3):
                about = {"plane": feature, "first": self.span(feature, k), "second": ""}
                rows.append(about | self._renamed(thirds[feature] == k))
        for one, two in combinations(KINDS, 2):
            for k in range(3):
                for m in range(3):
                    about = {"plane": f"{one} × {two}", "first": self.span(one, k), "second": self.span(two, m)}
                    rows.append(about | self._renamed((thirds[one] == k) & (thirds[two] == m)))
        return pd.DataFrame(rows)

    def _renamed(self, chosen: NDArray[np.bool_]) -> dict[str, Any]:
        found = self.verdict(chosen)
        return {("runner_up" if name == "second" else name): value for name, value in found.items()}

    def span(self, feature: str, third: int) -> str:
        """Return a third in words with its limits: ``low cash (under 21,000)``."""
        low, high = (f"{edge:,.0f}" if abs(edge) >= 100.0 else f"{edge:.2g}" for edge in self.edges(feature))
        return f"{THIRDS[third]} {feature} ({(f'under {low}', f'{low} to {high}', f'over {high}')[third]})"

    def cells_by_plane(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Yield a heading and its rows, for every feature by itself."""
        cells = self.cells()
        for feature in KINDS:
            yield f"by {feature}", cells[cells["plane"] == feature].to_dict("records")

    @property
    def summary(self) -> str:
        """What comes out, in two sentences."""
        cells = self.cells()
        whole, kinds = cells.iloc[0], cells[cells["plane"].str.contains("×")]
        said = kinds[kinds["verdict"] != "too few"]
        clear = said[said["verdict"] == "clear"]
        winners = ", ".join(f"{name} in {count}" for name, count in clear["best"].value_counts().items())
        over = f"Over all {whole['businesses']} businesses of {len(self.worlds)} worlds that can pay for it"
        against = f"{whole['verdict']} against {whole['runner_up'] or 'no tool'}"
        text = f"{over} {whole['best']} is best on average (${whole['gain']:,.0f} more than no tool; {against})."
        text += f" Of {len(said)} kinds by two features the answer is clear for {len(clear)}"
        return text + (f": {winners}." if winners else ".")

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data for JSON: what is undefined is None."""
        about = {"scenario": self.scenario.name, "fingerprint": self.scenario.fingerprint(), "month": self.month,
                 "horizon": self.horizon, "worlds": len(self.worlds), "businesses": len(self.businesses),
                 "choices": {choice.name: choice.label for choice in self.choices}, "summary": self.summary,
                 "edges": {feature: self.edges(feature).tolist() for feature in KINDS}}  # fmt: skip
        found = about | {"cells": self.cells().to_dict("records"), "notes": list(self.notes), "status": self.status}
        return dict(plain(found))

    def write(self, folder: Path) -> None:
        """Write ``map.json``, ``map.csv`` and ``businesses.csv`` into an empty folder."""
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_file(folder / "map.json", lambda file: file.write(text.encode("utf-8")))
        write_csv(self.cells(), folder / "map.csv")
        write_csv(self.businesses, folder / "businesses.csv")

    def save(self, folder: str | Path) -> Path:
        """Write the files of `write` to a new folder, whole or not at all, and return its path.

        Raises
        ------
        StorageError
            The folder exists or cannot be written.
        """
        with whole_folder(Path(folder)) as place:
            self.write(place)
        return Path(folder)

    def plot(self) -> Figure:
        """Return the figure: the best choice by every two features."""
        figure: Figure = importlib.import_module("homogsim.plots.advice_map").figure(self)
        return figure


def clustered(values: NDArray[np.float64], cluster: NDArray[Any]) -> tuple[float, float, float]:
    r"""Return the mean of values and its 95 % interval when values of one cluster depend on each other.

    .. math:: \bar y \pm t_{W-1} \sqrt{\tfrac{W}{W-1} \sum_w \big(\sum_{i \in w} (y_i - \bar y)\big)^2}\,/\,n

    Parameters
    ----------
    values : (n,) array
        Not finite where undefined; left out.
    cluster : (n,) array
        The cluster of each value.

    Returns
    -------
    mean, low, high : float
        Unit of the values; the interval is NaN with fewer than two clusters.

    References
    ----------
    Cameron & Miller (2015), A practitioner's guide to cluster-robust inference, Journal of Human Resources 50, 317–372.
    """
    known = np.isfinite(values)
    values, cluster = values[known], cluster[known]
    if values.size == 0:
        return (float("nan"),) * 3
    mean = float(values.mean())
    _, which = np.unique(cluster, return_inverse=True)
    sums = np.bincount(which, values - mean)
    worlds = sums.size
    if worlds < 2:
        return mean, float("nan"), float("nan")
    error = np.sqrt(worlds / (worlds - 1) * (sums * sums).sum()) / values.size
    half = float(t_quantile(worlds)) * float(error)
    return mean, mean - half, mean + half
