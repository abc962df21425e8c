"""The month of demand in NumPy, a cell at a time: matrices of consumers × outlets, sums by matrix products."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from one_month import Answer, Month

Floats = NDArray[np.float64]


class NumpyCells:
    """The market, asked cell by cell."""

    def __init__(self, month: Month) -> None:
        self.month = month
        self.random = np.random.default_rng(1)

    def __call__(self) -> Answer:
        """Let everybody choose."""
        m, n, d = self.month, self.month.consumers, len(self.month.tastes.ideal)
        answer = Answer(np.zeros((7 + d, m.is_open.size)), np.empty(n), np.empty(n), np.full(n, -1, np.int32))
        for cell in range(m.streets.consumer_start.size - 1):
            self._choose(cell, answer)
        return answer

    def _choose(self, cell: int, answer: Answer) -> None:
        m, tastes = self.month, self.month.tastes
        people = slice(m.streets.consumer_start[cell], m.streets.consumer_start[cell + 1])
        sites, minutes, at_home = self._within_reach(cell)
        core = self._core(people, sites, at_home)
        travel = m.appeal.travel[sites] / m.noise
        attraction = m.appeal.awareness[sites] * np.exp(
            core - travel * np.log1p(self._way(people, sites, minutes, at_home))
        )
        same = m.last[people][:, None] == sites
        attraction *= np.where(same, np.exp(tastes.loyalty[people] / m.noise)[:, None], 1.0)
        total = m.outside + attraction.sum(axis=1)
        share = attraction / total[:, None]
        worth = m.noise / tastes.price_sensitivity[people]
        self._add_up(share, core, worth, people, sites, at_home, answer.sums)
        answer.inclusive[people], answer.surplus[people] = total, worth * np.log(total)
        # Visits: a uniform number read off the running sum of the shares, the outside option at the end.
        going = np.flatnonzero(self.random.random(total.size) < m.luck.visit_probability)
        luck = self.random.random(going.size)
        chosen = (np.cumsum(share[going], axis=1) < luck[:, None]).sum(axis=1)
        answer.bought[people.start + going] = np.append(sites, -1)[chosen]

    def _within_reach(self, cell: int) -> tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]:
        streets = self.month.streets
        town = cell % streets.towns
        cells = cell - town + streets.reach_towns[town]
        there = [np.arange(streets.site_start[c], streets.site_start[c + 1]) for c in cells]
        there = [sites[self.month.is_open[sites]] for sites in there]
        sizes = [sites.size for sites in there]
        return np.concatenate(there), np.repeat(streets.reach_minutes[town], sizes), np.repeat(cells == cell, sizes)

    def _way(self, people: slice, sites: NDArray[np.int64], minutes: Floats, at_home: NDArray[np.bool_]) -> Floats:
        place, there = self.month.tastes.place[:, people], self.month.streets.site_place[:, sites]
        near = np.hypot(place[0][:, None] - there[0][at_home], place[1][:, None] - there[1][at_home])
        far = np.hypot(*place)[:, None] + np.hypot(*there[:, ~at_home])
        way = np.empty((place.shape[1], sites.size))
        way[:, at_home], way[:, ~at_home] = near, far
        return way + minutes

    def _core(self, people: slice, sites: NDArray[np.int64], at_home: NDArray[np.bool_]) -> Floats:
        tastes, seen, noise = self.month.tastes, self.month.appeal, self.month.noise
        ideal, offering = tastes.ideal[:, people], seen.offering[:, sites]
        # ‖z − x‖² = ‖z‖² + ‖x‖² − 2 z·x: one matrix product in place of d matrices.
        misfit = (ideal**2).sum(axis=0)[:, None] + (offering**2).sum(axis=0) - 2.0 * (ideal.T @ offering)
        core = seen.base[sites] / noise - misfit * (tastes.strength[people][:, None] * (seen.misfit[sites] / noise))
        core += np.outer(tastes.personalization[people], seen.personalization[sites] / noise)
        core += np.outer(tastes.locality[people], at_home * seen.locality[sites] / noise)
        core -= np.outer(tastes.price_sensitivity[people], seen.price[sites] / noise)
        return core

    def _add_up(
        self, share: Floats, core: Floats, worth: Floats, people: slice, sites: NDArray[np.int64],
        at_home: NDArray[np.bool_], sums: Floats,
    ) -> None:  # fmt: skip
        tastes, weight = self.month.tastes, self.month.streets.weight
        slope = share * (1.0 - share)
        strength = tastes.strength[people]
        steep = np.vstack([strength, strength * tastes.ideal[:, people]]) @ slope
        by_taste = np.vstack([
            np.ones(strength.size), tastes.price_sensitivity[people], tastes.personalization[people],
            tastes.locality[people],
        ]) @ slope  # fmt: skip
        by_taste[3] *= at_home
        satisfaction = worth @ (share * core)
        sums[:, sites] += weight * np.vstack([share.sum(axis=0), by_taste, steep[0], satisfaction, steep[1:]])
