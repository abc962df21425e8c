"""One scenario under both geometries of tastes: whom homogenization hits may depend on it (docs/model.md)."""

from __future__ import annotations

from typing import Literal, get_args

from homogsim.errors import HomogsimError, nearest
from homogsim.parameters import declared
from homogsim.scenario import Scenario

Geometry = Literal["ideal_point", "kernel"]
GEOMETRIES: tuple[Geometry, ...] = get_args(Geometry)
BOTH = "both"

STRENGTH, ANCHOR, COST = 1.5, 0.25, 1.575
"""s_z, θ_k and what v0 loses, as shares of θ: at the defaults (θ 4, v0 21) they give 6, 1 and 14.7."""


def geometries(asked: str | None) -> tuple[Geometry | None, ...]:
    """Return the geometries that ``--tastes`` asks for; None is the scenarios' own.

    Raises
    ------
    HomogsimError
        There is no such geometry.
    """
    if asked is None:
        return (None,)
    if asked == BOTH:
        return GEOMETRIES
    for geometry in GEOMETRIES:
        if asked == geometry:
            return (geometry,)
    known = (*GEOMETRIES, BOTH)
    help = nearest(asked, known) or f"Known: {', '.join(known)}."
    raise HomogsimError(f"there are no tastes {asked!r:.40}", "--tastes", help)


def under(scenario: Scenario, geometry: Geometry | None) -> Scenario:
    """Return a scenario under a geometry of tastes.

    A scenario of ideal points that sets nothing about kernel tastes gets them in proportion to its own taste strength
    θ, so that a market with stronger tastes has them in both geometries: s_z = 1.5·θ, θ_k = θ/4, and v0 lower by
    1.575·θ, because the best of several likings costs less than the way to an ideal point.
    """
    consumers = scenario.parameters.consumers
    if geometry is None or consumers.tastes == geometry:
        return scenario
    changes: dict[str, object] = {"consumers.tastes": geometry}
    names = ("consumers.kernel_strength", "consumers.kernel_anchor", "consumers.kernel_base_value")
    if geometry == "kernel" and not set(names) & set(scenario.differences()):
        theta = consumers.taste_strength
        wanted = (STRENGTH * theta, ANCHOR * theta, max(0.0, consumers.base_value - COST * theta))
        standard = (declared()[name].default for name in names)
        pairs = zip(names, wanted, standard, strict=True)
        changes |= {name: value for name, value, default in pairs if abs(value - default) > 1e-9}
    return scenario.override(changes)
