"""Checkpoints: the state of a model as plain arrays and JSON, no pickle. Loading and going on gives the same bits."""

from __future__ import annotations

import json
import zipfile
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Death, Decision
from homogsim.errors import HomogsimError, StorageError
from homogsim.laws.demand import Appeal
from homogsim.metrics.observation import Observation
from homogsim.recording import Pending
from homogsim.results.folder import storage_errors, write_file
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.model import MarketModel

FORMAT = 1
CHANGING = ("last", "last_before", "bought", "inclusive", "surplus")
"""Columns of consumers that a run changes; the others are keyed draws and are drawn again."""
TABLES = ("towns", "snapshots", "firm_months")

Arrays = dict[str, NDArray[Any]]


def save(model: MarketModel, path: Path) -> Path:
    """Write a checkpoint, whole or not at all."""
    arrays, facts = _market_state(model), _facts(model)
    arrays |= _recorder_state(model)
    buffer = BytesIO()
    np.savez_compressed(buffer, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **arrays)  # type: ignore[arg-type]
    partial = path.with_name(path.name + ".partial")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(partial, lambda file: file.write(buffer.getbuffer()))
        partial.replace(path)
    return path


def load(cls: type[MarketModel], path: Path, **options: Any) -> MarketModel:
    """Read a checkpoint into a new model."""
    arrays = _read(path)
    try:
        facts = json.loads(arrays.pop("facts").tobytes())
        if facts["format"] != FORMAT:
            raise StorageError(
                f"the checkpoint has format {facts['format']}, this version reads {FORMAT}", str(path),
                "Make it again with this version.",
            )  # fmt: skip
        scenario = Scenario.from_dict(facts["scenario"])
        fixed = {"record_every": facts["record_every"], "biographies": facts["biographies"]}
        model = cls(scenario, seed=facts["seed"], **(fixed | options))
        _restore_market(model, arrays, facts)
        _restore_recorder(model, arrays, facts)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        if isinstance(error, HomogsimError):
            raise
        raise StorageError(f"the checkpoint is damaged ({error})", str(path), "Make it again.") from error
    return model


def _read(path: Path) -> Arrays:
    if not path.exists():
        raise StorageError("there is no such checkpoint", str(path), "`model.save(path)` writes one.")
    try:
        with storage_errors(path), np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise StorageError(f"this is not a checkpoint, or a damaged one ({error})", str(path)) from error


def _facts(model: MarketModel) -> dict[str, Any]:
    market, recorder = model.market, model.recorder
    return {
        "format": FORMAT,
        "scenario": model.scenario.as_dict(),
        "seed": model.seed,
        "month": market.month,
        "last_traded": market.last_traded,
        "flows": market.flows,
        "steps": model.steps,
        "record_every": recorder.every,
        "biographies": recorder.biographies,
        "scale": recorder.scale if np.isfinite(recorder.scale) else None,
        "diversity_0": [value if np.isfinite(value) else None for value in recorder.diversity_0],
        "causes": [death.cause for death in market.diary.deaths],
        "reasons": [decision.reason for decision in market.diary.decisions],
        "timeline": list(recorder.timeline[0]) if recorder.timeline else [],
        "accounts": list(recorder.accounts[0]) if recorder.accounts else [],
        "pending": len(recorder.pending),
    }


def _market_state(model: MarketModel) -> Arrays:
    market, diary = model.market, model.market.diary
    arrays: Arrays = {f"firms.{name}": values for name, values in market.firms.arrays().items()}
    arrays |= {f"vendors.{name}": values for name, values in market.vendors.arrays().items()}
    arrays |= {f"consumers.{name}": getattr(market.consumers, name) for name in CHANGING}
    arrays["traded"] = market.traded
    if market.appeal is not None:
        arrays |= {f"appeal.{name}": values for name, values in market.appeal._asdict().items()}
    arrays["births"] = np.array(diary.births, dtype=np.int64).reshape(-1, 2)
    arrays["deaths"] = np.array([(d.month, d.uid) for d in diary.deaths], dtype=np.int64).reshape(-1, 2)
    arrays["tools"] = np.array(diary.tools, dtype=np.float64).reshape(-1, 4)
    arrays["decisions"] = np.array([d[:-1] for d in diary.decisions], dtype=np.float64).reshape(
        -1, len(Decision._fields) - 1
    )
    for name in diary.lives[0] if diary.lives else ():
        arrays[f"lives.{name}"] = np.concatenate([piece[name] for piece in diary.lives], axis=-1)
    return arrays


def _recorder_state(model: MarketModel) -> Arrays:
    recorder = model.recorder
    arrays: Arrays = {
        "timeline": np.array([list(row.values()) for row in recorder.timeline], dtype=np.float64),
        "accounts": np.array([list(row.values()) for row in recorder.accounts], dtype=np.float64),
        "returns": np.array(recorder.returns, dtype=np.float64),
    }
    for table in TABLES:
        pieces = getattr(recorder, table)
        for name in pieces[0] if pieces else ():
            arrays[f"{table}.{name}"] = np.concatenate([piece[name] for piece in pieces])
    for n, waiting in enumerate(recorder.pending):
        for field in fields(Observation):
            arrays[f"pending.{n}.{field.name}"] = np.asarray(getattr(waiting.month, field.name))
        arrays[f"pending.{n}.opened"], arrays[f"pending.{n}.closed"] = waiting.entries, waiting.exits
    return arrays


def _restore_market(model: MarketModel, arrays: Arrays, facts: dict[str, Any]) -> None:
    market, diary = model.market, model.market.diary
    market.month, model.steps = int(facts["month"]), int(facts["steps"])
    market.last_traded = int(facts["last_traded"])
    market.flows = {name: float(value) for name, value in facts["flows"].items()}
    market.firms.restore(_under(arrays, "firms."))
    market.vendors.restore(_under(arrays, "vendors."))
    for name in CHANGING:
        getattr(market.consumers, name)[:] = arrays[f"consumers.{name}"]
    market.traded[:] = arrays["traded"]
    seen = _under(arrays, "appeal.")
    market.appeal = Appeal(**seen) if seen else None
    diary.births = [(int(month), int(uid)) for month, uid in arrays["births"]]
    diary.deaths = [
        Death(int(month), int(uid), cause)
        for (month, uid), cause in zip(arrays["deaths"], facts["causes"], strict=True)
    ]
    diary.tools = [(int(month), int(uid), int(tool), float(contact)) for month, uid, tool, contact in arrays["tools"]]
    diary.decisions = [
        Decision(int(month), int(uid), int(tool), *(float(value) for value in rest), reason)
        for (month, uid, tool, *rest), reason in zip(arrays["decisions"], facts["reasons"], strict=True)
    ]
    lives = _under(arrays, "lives.")
    diary.lives = [lives] if lives else []


def _restore_recorder(model: MarketModel, arrays: Arrays, facts: dict[str, Any]) -> None:
    recorder = model.recorder
    recorder.scale = np.nan if facts["scale"] is None else float(facts["scale"])
    first, second = (np.nan if value is None else float(value) for value in facts["diversity_0"])
    recorder.diversity_0 = (first, second)
    recorder.returns = arrays["returns"].tolist()
    for table in ("timeline", "accounts"):
        rows = [dict(zip(facts[table], row.tolist(), strict=True)) for row in arrays[table]]
        for row in rows:
            row["month"] = int(row["month"])
        setattr(recorder, table, rows)
    for table in TABLES:
        columns = _under(arrays, f"{table}.")
        setattr(recorder, table, [columns] if columns else [])
    for n in range(facts["pending"]):
        stored = _under(arrays, f"pending.{n}.")
        opened, closed = stored.pop("opened"), stored.pop("closed")
        values = {name: value.item() if value.ndim == 0 else value for name, value in stored.items()}
        recorder.pending.append(Pending(Observation(**values), opened, closed))


def _under(arrays: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
