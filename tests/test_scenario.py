"""Scenarios: presets, reading, overriding, writing, fingerprints, differences."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homogsim.errors import HomogsimError, ScenarioError, StorageError
from homogsim.parameters import Declaration, Parameters, declared
from homogsim.scenario import Scenario, lint, presets

PRESETS = (
    "before-automation",
    "baseline",
    "plug-and-play",
    "invisible-back-office",
    "chatbot-everywhere",
    "industry-clouds",
    "bespoke-renaissance",
    "reinvest-the-savings",
)


def test_the_shipped_presets_are_there() -> None:
    assert set(PRESETS) <= set(presets())


@pytest.mark.parametrize("name", sorted(presets()))
def test_a_preset_is_in_order(name: str) -> None:
    path = presets()[name]
    scenario = Scenario.read(name)
    assert lint(path) == []
    assert scenario.name == name
    assert scenario.question.endswith("?")
    assert path.read_text("utf-8").splitlines()[0] == f"# {scenario.question}"
    assert scenario.expect
    if name == "baseline":
        assert scenario.extends is None
        return
    assert scenario.extends in presets()
    origin = Scenario.read(str(scenario.extends))
    assert scenario.differences(origin) or scenario.events != origin.events


def test_presets_differ_from_the_baseline_as_the_model_document_says() -> None:
    def differs(name: str) -> dict[str, object]:
        return {key: value for key, (_, value) in Scenario.read(name).differences().items()}

    assert differs("baseline") == {}
    assert differs("before-automation") == {"tools.available": ()}
    assert differs("invisible-back-office") == {"tools.available": ("generic",), "tools.contact_levels": ()}
    assert differs("bespoke-renaissance") == {
        "tools.custom.upfront_cost": 8000.0,
        "consumers.personalization_value": 6.0,
    }
    assert differs("reinvest-the-savings") == {"firms.reinvestment": 0.8}


def test_a_file_extends_a_preset_and_another_file(tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text('extends = "plug-and-play"\nseed = 7\n[world]\ntowns = 3\n', "utf-8")
    (tmp_path / "shop.toml").write_text(
        '# Does it matter?\nextends = "town.toml"\n[world]\nsectors = 1\n[[expect]]\nmetric = "mean_price"\n'
        'versus = "twin"\nsign = "lower"\nat_least = 0.01\n',
        "utf-8",
    )
    scenario = Scenario.read(tmp_path / "shop.toml")
    assert (scenario.name, scenario.question, scenario.seed) == ("shop", "Does it matter?", 7)
    assert (scenario.parameters.world.towns, scenario.parameters.world.sectors) == (3, 1)
    assert scenario.parameters.tools.available == ("generic",)
    assert [(line.metric, line.versus, line.sign, line.at_least) for line in scenario.expect] == [
        ("mean_price", "twin", "lower", 0.01)
    ]


def test_a_byte_order_mark_and_windows_line_ends_are_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf# Why?\r\n[world]\r\ntowns = 3\r\n")
    assert Scenario.read(path).parameters.world.towns == 3


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("consumers.price_sensitivity", "1.2", 1.2),
        ("consumers.price_sensitivity", ".5", 0.5),
        ("consumers.price_sensitivity", "2", 2.0),
        ("world.occasions", "60_000", 60000.0),
        ("world.towns", " 12 ", 12),
        ("consumers.demand", "sampled", "sampled"),
        ("consumers.demand", '"sampled"', "sampled"),
        ("consumers.outside_option", "false", False),
        ("tools.available", "[]", ()),
        ("tools.available", "[custom,generic]", ("generic", "custom")),
        ("tools.available", '["generic"]', ("generic",)),
        ("tools.contact_levels", "[0.2, .9]", (0.2, 0.9)),
    ],
)
def test_a_value_written_on_the_command_line(key: str, text: str, value: object) -> None:
    scenario = Scenario().override(key, text)
    assert scenario.differences()[key][1] == value
    assert type(scenario.differences()[key][1]) is type(value)
    assert Scenario().override_text(f"{key}={text}") == scenario


def test_values_from_numpy_and_lists_are_welcome() -> None:
    scenario = Scenario().override({"world.towns": np.int64(5), "tools.contact_levels": [np.float64(0.4)]})
    assert scenario.parameters.world.towns == 5
    assert scenario.parameters.tools.contact_levels == (0.4,)


def test_values_that_depend_on_each_other_are_checked_together() -> None:
    scenario = Scenario().override({"world.town_share": 0.6, "world.niche_share": 0.3})
    assert scenario.parameters.world.town_share == 0.6
    with pytest.raises(ScenarioError, match="niche_share"):
        Scenario().override("world.town_share", 0.6)


def test_overriding_leaves_the_original_alone() -> None:
    scenario = Scenario.read("baseline")
    changed = scenario.override("world.towns", 3)
    assert scenario.parameters.world.towns == 8
    assert (changed.name, changed.question, changed.expect) == (scenario.name, scenario.question, scenario.expect)


def test_differences_against_defaults_and_against_another() -> None:
    scenario = Scenario.read("plug-and-play").override("world.towns", 3)
    assert scenario.differences()["world.towns"] == (8, 3)
    assert scenario.differences(Scenario.read("plug-and-play")) == {"world.towns": (8, 3)}
    assert scenario.differences(scenario) == {}


def test_a_written_file_holds_only_what_differs(tmp_path: Path) -> None:
    path = Scenario.read("plug-and-play").override("tools.generic.fit", 0.2).write(tmp_path / "mine.toml")
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith("# How much alike")
    assert "[tools]" in lines
    assert "fit = 0.2" in lines
    assert not any(line.startswith("[world") for line in lines)
    assert Scenario.read(path).expect == Scenario.read("plug-and-play").expect


def test_deriving_extends_a_preset_by_its_name(tmp_path: Path) -> None:
    own = Scenario.read("plug-and-play").derive("mine", "What if?")
    assert (own.extends, own.expect) == ("plug-and-play", ())
    path = own.write(tmp_path / "mine.toml")
    assert path.read_text("utf-8") == ('# What if?\nname = "mine"\nquestion = "What if?"\nextends = "plug-and-play"\n')
    again = Scenario.read(path).derive("other")
    assert again.extends == "plug-and-play"


def test_a_scenario_written_elsewhere_does_not_need_the_file_it_extended(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "town.toml").write_text("seed = 7\n[world]\ntowns = 3\n", "utf-8")
    (here / "shop.toml").write_text('extends = "town.toml"\n[world]\nsectors = 1\n', "utf-8")
    scenario = Scenario.read(here / "shop.toml")
    beside, moved = scenario.write(here / "copy.toml"), scenario.write(there / "copy.toml")
    assert Scenario.read(beside).extends == "town.toml"
    assert "towns" not in beside.read_text("utf-8")
    assert Scenario.read(moved).extends == "baseline"
    for path in (beside, moved):
        again = Scenario.read(path)
        assert (again.fingerprint(), again.seed) == (scenario.fingerprint(), 7)


def test_an_existing_file_is_overwritten_only_on_purpose(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    Scenario(question="One?").write(path)
    with pytest.raises(StorageError, match="exists already"):
        Scenario(question="Two?").write(path)
    assert Scenario.read(path).question == "One?"
    Scenario(question="Two?").write(path, overwrite=True)
    assert Scenario.read(path).question == "Two?"
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        Scenario().write(tmp_path / "missing" / "mine.toml")
    with pytest.raises(StorageError, match="null character"):
        Scenario().write(tmp_path / "mi\0ne.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        Scenario().write(tmp_path / "folder.toml", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.toml"]


def test_the_fingerprint_knows_parameters_only() -> None:
    scenario = Scenario.read("baseline")
    assert len(scenario.fingerprint()) == 64
    other = dataclasses.replace(scenario, name="other", question="Why?", seed=5, expect=(), extends="plug-and-play")
    assert other.fingerprint() == scenario.fingerprint() == Scenario().fingerprint()
    assert scenario.override("world.towns", 9).fingerprint() != scenario.fingerprint()
    assert len({Scenario.read(name).fingerprint() for name in PRESETS}) == len(PRESETS)


def test_the_fingerprint_does_not_tell_two_zeros_or_two_ways_of_writing_a_number_apart() -> None:
    scenario = Scenario().override("offering.noise", 0.0)
    assert scenario.override("offering.noise", -0.0).fingerprint() == scenario.fingerprint()
    assert scenario.override("offering.noise", 0).fingerprint() == scenario.fingerprint()


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = "from homogsim.scenario import Scenario; print(Scenario.read('chatbot-everywhere').fingerprint())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == Scenario.read("chatbot-everywhere").fingerprint()


@pytest.mark.parametrize("name", PRESETS)
def test_a_scenario_survives_json(name: str) -> None:
    scenario = dataclasses.replace(Scenario.read(name), seed=3)
    assert Scenario.from_dict(json.loads(json.dumps(scenario.as_dict()))) == scenario


def test_data_that_describe_no_scenario_are_refused() -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"parameters": {"world.towns": 0}},
        {"parameters": 3},
        {"name": "A B"},
        {"expect": [{}]},
    )
    for data in wrong:
        with pytest.raises(ScenarioError):
            Scenario.from_dict(data)


# Rules between parameters (e.g. shares of one variance) make some of these combinations invalid.
INDEPENDENT = [
    d
    for d in declared().values()
    if d.name not in ("world.town_share", "world.niche_share", "world.occupied", "world.sites")
]


def _values(declaration: Declaration) -> st.SearchStrategy[object]:
    low, high = declaration.low, declaration.high
    if low is not None and high is not None:
        return st.integers(int(low), int(high)) if declaration.kind is int else st.floats(low, high)
    if declaration.kind is bool:
        return st.booleans()
    if declaration.kind is str:
        return st.sampled_from(declaration.choices)
    if declaration.choices:
        return st.lists(st.sampled_from(declaration.choices), unique=True)
    return st.lists(st.floats(0.01, 1.0), unique=True, max_size=4).map(sorted)


CHANGES = st.lists(st.sampled_from(INDEPENDENT), max_size=6, unique=True).flatmap(
    lambda chosen: st.fixed_dictionaries({d.name: _values(d) for d in chosen})
)
LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
QUESTIONS = st.text(LETTERS, max_size=40).filter(str.isprintable)


@settings(max_examples=60, deadline=None)
@given(changes=CHANGES, question=QUESTIONS, base=st.sampled_from(PRESETS), seed=st.integers(0, 2**32 - 1))
def test_overriding_writing_and_reading_gives_the_same_scenario(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, object], question: str, base: str, seed: int
) -> None:
    try:
        scenario = Scenario.read(base).override(changes)
    except ScenarioError as error:
        # A rule of the declarations between parameters; every single value is within its bounds.
        assert "bounds" not in str(error)
        return
    scenario = dataclasses.replace(scenario, question=question, seed=seed)
    path = tmp_path_factory.getbasetemp() / "round-trip.toml"
    again = Scenario.read(scenario.write(path, overwrite=True))
    assert again.fingerprint() == scenario.fingerprint()
    assert again.parameters == scenario.parameters
    assert (again.name, again.seed, again.expect, again.extends) == (base, seed, scenario.expect, scenario.extends)
    assert again.question == question


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=60), st.text("[]{}\"'=.,0123456789eEx_-+ntrufalsi", max_size=30)))
def test_any_text_is_a_value_or_a_clear_error(text: str) -> None:
    for key in ("world.towns", "tools.available", "consumers.price_sensitivity"):
        try:
            assert isinstance(Scenario().override(key, text).parameters, Parameters)
        except HomogsimError as error:
            assert 1 <= len(str(error).splitlines()) <= 3
            assert str(error).replace("\n", "").isprintable()


@settings(max_examples=200, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=60), st.text("[]{}\"'=.#\n0123456789eworldtowns ", max_size=80).map(str.encode))
)
def test_any_file_is_a_scenario_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    try:
        Scenario.read(path)
    except HomogsimError as error:
        assert str(path) in str(error)
        assert str(error).replace("\n", "").isprintable()
    assert all(isinstance(problem, HomogsimError) for problem in lint(path))
