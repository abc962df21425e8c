"""The state of a market and its recorder as named arrays, and back.

The world (geography, peers, taste centres) is drawn again from its keys; everything that a month changes or a user can
write is here. What is put back must be like what a new model of the same scenario has: names, types, shapes, ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.consumers import SENSITIVITIES, draw_waves
from homogsim.agents.firms import UID_SITE, life_records
from homogsim.agents.market import FLOWS, Choosing, Death, Decision, Market
from homogsim.archives import Arrays
from homogsim.laws.demand import Appeal, Tastes
from homogsim.metrics.observation import field_names, from_fields, to_fields
from homogsim.metrics.table import ALL_TIMELINE, town_rows
from homogsim.parameters import TOOLS
from homogsim.population import Population
from homogsim.recording import Pending, Recorder
from homogsim.streams import Streams

ROWS = {"timeline": ("month", *ALL_TIMELINE), "accounts": ("month", *FLOWS)}
"""Tables that the recorder keeps by row: their columns; NaN stands for those that a recorder does not keep."""
RETURNS = ("over_12", "over_36", "paybacks", "gone_12", "gone_36", "gone_paybacks")
TABLES = ("towns", "snapshots", "firm_months")
"""Tables that the recorder keeps by column."""
NUMBERS = tuple(name for name in Decision._fields if name != "reason")

DRAWN = frozenset(
    (
        "parameters", "seed", "streams", "threads", "geography", "centres", "site_cell", "site_town", "site_sector",
        "peers", "streets", "tastes", "plan", "rooms", "owners", "places",
        "consumer_cell", "storefront",
    )
)  # fmt: skip
"""What a new market of the same scenario has again; everything else in a market is stored."""


class Damage(ValueError):
    """What cannot be the state of this market."""


# The market --------------------------------------------------------------------------------------------------------


def of_market(market: Market) -> Arrays:
    """Return the state of a market; arrays are its own, not copies."""
    arrays = _named("market", {k: np.asarray(v) for k, v in _loose(market).items() if v is not None})
    for name, population in _populations(market).items():
        arrays |= _named(name, population.arrays())
    if market.appeal is not None:
        arrays |= _named("appeal", market.appeal._asdict())
    arrays["flows"] = np.array([market.flows[name] for name in FLOWS])
    arrays |= _of_tastes(market)
    diary = market.diary
    arrays["births"] = np.array(diary.births, dtype=np.int64).reshape(-1, 2)
    arrays["deaths"] = np.array([death[:2] for death in diary.deaths], dtype=np.int64).reshape(-1, 2)
    arrays["causes"] = np.array([death.cause for death in diary.deaths], dtype=np.str_)
    arrays["tools"] = np.array(diary.tools, dtype=np.float64).reshape(-1, 4)
    arrays["decisions"] = np.array([d[: len(NUMBERS)] for d in diary.decisions], dtype=np.float64).reshape(
        -1, len(NUMBERS)
    )
    arrays["reasons"] = np.array([decision.reason for decision in diary.decisions], dtype=np.str_)
    return arrays | _named("lives", _joined(diary.lives, axis=-1))


def _loose(market: Market) -> dict[str, Any]:
    """Return what the market itself holds: numbers, arrays, and None for an array that is not there yet."""
    apart = DRAWN | {*_populations(market), "appeal", "diary", "flows", "choosing", "first_tastes"}
    loose = {name: value for name, value in vars(market).items() if name not in apart}
    for name, value in loose.items():
        if not (value is None or isinstance(value, int | float | np.ndarray)):
            raise TypeError(f"homogsim.state does not know how to store the market's {name}")
    return loose


def _of_tastes(market: Market) -> Arrays:
    """Return under what consumers chose last, and the tastes of the start, where these are not those of the columns."""
    people, tastes = market.consumers, market.choosing.tastes
    columns = {name: getattr(tastes, name) for name in SENSITIVITIES}
    chosen = {name: values for name, values in columns.items() if values is not getattr(people, name)}
    arrays = {"choosing": np.array(market.choosing.consumers.model_dump_json())} | _named("chosen", chosen)
    if market.first_tastes is not None:
        arrays |= _named("first", {name: getattr(market.first_tastes, name) for name in SENSITIVITIES})
    return arrays


def _restore_tastes(market: Market, arrays: Arrays) -> None:
    """Put back what `_of_tastes` returns; waves follow from parameters."""
    consumers = type(market.parameters.consumers).model_validate_json(str(arrays["choosing"]))
    then = market.parameters.model_copy(update={"consumers": consumers})
    chosen = market.tastes._replace(waves=draw_waves(then, Streams(market.seed)))
    market.choosing = Choosing(_valued(chosen, _under(arrays, "chosen")), consumers)
    if first := _under(arrays, "first"):
        market.first_tastes = _valued(market.first_tastes or market.tastes, first)


def _valued(tastes: Tastes, columns: Arrays) -> Tastes:
    """Return tastes with other columns of what consumers value."""
    if not columns.keys() <= set(SENSITIVITIES):
        raise Damage(f"consumers do not value {sorted(columns)}")
    found = {name: _alike(values, tastes.loyalty, name) for name, values in columns.items()}
    return Tastes(**(tastes._asdict() | found))


def _populations(market: Market) -> dict[str, Population]:
    return {"firms": market.firms, "vendors": market.vendors, "consumers": market.consumers}


def restore_market(market: Market, arrays: Arrays) -> None:
    """Put the state of a market back.

    Raises
    ------
    Damage, KeyError, ValueError
        If the arrays are not those of such a market.
    """
    for name, population in _populations(market).items():
        for column, values in population.arrays().items():
            values[...] = _alike(arrays[f"{name}.{column}"], values, f"{name}.{column}")
    market.tastes.place[:] = market.consumers.east, market.consumers.north  # the kernels read a copy
    for name, value in _loose(market).items():
        stored = arrays.get(f"market.{name}")
        a_town_each = np.empty(market.parameters.world.towns)  # the only arrays that are not there from the start
        found = None if stored is None else _alike(stored, a_town_each if value is None else np.asarray(value), name)
        setattr(market, name, found.item() if found is not None and found.ndim == 0 else found)
    if market.luck_seed != market.streams.seed:
        market.face(market.luck_seed)
    flows = _alike(arrays["flows"], np.empty(len(FLOWS)), "flows")
    market.flows = dict(zip(FLOWS, flows.tolist(), strict=True))
    _restore_tastes(market, arrays)
    _check_ranges(market)
    _restore_appeal(market, arrays)
    _restore_diary(market, arrays)


def _check_ranges(market: Market) -> None:
    firms, people = market.firms, market.consumers
    _within("tool", firms.tool, 0, len(TOOLS))
    _within("vendor", firms.vendor, -1, market.vendors.rows)
    _within("interval of reviews", firms.review_interval, 1, 1_000_000)
    _within("business", firms.uid[firms.is_open], 0, firms.rows * UID_SITE)
    _within("site", np.stack([people.last, people.last_before, people.bought]), -1, firms.rows)
    _within("tier", market.vendors.tier, 1, len(TOOLS))
    _within("sector", market.vendors.sector, -1, market.parameters.world.sectors)


def _restore_appeal(market: Market, arrays: Arrays) -> None:
    seen, firms = _under(arrays, "appeal"), market.firms
    if not seen:
        market.appeal = None
        return
    for name in Appeal._fields:
        _alike(seen[name], firms.offering if name == "offering" else firms.price, f"appeal.{name}")
    market.appeal = Appeal(**seen)


def _restore_diary(market: Market, arrays: Arrays) -> None:
    diary, sites = market.diary, market.firms.rows
    births, deaths, tools, decisions = (
        _alike(arrays[name], np.zeros((0, width), dtype), name, longer=0)
        for name, width, dtype in (
            ("births", 2, np.int64),
            ("deaths", 2, np.int64),
            ("tools", 4, np.float64),
            ("decisions", len(NUMBERS), np.float64),
        )
    )
    diary.births = [(int(month), int(uid)) for month, uid in births]
    diary.deaths = [
        Death(int(month), int(uid), cause)
        for (month, uid), cause in zip(deaths, arrays["causes"].tolist(), strict=True)
    ]
    diary.tools = [(int(month), int(uid), int(tool), float(contact)) for month, uid, tool, contact in tools]
    diary.decisions = [
        Decision._make([int(month), int(uid), int(tool), *numbers, reason])
        for (month, uid, tool, *numbers), reason in zip(decisions.tolist(), arrays["reasons"].tolist(), strict=True)
    ]
    diary.lives = _columns(arrays, "lives", life_records(market.firms, np.empty(0, dtype=np.int64)))
    for piece in diary.lives:
        _within("tool", piece["tool"], 0, len(TOOLS))
        _within("business", piece["uid"], 0, sites * UID_SITE)
    _within("tool", np.concatenate([tools[:, 2], decisions[:, 2]]), 0, len(TOOLS))
    _within("business", np.concatenate([births[:, 1], deaths[:, 1], tools[:, 1], decisions[:, 1]]), 0, sites * UID_SITE)


# The recorder ------------------------------------------------------------------------------------------------------


def of_recorder(recorder: Recorder) -> Arrays:
    """Return what a recorder has written so far, and what it still holds back."""
    memory = recorder.memory
    arrays: Arrays = {
        "scale": np.array(recorder.scale, dtype=np.float64),
        "diversity_0": np.array(recorder.diversity_0, dtype=np.float64),
        **_named("memory", memory.buffers()),
        **{f"returns.{name}": np.array(getattr(memory.returns, name), dtype=np.float64) for name in RETURNS},
    }
    for table, columns in ROWS.items():
        rows = [[row.get(name, np.nan) for name in columns] for row in getattr(recorder, table)]
        arrays[table] = np.array(rows, dtype=np.float64).reshape(-1, len(columns))
    for table in TABLES:
        arrays |= _named(table, _joined(getattr(recorder, table)))
    for table, pieces in _waiting(recorder.pending).items():
        arrays[f"pending.{table}"] = np.concatenate(pieces) if pieces else np.empty(0)
        arrays[f"pending.{table}.rows"] = np.array([len(piece) for piece in pieces], dtype=np.int64)
    return arrays


def _waiting(pending: Iterable[Pending]) -> dict[str, list[NDArray[Any]]]:
    """Return the fields of observations that wait for ℓ, one piece a month; numbers as arrays of length 1."""
    months = [to_fields(one.month) for one in pending]
    pieces = {name: [np.atleast_1d(month[name]) for month in months] for name in field_names()}
    return pieces | {"opened": [one.entries for one in pending], "closed": [one.exits for one in pending]}


def restore_recorder(recorder: Recorder, arrays: Arrays) -> None:
    """Put the state of a recorder back, after that of its market.

    Raises
    ------
    Damage, KeyError, ValueError
        If the arrays are not those of such a recorder.
    """
    recorder.scale = _alike(arrays["scale"], np.array(0.0), "scale").item()
    first, second = _alike(arrays["diversity_0"], np.empty(2), "diversity_0").tolist()
    recorder.diversity_0 = (first, second)
    memory = recorder.memory
    for name, values in memory.buffers().items():
        values[...] = _alike(arrays[f"memory.{name}"], values, f"memory.{name}")
    for name in RETURNS:
        setattr(memory.returns, name, _alike(arrays[f"returns.{name}"], np.empty(0), name, longer=0).tolist())
    for table, columns in ROWS.items():
        stored = _alike(arrays[table], np.empty((0, len(columns))), table, longer=0)
        kept = ("month", *recorder.columns) if table == "timeline" else columns
        rows = [{k: v for k, v in zip(columns, row, strict=True) if k in kept} for row in stored.tolist()]
        setattr(recorder, table, [row | {"month": int(row["month"])} for row in rows])
    sample = _empty_month(recorder)
    nothing = sample.entries
    towns = town_rows(sample.month, nothing, nothing, recorder.market.geography.positions)
    examples = {"towns": towns, "snapshots": recorder._snapshot(), "firm_months": recorder._firm_month()}
    for table in TABLES:
        setattr(recorder, table, _columns(arrays, table, examples[table]))
    recorder.pending = _pending(arrays, sample)


def _empty_month(recorder: Recorder) -> Pending:
    """Return what is observed of the market, for the names, types and dimensions of its fields."""
    month = recorder.glance()
    nothing = np.zeros(recorder.market.parameters.world.towns, dtype=np.int64)
    return Pending(month, nothing, nothing)


def _pending(arrays: Arrays, sample: Pending) -> list[Pending]:
    pieces: dict[str, list[NDArray[Any]]] = {}
    for name, (example,) in _waiting([sample]).items():
        rows = _alike(arrays[f"pending.{name}.rows"], np.empty(0, dtype=np.int64), name, longer=0)
        stored = arrays[f"pending.{name}"]
        if rows.size:
            _alike(stored, example, f"pending.{name}", longer=0)
        if rows.min(initial=0) < 0 or rows.sum() != len(stored):
            raise Damage(f"pending.{name} is not as long as it says")
        pieces[name] = np.split(stored, np.cumsum(rows)[:-1]) if rows.size else []
    if len({len(found) for found in pieces.values()}) != 1:
        raise Damage("its waiting months are incomplete")
    like = to_fields(sample.month)
    return [_month(dict(zip(pieces, piece, strict=True)), like) for piece in zip(*pieces.values(), strict=True)]


def _month(values: dict[str, Any], sample: Mapping[str, Any]) -> Pending:
    opened, closed = values.pop("opened"), values.pop("closed")
    for name, value in values.items():
        if np.ndim(sample[name]) == 0:
            values[name] = value.item()  # of exactly one, or it raises
    if (values["towns"], values["cells"]) != (sample["towns"], sample["cells"]):
        raise Damage("a waiting month is of another world")
    _within("town", values["town"], 0, values["towns"])
    _within("cell", values["cell"], 0, values["cells"])
    _within("tool", values["tool"], 0, len(TOOLS))
    _within("sector", values["sector"], 0, values["cells"] // values["towns"])
    _within("outlet", values["sample"], 0, len(values["town"]))
    return Pending(from_fields(values), opened, closed)


# Arrays ------------------------------------------------------------------------------------------------------------


def _named(name: str, columns: Mapping[str, NDArray[Any]]) -> Arrays:
    return {f"{name}.{column}": values for column, values in columns.items()}


def _under(arrays: Arrays, name: str) -> Arrays:
    prefix = f"{name}."
    return {key.removeprefix(prefix): values for key, values in arrays.items() if key.startswith(prefix)}


def _joined(pieces: list[dict[str, NDArray[Any]]], axis: int = 0) -> Arrays:
    return {
        name: np.concatenate([piece[name] for piece in pieces], axis=axis) for name in (pieces[0] if pieces else ())
    }


def _columns(arrays: Arrays, table: str, example: Mapping[str, NDArray[Any]]) -> list[Arrays]:
    """Return a stored table as the one piece of a list, with the columns of an example; nothing if there is none."""
    stored = _under(arrays, table)
    if not stored:
        return []
    if set(stored) != set(example):
        raise Damage(f"{table} has other columns than this version's")
    found = {name: _alike(stored[name], values, f"{table}.{name}", longer=-1) for name, values in example.items()}
    if len({values.shape[-1] for values in found.values()}) != 1:
        raise Damage(f"the columns of {table} differ in length")
    return [found]


def _alike(stored: NDArray[Any], example: NDArray[Any], name: str, longer: int | None = None) -> NDArray[Any]:
    """Return a stored array of the same type and shape as an example; `longer` is an axis that may have any length."""
    shapes = [list(array.shape) for array in (stored, example)]
    if longer is not None and stored.ndim == example.ndim:
        for shape in shapes:
            del shape[longer]
    if stored.dtype != example.dtype or stored.ndim != example.ndim or shapes[0] != shapes[1]:
        raise Damage(f"{name} is {stored.dtype} {stored.shape} instead of {example.dtype} {example.shape}")
    return stored


def _within(name: str, values: NDArray[Any], lowest: int, end: int) -> None:
    """Refuse numbers of things that there are not."""
    if values.size and not (lowest <= values.min() and values.max() < end):
        raise Damage(f"there is no such {name}")
