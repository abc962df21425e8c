"""Metrics of diversity: how many different offerings there are effectively, and how far apart they are."""

from __future__ import annotations

from functools import partial

import numpy as np

from homogsim.metrics.diversity import (
    decoupling_index,
    diversity_lost,
    diversity_of,
    hill_number,
    rarefied_diversity,
)
from homogsim.metrics.metric import AT_MOST_1, DIVERSITY, POSITIVE, Metric
from homogsim.metrics.observation import Observation
from homogsim.metrics.similarity import all_pairs, functional_dispersion

REEVE = "Leinster & Cobbold 2012; Reeve et al. 2016"

MEANING = {
    "gamma": "effective number of distinct offerings",
    "alpha": "effective number of distinct offerings within {groups} (normalized)",
    "beta": "effective number of distinct {groups} (normalized): 1 when all are alike",
}
SYMBOL = {"gamma": "γ", "alpha": "Ā", "beta": "B̄"}
VIEWS = {"sales": ("", "by sales"), "supply": ("_supply", "each outlet counting 1")}


def _line(which: str, view: str, by: str = "town", q: float = 1.0) -> Metric:
    suffix, words = VIEWS[view]
    order = "" if q == 1.0 else f"_q{q:.0f}"
    place = "" if by == "town" else f"{by}_"
    unit = f"{by}s" if which == "beta" else "offerings"
    return Metric(
        name=f"diversity_{place}{which}{order}{suffix}",
        symbol=SYMBOL[which] + ("" if q == 1.0 else f"(q={q:.0f})"),
        unit=unit,
        # B̄ of similar things may fall under 1 but for q = 1 (Reeve et al. 2016, table 2).
        range=DIVERSITY if which != "beta" else POSITIVE,
        meaning=f"{MEANING[which].format(groups=f'{by}s')}, {words}, q = {q:.0f}",
        reference=REEVE,
        compute=lambda m: m.diversity(which, view, by, q),
        error=lambda m: m.diversity_error(which, view, by, q),
        # The headline is told every month, other orders and the partition over sectors once a year.
        every=1 if q == 1.0 and by == "town" else 12,
    )


def _rescaled(which: str, name: str, factor: float, words: str) -> Metric:
    return Metric(
        name=f"diversity_{which}_{name}_scale",
        symbol=SYMBOL[which],
        unit="towns" if which == "beta" else "offerings",
        range=DIVERSITY if which != "beta" else POSITIVE,
        meaning=f"as diversity_{which}, at {words} the similarity scale ℓ",
        reference=REEVE,
        compute=lambda m: m.diversity(which, "sales", factor=factor),
    )


def _hill(month: Observation, q: float) -> float:
    return hill_number(month.sales, q)


def _lost(month: Observation) -> float:
    if month.month < 0:
        return float("nan")
    return float(diversity_lost(month.diversity("gamma", "sales"), month.offering_diversity_0))


def _decoupling(month: Observation) -> float:
    if month.month < 0:
        return float("nan")
    now = month.diversity("gamma", "sales"), float(month.process_gamma.value)
    return decoupling_index(now[0], month.offering_diversity_0, now[1], month.process_diversity_0)


def _rarefied(month: Observation) -> float:
    if not month.scale > 0.0 or month.n == 0:
        return float("nan")
    rows = month.compared
    return rarefied_diversity(month.offering[rows], month.rarefied_size, month.scale, 1.0, month.draws[rows].T)


def _dispersion(month: Observation) -> float:
    return functional_dispersion(month.offering, month.sales) if month.n else float("nan")


def _diversity_of(points: np.ndarray, weights: np.ndarray, scale: float) -> float:
    if not weights.sum() > 0.0 or not scale > 0.0:
        return float("nan")
    shares = weights / weights.sum()
    pairs = all_pairs(points, scale, shares[None, :], np.empty((0, len(points)), dtype=np.int64))
    return diversity_of(pairs.market[0], shares, 1.0)


def _served(month: Observation) -> float:
    return _diversity_of(month.people.served, np.ones(len(month.people.served)), month.scale)


def _visited(month: Observation) -> float:
    return _diversity_of(month.people.windows, month.people.window_visits, month.scale)


WHICH = ("gamma", "alpha", "beta")

# fmt: off
DIVERSITIES = (
    *(_line(which, view, q=1.0) for view in VIEWS for which in WHICH),
    *(_line(which, view, q=q) for q in (0.0, 2.0) for view in VIEWS for which in WHICH),
    *(_line(which, view, by="sector") for view in VIEWS for which in ("alpha", "beta")),
    Metric("diversity_lost", "", "share", AT_MOST_1, "1 − (γ − 1)/(γ_0 − 1), against the month before automation arrives", "", _lost),
    Metric("diversity_rarefied", "", "offerings", DIVERSITY, "mean diversity of random subsamples of a fixed number of outlets (a quarter of all storefronts), each counting 1", "Hurlbert 1971", _rarefied, every=12),
    Metric("diversity_served", "", "offerings", DIVERSITY, "effective number of distinct offerings as served, x_ij = x_j + κ_j(z_i − x_j), over a keyed sample of 500 visits", REEVE, _served, every=12),
    Metric("diversity_visited", "", "offerings", DIVERSITY, "the same of the shop windows x_j over the same visits", REEVE, _visited, every=12),
    *(Metric(f"hill_q{q}", f"D_{q}", "firms", DIVERSITY, f"effective number of small businesses by sales, all counting as different, q = {q} (by supply it is n_firms)", "Hill 1973", partial(_hill, q=float(q))) for q in (0, 1, 2)),
    Metric("process_diversity_gamma", "γ", "processes", DIVERSITY, "effective number of distinct ways of working, by sales", REEVE, lambda m: float(m.process_gamma.value), error=lambda m: float(m.process_gamma.standard_error)),
    Metric("mean_pairwise_distance", "", "taste sd", POSITIVE, "mean distance between two outlets' offerings", "Webb 2000", lambda m: float(m.offering_distance.value), error=lambda m: float(m.offering_distance.standard_error)),
    Metric("process_distance", "", "taste sd", POSITIVE, "mean distance between two outlets' processes", "Webb 2000", lambda m: float(m.process_distance.value), error=lambda m: float(m.process_distance.standard_error)),
    Metric("functional_dispersion", "", "taste sd", POSITIVE, "sales-weighted distance to the mean offering", "Laliberté & Legendre 2010", _dispersion),
    Metric("decoupling_index", "", "-", (-np.inf, np.inf), "1 − loss of offering diversity/loss of process diversity; not defined while the latter is under .02", "", _decoupling),
)
"""Lines of the table."""

RESCALED = tuple(
    _rescaled(which, name, factor, words)
    for name, factor, words in (("half", 0.5, "half"), ("double", 2.0, "twice"))
    for which in WHICH
)
"""Lines that are recorded on request only."""
