"""`homogsim run --from CHECKPOINT`: another future from the same past."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.errors import HomogsimError, ScenarioError
from homogsim.parameters import declared
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.model import MarketModel


def resume(checkpoint: Path, changes: tuple[str, ...], **options: Any) -> MarketModel:
    """Return the saved model with changed live parameters.

    Raises
    ------
    ScenarioError
        A parameter is unknown, out of bounds, or shapes the world at its start.
    StorageError
        The checkpoint cannot be read.
    """
    if not checkpoint.exists():
        raise HomogsimError("there is no such checkpoint", str(checkpoint), "`model.save(path)` writes one.")
    from homogsim.model import MarketModel

    model = MarketModel.load(checkpoint, **options)
    for key, value in live_changes(model.scenario, changes).items():
        model.set_live(key, value)
    return model


def live_changes(scenario: Scenario, changes: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters that ``--set`` changes, checked, and refused unless they may change during a run."""
    changed = scenario.override_text(*changes).differences(scenario)
    for key in changed:
        if not declared()[key].live:
            what = f"{key} shapes the world at its start, so it cannot change in the middle of a run"
            raise ScenarioError(what, help="Run the scenario from its start with this value instead.")
    return {key: value for key, (_, value) in changed.items()}


def checkpoint_hash(checkpoint: Path) -> str:
    """Return the SHA-256 of a checkpoint, a file or a folder of files."""
    digest = hashlib.sha256()
    files = [checkpoint] if checkpoint.is_file() else sorted(p for p in checkpoint.rglob("*") if p.is_file())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
