"""The month of demand with plain Mesa objects: an agent a consumer, an agent an outlet, Python's own arithmetic.

Written as one would for speed within that style: consumers know the outlets within their reach, nothing is looked up or
worked out twice, sums are kept by the outlets, visits are `random.choices`.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

import mesa
import numpy as np
from one_month import Answer, Month


class Outlet(mesa.Agent):
    """An outlet: what consumers see of it, and the sums that its owner wants."""

    def __init__(self, model: mesa.Model, month: Month, site: int) -> None:
        super().__init__(model)
        seen, noise = month.appeal, month.noise
        self.site = site
        self.base, self.personalization = seen.base[site] / noise, seen.personalization[site] / noise
        self.locality, self.misfit = seen.locality[site] / noise, seen.misfit[site] / noise
        self.travel, self.price = seen.travel[site] / noise, seen.price[site] / noise
        self.awareness, self.offering = float(seen.awareness[site]), seen.offering[:, site].tolist()
        self.east, self.north = month.streets.site_place[:, site].tolist()
        self.radius = sqrt(self.east**2 + self.north**2)
        self.start_month()

    def start_month(self) -> None:
        """Forget last month's sums."""
        self.sales = self.flat = self.alpha = self.personal = self.local = self.taste = self.satisfaction = 0.0
        self.ideal = [0.0] * len(self.offering)


class Consumer(mesa.Agent):
    """A consumer: tastes, and the outlets within reach by town."""

    def __init__(self, model: mesa.Model, month: Month, i: int, reach: list[Any]) -> None:
        super().__init__(model)
        tastes = month.tastes
        self.ideal = tastes.ideal[:, i].tolist()
        self.alpha, self.strength = float(tastes.price_sensitivity[i]), float(tastes.strength[i])
        self.personalization, self.locality = float(tastes.personalization[i]), float(tastes.locality[i])
        self.bonus = exp(tastes.loyalty[i] / month.noise)
        self.east, self.north = tastes.place[:, i].tolist()
        self.radius = sqrt(self.east**2 + self.north**2)
        self.reach, self.last, self.bought = reach, int(month.last[i]), -1
        self.inclusive = self.surplus = 0.0

    def choose(self) -> None:
        """Work out shares, add them to the outlets' sums, and visit one of them."""
        model = self.model
        outlets, attractions, cores, homes = [], [], [], []
        total = model.outside
        for at_home, minutes, there in self.reach:
            for outlet in there:
                if at_home:
                    way = sqrt((self.east - outlet.east) ** 2 + (self.north - outlet.north) ** 2) + minutes
                else:
                    way = outlet.radius + minutes + self.radius
                misfit = sum([(z - x) ** 2 for z, x in zip(self.ideal, outlet.offering, strict=True)])
                core = (
                    outlet.base + self.personalization * outlet.personalization
                    - self.strength * outlet.misfit * misfit - self.alpha * outlet.price
                )  # fmt: skip
                if at_home:
                    core += self.locality * outlet.locality
                attraction = outlet.awareness * exp(core - outlet.travel * log(1.0 + way))
                if outlet.site == self.last:
                    attraction *= self.bonus
                total += attraction
                outlets.append(outlet)
                attractions.append(attraction)
                cores.append(core)
                homes.append(at_home)
        self.inclusive, self.surplus = total, model.noise / self.alpha * log(total)
        weight, worth = model.weight, model.noise / self.alpha
        for outlet, attraction, core, at_home in zip(outlets, attractions, cores, homes, strict=True):
            share = attraction / total
            slope = weight * share * (1.0 - share)
            steep = slope * self.strength
            outlet.sales += weight * share
            outlet.flat += slope
            outlet.alpha += slope * self.alpha
            outlet.personal += slope * self.personalization
            if at_home:
                outlet.local += slope * self.locality
            outlet.taste += steep
            outlet.satisfaction += weight * share * worth * core
            outlet.ideal = [so_far + steep * z for so_far, z in zip(outlet.ideal, self.ideal, strict=True)]
        self.bought = -1
        if self.random.random() < model.visit_probability:
            chosen = self.random.choices([None, *outlets], [model.outside, *attractions])[0]
            self.bought = chosen.site if chosen else -1


class PlainMesa(mesa.Model):
    """A market of objects."""

    def __init__(self, month: Month) -> None:
        super().__init__(rng=1)
        streets = month.streets
        self.outside, self.noise, self.weight = month.outside, month.noise, streets.weight
        self.visit_probability = month.luck.visit_probability
        self.outlets = [Outlet(self, month, site) for site in range(month.is_open.size)]
        self.people = []
        for cell in range(streets.consumer_start.size - 1):
            town = cell % streets.towns
            reach = []
            for other, minutes in zip(streets.reach_towns[town], streets.reach_minutes[town], strict=True):
                first, last = streets.site_start[cell - town + other : cell - town + other + 2]
                there = [outlet for outlet in self.outlets[first:last] if month.is_open[outlet.site]]
                reach.append((bool(other == town), float(minutes), there))
            who = range(streets.consumer_start[cell], streets.consumer_start[cell + 1])
            self.people += [Consumer(self, month, i, reach) for i in who]

    def step(self) -> None:
        """Let everybody choose."""
        agents = self.agents_by_type
        agents[Outlet].do("start_month")
        agents[Consumer].do("choose")

    def __call__(self) -> Answer:
        """Make a step and gather what it found."""
        self.step()
        sums = [
            (o.sales, o.flat, o.alpha, o.personal, o.local, o.taste, o.satisfaction, *o.ideal) for o in self.outlets
        ]
        return Answer(
            np.array(sums).T, np.array([c.inclusive for c in self.people]), np.array([c.surplus for c in self.people]),
            np.array([c.bought for c in self.people], np.int32),
        )  # fmt: skip
