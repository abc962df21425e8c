"""Scenario files from elsewhere: presets only in `extends`, limits, no path of this machine in what is said."""

from __future__ import annotations

import pytest

from homogsim.errors import BudgetError, ScenarioError
from homogsim.ui import uploads


def test_a_file_is_read():
    found = uploads.read('name = "mine"\nextends = "plug-and-play"\n[world]\ntowns = 5\n')
    assert (found.name, found.parameters.world.towns, found.path) == ("mine", 5, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#" * 300_000, "larger than 256 kB"),
        ('extends = "other.toml"', "is no preset"),
        ('extends = "../../../etc/passwd"', "is no preset"),
        ("[world]\ntowns = 0\n", "out of bounds"),
        ("towns = \n", "not TOML"),
    ],
)
def test_what_is_refused(text, said):
    with pytest.raises(ScenarioError) as refused:
        uploads.read(text)
    assert said in str(refused.value)
    assert "/tmp" not in str(refused.value)


def test_the_line_is_told():
    with pytest.raises(ScenarioError) as refused:
        uploads.read("[world]\ntowns = 0\n")
    assert refused.value.where == "the file, line 2"


@pytest.mark.parametrize(
    "text", ["[world]\ntowns = 1999\nconsumers = 200000", "[calendar]\nmonths = 2000\n[world]\ntowns = 900"]
)
def test_what_a_tab_cannot_afford(text):
    with pytest.raises(BudgetError) as refused:
        uploads.affordable(uploads.read(text))
    assert "homogsim run" in refused.value.help
    assert "--max-memory" not in str(refused.value)
