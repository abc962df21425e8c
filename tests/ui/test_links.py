"""Links carry a plan there and back, and refuse what does not belong into one."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from homogsim.errors import HomogsimError
from homogsim.scenario import Scenario
from homogsim.ui import links, uploads
from homogsim.ui.plan import Plan


def test_there_and_back():
    plan = replace(Plan.of(Scenario.read("plug-and-play"), "twin"), seed=77)
    plan = plan.changed("world.towns", 5).changed("tools.available", ["generic", "custom"])
    plan = plan.changed("consumers.demand", "sampled").changed_live(12, "policy.disclosure_mandate", True)
    found = links.read("?" + links.written(plan, 30))
    assert found is not None
    assert found[1] == 30
    assert found[0].scenario.fingerprint() == plan.scenario.fingerprint()
    assert (found[0].seed, found[0].second) == (77, "twin")


def test_an_uploaded_scenario_travels_as_its_differences():
    uploaded = uploads.read('extends = "many-templates"\n[consumers]\nloyalty = 0.9\n[[events]]\nmonth = 3\n'
                            'set = {"consumers.loyalty" = 0.1}\n')  # fmt: skip
    found = links.read(links.written(Plan.of(uploaded), -1))
    assert found is not None
    assert found[0].base.name == "many-templates"
    assert found[0].scenario.fingerprint() == uploaded.fingerprint()


def test_an_address_without_a_scenario_says_nothing():
    assert links.read("") is None
    assert links.read("?other=1") is None


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"scenario": "../../etc/passwd"}, "presets only"),
        ({"scenario": "baseline", "beside": "/etc"}, "presets"),
        ({"scenario": "baseline", "seed": "x"}, "whole number"),
        ({"scenario": "baseline", "seed": "-1"}, "seed"),
        ({"scenario": "baseline", "set": "world.towns=99999"}, "out of bounds"),
        ({"scenario": "baseline", "set": "nothing.known=1"}, "no parameter"),
        ({"scenario": "baseline", "at": "1:world.towns=3"}, "shapes the world"),
        ({"scenario": "baseline", "at": "zero:consumers.loyalty=1"}, "whole number"),
        ({"scenario": "x" * 20_000}, "too long"),
    ],
)
def test_what_is_refused(parts, said):
    with pytest.raises(HomogsimError) as refused:
        opened(urlencode(parts))
    assert said in str(refused.value)


def opened(query: str) -> Scenario:
    found = links.read(query)
    assert found is not None
    return found[0].scenario


def test_too_many_parts():
    with pytest.raises(HomogsimError, match="too many parts"):
        links.read("&".join("a=1" for _ in range(1000)))


def test_a_month_beyond_the_run_is_its_end():
    found = links.read("scenario=baseline&month=9999")
    assert found is not None
    assert found[1] == 179


def test_places_do_not_fit_into_a_link():
    world = "[world]\ntowns = 1\nsectors = 1\n"
    text = world + '[[places.towns]]\nname = "A"\nhouseholds = 900\n[[places.sectors]]\nname = "bread"\n'
    scenario = uploads.read(text)
    assert scenario.places is not None
    assert links.written(Plan.of(scenario), -1) == ""
