"""Vendors of tools and their templates (docs/model.md)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.parameters import TOOLS, Parameters
from homogsim.population import Population, column
from homogsim.streams import Streams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Vendors(Population):
    """Vendors: V generic ones for all sectors, then V a sector for industry and custom tools."""

    template: Floats = column(np.float64, "template T, taste sd", vector=True)
    tier: NDArray[np.int8] = column(np.int8, "tier of the tool: 1 generic, 2 industry, 3 custom")
    sector: NDArray[np.int32] = column(np.int32, "sector served, −1 all", -1)


def draw_vendors(parameters: Parameters, sector_centres: Floats, streams: Streams) -> Vendors:
    """Draw the vendors: generic templates around the mean of the sector centres, the others around their sector's."""
    world, each = parameters.world, parameters.vendors.per_tier
    vendors = Vendors(each * (1 + 2 * world.sectors), world.dimensions)
    vendors.tier[:each] = 1
    vendors.tier[each:] = np.repeat([2, 3], each * world.sectors)
    vendors.sector[each:] = np.tile(np.repeat(np.arange(world.sectors), each), 2)
    everywhere = sector_centres.mean(axis=1, keepdims=True)
    centre = np.where(vendors.sector >= 0, sector_centres[:, np.maximum(vendors.sector, 0)], everywhere)
    spread = parameters.vendors.spread + parameters.policy.interoperability
    vendors.template[:] = centre + spread * _deviation(vendors, streams)
    return vendors


def _deviation(vendors: Vendors, streams: Streams) -> Floats:
    """Return (d, V) how the vendors differ, in units of their spread."""
    axes = np.arange(len(vendors.template))[:, None]
    return streams.normal("templates", np.arange(vendors.rows)[None, :], index=axes)


def spread_further(vendors: Vendors, added: float, streams: Streams) -> None:
    """Move the vendors' templates apart (or, if negative, together) by so much more spread, each its own way."""
    vendors.template += added * _deviation(vendors, streams)


def retrained(template: Floats, offering: Floats, vendor: Ints, speed: float) -> Floats:
    """Return T_v′ = T_v + r_v(mean x of clients − T_v): the tool learns from whom it serves.

    `offering` is (d, n) of the clients and `vendor` (n) whose clients they are; vendors without clients stay.
    """
    count = np.bincount(vendor, minlength=template.shape[1])
    totals = np.stack([np.bincount(vendor, axis, minlength=template.shape[1]) for axis in offering])
    means = totals / np.maximum(count, 1)
    return np.where(count > 0, template + speed * (means - template), template)


def vendor_of(tier: Ints, sector: Ints, number: Ints, sectors: int, each: int) -> Ints:
    """Return the row of a tier's n-th vendor for a sector (−1 for no tool)."""
    special = each * (1 + (tier - 2) * sectors + sector) + number
    return np.where(tier == 0, -1, np.where(tier == 1, number, special))


def expected_templates(vendors: Vendors, sectors: int) -> Floats:
    """Return (d, tiers, sectors) the mean template of each tier's vendors, 0 for no tool: what firms expect of them."""
    d, rows = vendors.template.shape
    each = rows // (1 + (len(TOOLS) - 2) * sectors)
    means = np.zeros((d, len(TOOLS), sectors))
    means[:, 1] = vendors.template[:, :each].sum(axis=1, keepdims=True) / each
    means[:, 2:] = vendors.template[:, each:].reshape(d, -1, sectors, each).sum(axis=3) / each
    return means
