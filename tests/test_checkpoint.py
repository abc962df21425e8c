"""Checkpoints: going on gives the same bits as never having stopped; a damaged file gives an error and nothing else."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, model

from homogsim import checkpoint
from homogsim.archives import Arrays, read_arrays, write_arrays
from homogsim.checkpoint import CheckpointWarning
from homogsim.errors import HomogsimError, StorageError
from homogsim.model import MarketModel

TINY = {"world.towns": 2, "world.sectors": 2, "world.sites": 6, "world.occupied": 4, "world.consumers": 30,
        "calendar.warm_up": 4, "calendar.before": 6, "calendar.months": 20,
        "consumers.backlash": 0.5, "finance.retirement": 0.02}  # fmt: skip
FIRST, END = -10, 20
PAST = "consumers.choice_noise"

pytestmark = pytest.mark.xdist_group("checkpoint")


def fresh(**options: Any) -> MarketModel:
    return model("baseline", TINY, EVERYONE_HEARS, seed=9, **options)


def at(month: int, **options: Any) -> MarketModel:
    run = fresh(**options)
    while run.month < month:
        run.step()
    return run


def leaves(thing: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield everything that a state consists of, by name: arrays as bytes, numbers and text as they are."""
    if isinstance(thing, np.ndarray):
        yield name, (thing.dtype.str, thing.shape, thing.tobytes())
    elif isinstance(thing, list) and thing and isinstance(thing[0], dict) and _is_table(thing[0]):
        # A table in pieces is the same table in one.
        joined = {key: np.concatenate([piece[key] for piece in thing], axis=-1) for key in thing[0]}
        yield from leaves(joined, name)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield from leaves(value, f"{name}.{key}")
    elif is_dataclass(thing) and not isinstance(thing, type):
        yield from leaves({field.name: getattr(thing, field.name) for field in fields(thing)}, name)
    elif isinstance(thing, list | tuple):
        for n, value in enumerate(thing):
            yield from leaves(value, f"{name}.{n}")
    elif isinstance(thing, int | float | str | None | np.generic):
        yield name, repr(thing)
    elif type(thing).__module__.startswith("homogsim"):
        yield from leaves(vars(thing), name)
    else:
        raise TypeError(f"{name} is {type(thing)}: is it stored in a checkpoint?")


def _is_table(piece: dict[str, Any]) -> bool:
    return all(isinstance(values, np.ndarray) for values in piece.values())


def state(run: MarketModel) -> dict[str, Any]:
    """Return the whole state of a model but for its workspace and its parameters."""
    market = {key: value for key, value in vars(run.market).items() if key not in ("rooms", "parameters")}
    recorder = {key: value for key, value in vars(run.recorder).items() if key != "market"}
    return dict(leaves({"market": market, "recorder": recorder, "steps": run.steps, "running": run.running}))


@pytest.fixture(scope="module")
def whole() -> dict[int, str]:
    """Return the hash of the results of a run that never stopped, by `record_every`."""
    return {every: fresh(record_every=every).run().results().results_hash() for every in (1, 4)}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of month 8, after some firms have adopted and some have closed."""
    run = at(8, biographies=True)
    assert run.market.diary.deaths
    assert run.market.diary.decisions
    assert (run.market.firms.tool > 0).any()
    return run.save(tmp_path_factory.mktemp("checkpoint") / "month-8.npz")


def changed(file: Path, folder: Path, change: Callable[[Arrays], None]) -> Path:
    """Return a copy of a checkpoint with other content and a digest to match."""
    arrays = read_arrays(file, 1e9)
    change(arrays)
    write_arrays(folder / "changed.npz", arrays)
    return folder / "changed.npz"


def with_facts(**facts: Any) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        text = json.dumps(json.loads(arrays["facts"].tobytes()) | facts)
        arrays["facts"] = np.frombuffer(text.encode(), dtype=np.uint8)

    return change


# Going on ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("month", [FIRST, -8, -6, -5, -3, 0, 1, 8, 19, END])
def test_the_same_bits_from_any_month(month: int, whole: dict[int, str], tmp_path: Path) -> None:
    run = at(month, biographies=True)
    loaded = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
    assert state(loaded) == state(run)
    assert (loaded.scenario, loaded.seed, loaded.month) == (run.scenario, run.seed, month)
    run.run()
    assert state(loaded.run()) == state(run)
    one, two = run.results(), loaded.results()
    assert one.results_hash() == two.results_hash() == whole[1]
    for table in ("accounts", "spells", "snapshots", "templates", "firm_months", "decisions"):
        assert getattr(one, table).equals(getattr(two, table)), table
    assert (one.status, one.months, one.scale) == (two.status, two.months, two.scale)
    assert one.summary == pytest.approx(two.summary, rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("month", [-5, -1, 10])
def test_the_same_bits_when_recorded_more_rarely(month: int, whole: dict[int, str], tmp_path: Path) -> None:
    loaded = MarketModel.load(at(month, record_every=4).save(tmp_path / "file.npz"), threads=1)
    assert loaded.run().results().results_hash() == whole[4]


def test_stopping_again_and_again(whole: dict[int, str], tmp_path: Path) -> None:
    run = fresh()
    while run.running:
        run = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
        for _ in range(3):
            run.step()
    assert run.results().results_hash() == whole[1]


def test_equal_states_give_equal_files(file: Path, tmp_path: Path) -> None:
    again = MarketModel.load(file, threads=1).save(tmp_path / "again.npz")
    assert again.read_bytes() == file.read_bytes()


def test_mesas_clock_goes_on(file: Path) -> None:
    run = MarketModel.load(file, threads=1)
    assert run.steps == 18
    assert getattr(run, "time", 18.0) == 18.0  # since Mesa 3.5
    run.step()
    assert (run.month, run.steps, getattr(run, "time", 19.0)) == (9, 19, 19.0)


def test_what_a_user_wrote_is_kept(tmp_path: Path) -> None:
    run = at(3)
    run.consumers[7].price_sensitivity = 5.0
    run.consumers[8].east = -3.5
    run.firms[run.firms.rows()[0]].cash = 123.0
    loaded = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
    assert state(loaded) == state(run)
    assert loaded.consumers[7].price_sensitivity == 5.0
    assert loaded.market.tastes.place[0, 8] == -3.5
    assert state(loaded.run()) == state(run.run())


def test_two_futures_of_one_past(file: Path) -> None:
    one, other = (MarketModel.load(file, threads=1) for _ in range(2))
    other.set_live(PAST, 3.0)
    futures = [run.run().results().timeline.set_index("month") for run in (one, other)]
    assert futures[0].loc[:7].equals(futures[1].loc[:7])
    assert (futures[0].loc[9:, "mean_price"] != futures[1].loc[9:, "mean_price"]).all()


def test_tastes_that_consumers_do_not_have_are_refused(tmp_path: Path) -> None:
    run = at(2)
    run.set_live("consumers.loyalty", 1.0)

    def misname(arrays: Arrays) -> None:
        arrays["chosen.ideal"] = arrays.pop("chosen.loyalty")

    with pytest.raises(StorageError, match="consumers do not value"):
        MarketModel.load(changed(run.save(tmp_path / "file.npz"), tmp_path, misname))


def test_a_changed_parameter_is_kept(tmp_path: Path) -> None:
    run = at(2)
    run.set_live(PAST, 3.0)
    run.step()
    loaded = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
    assert loaded.parameters == run.parameters
    assert loaded.scenario == run.scenario
    assert state(loaded.run()) == state(run.run())


def test_parameters_in_force_may_differ_from_the_scenarios(tmp_path: Path) -> None:
    run = at(2)
    run.market.adopt(run.scenario.override({PAST: 2.9, "tools.contact_levels": [0.5]}).parameters)
    run.step()
    loaded = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
    assert loaded.parameters == run.parameters
    assert loaded.scenario.parameters.consumers.choice_noise == 1.8
    assert state(loaded.run()) == state(run.run())


@pytest.mark.parametrize("month", [1, 4, 6, 9])
def test_policies_go_on_and_end(month: int, tmp_path: Path) -> None:
    """A policy moves templates when it starts and back when it ends; half-way, the scenario does not tell where."""
    chosen = fresh().scenario.with_policy("interoperability@2..8", "buy-local@5")
    run = MarketModel(chosen, seed=9, threads=1)
    while run.month < month:
        run.step()
    loaded = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
    assert loaded.scenario == run.scenario
    assert loaded.parameters == run.parameters
    assert state(loaded) == state(run)
    assert state(loaded.run()) == state(run.run())
    assert loaded.results().results_hash() != fresh().run().results().results_hash()


def test_options_of_the_new_model(file: Path) -> None:
    longer = MarketModel.load(file, months=24, record_every=5, biographies=False, threads=1).run().results()
    assert longer.timeline["month"].tolist() == [*range(-6, 8), 9, 14, 19, 23]
    assert longer.firm_months is None
    with pytest.raises(HomogsimError, match="stands at month 8"):
        MarketModel.load(file, months=7)
    for option in ({"seed": 3}, {"rng": 3}, {"scenario": "baseline"}, {PAST: 2.0}):
        with pytest.raises(HomogsimError, match="brings its own"):
            MarketModel.load(file, **option)  # type: ignore[arg-type]


def test_an_extinct_market(tmp_path: Path) -> None:
    run = model("baseline", TINY, {"finance.entry_rate": 0.0, "finance.retirement": 1.0}).run()
    loaded = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
    assert not loaded.running
    assert loaded.results().status == run.results().status == "extinct"
    assert loaded.results().results_hash() == run.results().results_hash()


def test_a_subclass_is_loaded_as_one(file: Path) -> None:
    class Mine(MarketModel):
        seen: int = 0

        def step(self) -> None:
            super().step()
            self.seen += 1

    mine = Mine.load(file, threads=1)
    mine.step()
    assert (type(mine), mine.seen, mine.month, mine.steps) == (Mine, 1, 9, 19)


def test_another_version_is_told(file: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MarketModel.load(file, threads=1)
    older = changed(file, tmp_path, with_facts(version="0.0.1"))
    with pytest.warns(
        CheckpointWarning, match=r"written by homogsim 0\.0\.1, this is .* may give other numbers"
    ) as told:
        assert MarketModel.load(older, threads=1).month == 8
    assert told[0].filename == __file__


def test_half_a_month_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from homogsim.agents import trading

    def interrupt(market: object, followed: object) -> None:
        raise KeyboardInterrupt

    run = at(2)
    with monkeypatch.context() as patch:
        patch.setattr(trading, "choose", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run.step()
    for use in (lambda: run.save(tmp_path / "file.npz"), run.run):
        with pytest.raises(HomogsimError, match="month 2 was interrupted half-way"):
            use()
    assert not list(tmp_path.iterdir())
    assert run.results().timeline["month"].max() == 1


# Damage -----------------------------------------------------------------------------------------------------------


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        MarketModel.load(tmp_path / "none.npz")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(StorageError, match="not a checkpoint"):
        MarketModel.load(tmp_path / "text")


def test_truncated_and_flipped(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    damaged = tmp_path / "damaged.npz"
    for n in range(1, 40):
        damaged.write_bytes(content[: len(content) * n // 40])
        with pytest.raises(StorageError):
            MarketModel.load(damaged, threads=1)
    found = 0
    for place in range(0, len(content), len(content) // 60):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
        try:
            assert state(MarketModel.load(damaged, threads=1)) == state(MarketModel.load(file, threads=1))
        except StorageError:
            found += 1
    assert found > 30  # the others fell on dates of members and the like


def test_another_format(file: Path, tmp_path: Path) -> None:
    other = changed(file, tmp_path, with_facts(format=checkpoint.FORMAT + 1, version="9.9"))
    with pytest.raises(StorageError, match=r"format \d of homogsim 9\.9; this version reads format \d"):
        MarketModel.load(other)


def scenario_facts(file: Path) -> dict[str, Any]:
    return dict(json.loads(read_arrays(file, 1e9)["facts"].tobytes())["scenario"])


def test_a_scenario_of_another_version(file: Path, tmp_path: Path) -> None:
    scenario = scenario_facts(file)
    scenario["parameters"] = scenario["parameters"] | {"tools.telepathy": 1.0}
    with pytest.raises(StorageError, match=r"its scenario cannot be used: .*tools\.telepathy"):
        MarketModel.load(changed(file, tmp_path, with_facts(scenario=scenario)))


def test_a_world_that_would_not_fit(file: Path, tmp_path: Path) -> None:
    scenario = scenario_facts(file)
    scenario["parameters"] = scenario["parameters"] | {"world.consumers": 200_000, "world.towns": 2000}
    with pytest.raises(HomogsimError, match="of memory"):
        MarketModel.load(changed(file, tmp_path, with_facts(scenario=scenario)))


FACTS = [
    {"scenario": 5}, {"scenario": {}}, {"scenario": {"parameters": [1]}}, {"scenario": {"name": 3, "question": ""}},
    {"in_force": {"world.towns": "many"}}, {"in_force": {"nothing.like.it": 1}}, {"in_force": [1]}, {"in_force": None},
    {"record_every": 0}, {"record_every": 1.5}, {"record_every": "x"}, {"record_every": True}, {"biographies": 1},
    {"columns": {}}, {"columns": None}, {"format": [1] * 99}, {"format": None},
]  # fmt: skip


@pytest.mark.parametrize("facts", FACTS, ids=str)
def test_facts_that_make_no_sense(facts: dict[str, Any], file: Path, tmp_path: Path) -> None:
    refused(changed(file, tmp_path, with_facts(**facts)))


def refused(path: Path) -> None:
    with pytest.raises(StorageError) as found:
        MarketModel.load(path, threads=1)
    assert 1 <= len(str(found.value).splitlines()) <= 3
    assert len(str(found.value)) < 1000


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense",
        b"[]",
        b"3",
        b"{}",
        b"[" * 100_000,
        b'{"format": ' + b"9" * 5000 + b"}",
        b'{"format": 2, "version": "x", "record_every": 1e400}',
        b"\xff\xfe",
        b"{" + b" " * 1_100_000 + b"}",
    ],
    ids=range(10),
)
def test_facts_that_are_no_facts(text: bytes, file: Path, tmp_path: Path) -> None:
    refused(changed(file, tmp_path, lambda arrays: arrays.update(facts=np.frombuffer(text, dtype=np.uint8))))


def put(name: str, value: object) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name].reshape(-1)[-1] = value

    return change


CHANGES: dict[str, Callable[[Arrays], None]] = {
    "a tool that there is not": put("firms.tool", 77),
    "a negative tool": put("firms.tool", -1),
    "a vendor that there is not": put("firms.vendor", 10_000),
    "a site that there is not": put("consumers.last", 10**9),
    "a site below": put("consumers.bought", -2),
    "never a review": lambda arrays: arrays["firms.review_interval"].fill(0),
    "a month before all months": put("market.month", -99),
    "a month after all months": put("market.month", 21),
    "a business that there is not": put("deaths", 10**15),
    "a life of none": put("lives.uid", -5),
    "a tool in a life": put("lives.tool", 9),
    "a tool in a decision": lambda arrays: arrays["decisions"].__setitem__((0, 2), 7.0),
    "a tool that is no number": lambda arrays: arrays["tools"].__setitem__((0, 2), np.nan),
    "fewer firms": lambda arrays: arrays.update({"firms.cash": arrays["firms.cash"][:-1]}),
    "one firm for all": lambda arrays: arrays.update({"firms.cash": arrays["firms.cash"][:1]}),
    "whole money": lambda arrays: arrays.update({"firms.cash": arrays["firms.cash"].astype(np.int64)}),
    "offerings of fewer dimensions": lambda arrays: arrays.update({"appeal.offering": arrays["appeal.offering"][:2]}),
    "no cash": lambda arrays: arrays.pop("firms.cash"),
    "no prices": lambda arrays: arrays.pop("appeal.price"),
    "no month": lambda arrays: arrays.pop("market.month"),
    "no causes": lambda arrays: arrays.update(causes=arrays["causes"][:-1]),
    "no timeline": lambda arrays: arrays.pop("timeline"),
    "a narrower timeline": lambda arrays: arrays.update(timeline=arrays["timeline"][:, :-1]),
    "a month that is no number": lambda arrays: arrays["timeline"].__setitem__((0, 0), np.nan),
    "towns without names": lambda arrays: arrays.pop("towns.town"),
    "a longer column": lambda arrays: arrays.update({"towns.x": np.append(arrays["towns.x"], 1.0)}),
    "a column of text": lambda arrays: arrays.update({"snapshots.price": arrays["snapshots.price"].astype(str)}),
    "one more column": lambda arrays: arrays.update({"lives.soul": arrays["lives.uid"]}),
    "no flows": lambda arrays: arrays.update(flows=np.empty(0)),
    "no scale": lambda arrays: arrays.update(scale=np.empty(0)),
    "waiting months of other lengths": lambda arrays: arrays.update({"pending.sales.rows": np.array([5, 5])}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_state_that_cannot_be(change: Callable[[Arrays], None], file: Path, tmp_path: Path) -> None:
    refused(changed(file, tmp_path, change))


def test_waiting_months_that_cannot_be(tmp_path: Path) -> None:
    file = at(-2).save(tmp_path / "early.npz")
    assert MarketModel.load(file, threads=1).month == -2
    for change in (
        put("pending.town", 99),
        put("pending.cell", -1),
        put("pending.tool", 4),
        put("pending.towns", 50),
        put("pending.sample", 10_000),
        put("pending.month.rows", 2),
        lambda arrays: arrays.update({"pending.sales.rows": -arrays["pending.sales.rows"]}),
        lambda arrays: arrays.update({"pending.offering": arrays["pending.offering"][:, :1]}),
        lambda arrays: arrays.pop("pending.price"),
    ):
        refused(changed(file, tmp_path, change))


def test_no_pickle_is_read(file: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return sys.exit, ("pickle was read",)

    with np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for name in ("facts", "firms.cash"):
        np.savez_compressed(tmp_path / "bomb.npz", **(arrays | {name: np.array([Bomb()], dtype=object)}))
        refused(tmp_path / "bomb.npz")
