"""Checkpoints: a model in a file, as plain arrays and JSON, no pickle. Loading and going on gives the same bits.

`homogsim.state` says what is stored; this module says how a file is written, and how far one is trusted: everything
that it says is compared with a new model of its scenario before it is used.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from homogsim import state
from homogsim.archives import read_array, read_arrays, write_arrays
from homogsim.errors import HomogsimError, StorageError
from homogsim.scenario import Scenario, check_budget

if TYPE_CHECKING:
    from homogsim.model import MarketModel

FORMAT = 5
"""Raised when older files can no longer be read."""
RECORDING = ("record_every", "biographies", "other_scales")
"""Options of the recorder, which a checkpoint carries."""
MOST_FACTS = 1e6
"""Bytes of JSON, at most."""
FIRM_MONTH_BYTES = 400.0
"""Bytes that a business takes in a month of biographies."""


class CheckpointWarning(UserWarning):
    """A checkpoint that can be read, but not with a promise of the same bits."""


def save(model: MarketModel, path: Path) -> Path:
    """Write a checkpoint, whole or not at all, in place of an older one; equal states give equal files."""
    facts = json.dumps(_facts(model), allow_nan=False).encode()
    arrays = {"facts": np.frombuffer(facts, dtype=np.uint8)}
    write_arrays(path, arrays | state.of_market(model.market) | state.of_recorder(model.recorder))
    return path


def load(cls: type[MarketModel], path: Path, **options: Any) -> MarketModel:
    """Read a checkpoint into a new model of class `cls`."""
    own = sorted(name for name in options if name in ("scenario", "seed", "rng") or "." in name)
    if own:
        raise HomogsimError(f"a checkpoint brings its own {own[0]}", help="`set_live` changes a live parameter.")
    facts = _read_facts(path)
    scenario = _scenario(facts["scenario"], path, facts)
    arrays = read_arrays(path, _most_bytes(facts, scenario))
    model = cls(scenario, **({name: facts[name] for name in RECORDING} | options))
    try:
        model.market.adopt(model.scenario.override(facts["in_force"]).parameters)
        state.restore_market(model.market, arrays)
        state.restore_recorder(model.recorder, arrays)
        _check_month(model.month, scenario)
    except (HomogsimError, KeyError, ValueError, IndexError, TypeError, OverflowError) as error:
        _refuse(path, error)
    if model.month > model.last_month + 1:
        what = f"the checkpoint stands at month {model.month}, the run ends before"
        raise HomogsimError(what, str(path), "Give more months.")
    model.running = model.month <= model.last_month
    _wind_mesas_clock(model)
    return model


def _refuse(path: Path, reason: object) -> NoReturn:
    raise StorageError(f"the checkpoint is damaged ({reason!s:.200})", str(path), "Make it again.")


def _version() -> str:
    try:
        return version("homogsim")
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"


def _facts(model: MarketModel) -> dict[str, Any]:
    """Return what a checkpoint says about itself, apart from its arrays."""
    in_force = replace(model.scenario, parameters=model.parameters).differences(model.scenario)
    return {
        "format": FORMAT,
        "version": _version(),
        "scenario": model.scenario.as_dict(),
        "in_force": {name: value for name, (_, value) in in_force.items()},
        "record_every": model.recorder.every,
        "biographies": model.recorder.biographies,
        "other_scales": model.recorder.other_scales,
        "columns": {name: list(columns) for name, columns in state.ROWS.items()},
    }


def _read_facts(path: Path) -> dict[str, Any]:
    """Read what a checkpoint says about itself, and make sure that this version can use it."""
    stored = read_array(path, "facts", MOST_FACTS)
    try:
        facts = json.loads(stored.tobytes())
        form, writer = facts["format"], facts["version"]
        if form == FORMAT:
            _check_facts(facts)
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        _refuse(path, error)
    if form != FORMAT:
        what = f"the checkpoint has format {form!s:.20} of homogsim {writer!s:.20}; this version reads format {FORMAT}"
        raise StorageError(what, str(path), "Use that version, or make it again.")
    if writer != _version():
        told = f"{path} was written by homogsim {writer!s:.20}, this is {_version()}: going on may give other numbers"
        warnings.warn(told, CheckpointWarning, stacklevel=4)
    return facts


def _check_facts(facts: Mapping[str, Any]) -> None:
    if type(facts["record_every"]) is not int or not 1 <= facts["record_every"] <= 1_000_000:
        raise ValueError("record_every is no number of months")
    options = (facts["biographies"], facts["other_scales"])
    if any(type(option) is not bool for option in options) or type(facts["in_force"]) is not dict:
        raise ValueError("biographies, other_scales or in_force is of another kind")
    if facts["columns"] != {name: list(columns) for name, columns in state.ROWS.items()}:
        raise ValueError("its tables have other columns than this version's")


def _scenario(described: Any, path: Path, facts: Mapping[str, Any]) -> Scenario:
    try:
        return Scenario.from_dict(described)
    except HomogsimError as error:
        what = f"its scenario cannot be used: {error.what}"
        raise StorageError(what, str(path), f"It was written by homogsim {facts['version']!s:.20}.") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        _refuse(path, error)


def _check_month(month: int, scenario: Scenario) -> None:
    calendar = scenario.parameters.calendar
    if not -calendar.before - calendar.warm_up <= month <= calendar.months:
        raise ValueError(f"month {month} is outside the calendar")


def _most_bytes(facts: Mapping[str, Any], scenario: Scenario) -> float:
    """Return the memory that the state of such a run may take, bytes."""
    calendar, world = scenario.parameters.calendar, scenario.parameters.world
    months = calendar.before + calendar.months
    stories = facts["biographies"] * months * world.cells * world.sites * FIRM_MONTH_BYTES
    return 2.0 * check_budget(scenario.parameters).memory_bytes + stories


def _wind_mesas_clock(model: MarketModel) -> None:
    """Let Mesa count the months that were run already: it has no public way to set its clock.

    That is `steps` and, since Mesa 3.5, `time` and the event that makes the next step.
    """
    calendar = model.parameters.calendar
    months, model._user_step = model._user_step, lambda: None
    for _ in range(model.month + calendar.before + calendar.warm_up):
        model.step()
    model._user_step = months
