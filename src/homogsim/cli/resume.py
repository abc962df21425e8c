"""`homogsim run --from CHECKPOINT`: another future from the same past."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.errors import HomogsimError, ScenarioError
from homogsim.parameters import declared
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.model import MarketModel


def resume(checkpoint: Path, changes: tuple[str, ...], policies: tuple[str, ...] = (), **options: Any) -> MarketModel:
    """Return the saved model with changed live parameters and new policies; `options` are `MarketModel.load`'s.

    Raises
    ------
    HomogsimError
        There is no checkpoint, or no month is left to run.
    ScenarioError
        A parameter is unknown, out of bounds, or shapes the world at its start; a policy cannot be had.
    StorageError
        The checkpoint cannot be read.
    """
    if not checkpoint.exists():
        raise HomogsimError("there is no such checkpoint", str(checkpoint), "`model.save(path)` writes one.")
    from homogsim.model import MarketModel

    model = MarketModel.load(checkpoint, **options)
    in_force = replace(model.scenario, parameters=model.parameters)
    for key, value in live_changes(in_force, changes).items():
        model.set_live(key, value)
    if model.month > model.last_month:
        what = f"the checkpoint stands at month {model.month}, the run ends with month {model.last_month}"
        raise HomogsimError(what, str(checkpoint), "Give more --months.")
    model.add_policies(*policies)
    return model


def live_changes(scenario: Scenario, changes: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters that ``--set`` changes, checked, and refused unless they may change during a run."""
    changed = scenario.override_text(*changes).differences(scenario)
    for key in changed:
        if not declared()[key].live:
            what = f"{key} shapes the world at its start, so it cannot change in the middle of a run"
            raise ScenarioError(what, help="Run the scenario from its start with this value instead.")
    return {key: value for key, (_, value) in changed.items()}


def origin(checkpoint: Path, changes: tuple[str, ...], policies: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a run folder says about the checkpoint that its run started from."""
    facts = {"path": str(checkpoint.absolute()), "sha256": checkpoint_hash(checkpoint)}
    return {"checkpoint": {**facts, "changes": list(changes), "policies": list(policies)}}


def resume_again(facts: dict[str, Any], **options: Any) -> MarketModel:
    """Return the model that an earlier run started from (see `origin`).

    Raises
    ------
    HomogsimError
        The checkpoint is gone or another one stands in its place.
    """
    checkpoint = Path(facts["path"])
    if not checkpoint.exists() or checkpoint_hash(checkpoint) != facts["sha256"]:
        raise HomogsimError("the checkpoint that the run started from is no longer there", str(checkpoint))
    return resume(checkpoint, tuple(facts["changes"]), tuple(facts.get("policies", ())), **options)


def checkpoint_hash(checkpoint: Path) -> str:
    """Return the SHA-256 of a checkpoint, a file or a folder of files."""
    digest = hashlib.sha256()
    files = [checkpoint] if checkpoint.is_file() else sorted(p for p in checkpoint.rglob("*") if p.is_file())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
