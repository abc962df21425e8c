"""Column stores, and agents that are views onto a row."""

from __future__ import annotations

import gc
import weakref

import mesa
import numpy as np
import pytest

from homogsim.errors import HomogsimError
from homogsim.population import AgentGone, Population, RowAgent, column


class Cows(Population):
    weight = column(np.float64, "weight, kg", 40.0)
    legs = column(np.int8, "number of legs", 4)
    sick = column(np.bool_, "whether it is sick", False)
    last_milked = column(np.float64, "day, NaN never", np.nan)
    place = column(np.float64, "where it stands", vector=True)


class Cow(RowAgent, population=Cows):
    def check(self) -> None:
        if self.population.legs[self.row] == 0:
            raise AgentGone("the cow is gone")


@pytest.fixture
def cows() -> Cows:
    return Cows(5, 2)


@pytest.fixture
def cow(cows: Cows) -> Cow:
    return Cow(mesa.Model(rng=1), cows, 3, unique_id=103)


def test_columns_have_their_type_shape_and_start(cows: Cows) -> None:
    assert {name: (values.dtype, values.shape) for name, values in cows.arrays().items()} == {
        "weight": (np.float64, (5,)), "legs": (np.int8, (5,)), "sick": (np.bool_, (5,)),
        "last_milked": (np.float64, (5,)), "place": (np.float64, (2, 5)),
    }  # fmt: skip
    assert (cows.weight == 40.0).all()
    assert np.isnan(cows.last_milked).all()
    assert cows.arrays()["legs"] is cows.legs


def test_reset_puts_rows_back_and_no_others(cows: Cows) -> None:
    cows.weight[:], cows.place[:] = 90.0, 7.0
    cows.reset(np.array([1, 4]))
    assert cows.weight.tolist() == [90.0, 40.0, 90.0, 90.0, 40.0]
    assert cows.place.tolist() == [[7.0, 0.0, 7.0, 7.0, 0.0]] * 2


def test_an_agent_reads_and_writes_its_row(cows: Cows, cow: Cow) -> None:
    cows.weight[3] = 55.0
    assert (cow.weight, cow.legs, cow.sick) == (55.0, 4, False)
    assert [type(value) for value in (cow.weight, cow.legs, cow.sick)] == [float, int, bool]
    cow.weight, cow.sick, cow.place = 60, True, [1.0, 2.0]
    assert cows.weight.tolist() == [40.0, 40.0, 40.0, 60.0, 40.0]
    assert cows.sick.tolist() == [False, False, False, True, False]
    assert cows.place[:, 3].tolist() == [1.0, 2.0]
    assert cow.unique_id == 103


def test_a_vector_is_a_copy_that_cannot_be_changed_in_vain(cows: Cows, cow: Cow) -> None:
    seen = cow.place
    cows.place[:, 3] = 9.0
    assert seen.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        cow.place[0] = 5.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("legs", 2.5), ("legs", 300), ("legs", np.int64(300)), ("legs", "four"), ("legs", None), ("sick", 1),
        ("weight", np.nan), ("weight", -np.inf), ("weight", [1.0, 2.0]), ("place", [1.0, 2.0, 3.0]), ("weight", 1j),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_changes_nothing(cows: Cows, cow: Cow, name: str, value: object) -> None:
    before = {key: values.copy() for key, values in cows.arrays().items()}
    with pytest.raises(HomogsimError, match=rf"Cow\.{name} cannot be"):
        setattr(cow, name, value)
    assert all(np.array_equal(before[key], values, equal_nan=True) for key, values in cows.arrays().items())


def test_what_is_gone_can_be_neither_read_nor_written(cows: Cows, cow: Cow) -> None:
    cows.legs[3] = 0
    with pytest.raises(AgentGone, match="the cow is gone"):
        _ = cow.weight
    with pytest.raises(AgentGone):
        cow.weight = 3.0
    assert cows.weight[3] == 40.0


def test_a_column_may_not_hide_what_mesa_needs() -> None:
    class Sheep(Population):
        step = column(np.float64, "length of a step")

    with pytest.raises(TypeError, match="step"):

        class Sheepish(RowAgent, population=Sheep):
            pass


def test_a_view_is_not_removed_but_let_go(cows: Cows) -> None:
    model = mesa.Model(rng=1)
    cow = Cow(model, cows, 2, unique_id=2)
    with pytest.raises(HomogsimError, match="cannot be removed"):
        cow.remove()
    assert cow in model.agents
    cow.let_go()
    assert cow not in model.agents
    assert cows.weight[2] == 40.0


def test_agents_do_not_keep_their_model_alive(cows: Cows) -> None:
    def follow() -> weakref.ref[mesa.Model]:
        model = mesa.Model(rng=1)
        Cow(model, cows, 0, unique_id=0)
        return weakref.ref(model)

    gone = follow()
    gc.collect()
    assert gone() is None
