"""Every declared parameter has a control that can show its default."""

from __future__ import annotations

import json

from homogsim.metrics.table import METRICS
from homogsim.parameters import declared
from homogsim.plots import FIGURES
from homogsim.scenario import presets
from homogsim.ui import charts, controls


def test_every_parameter_has_a_control_with_what_is_declared():
    found = {control["name"]: control for control in json.loads(json.dumps(controls.controls()))}
    assert set(found) == set(declared())
    for name, declaration in declared().items():
        control = found[name]
        assert (control["meaning"], control["source"], control["live"]) == (*declaration[7:9], declaration.live)
        if control["slider"]:
            low, high, step = control["slider"]
            assert declaration.low <= low <= declaration.default <= high <= declaration.high
            assert 0 < step <= (high - low) / 10 or declaration.kind is int


def test_presets_ask_their_question():
    assert {preset["name"] for preset in controls.shipped()} == set(presets())
    assert all(preset["question"].endswith("?") for preset in controls.shipped())


def test_charts_show_metrics_of_the_table_and_export_figures():
    assert set(charts.COLUMNS) <= set(METRICS)
    assert {chart.figure for chart in (*charts.CHARTS, *charts.TOWN_CHARTS)} <= set(FIGURES)
    json.dumps(charts.described())
