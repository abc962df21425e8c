"""Column stores, and agents that are views onto a row.

A population owns plain NumPy columns, one row an entity; rows never move. What looks like an agent is a
`mesa.Agent` whose attributes read and write its row: it costs nothing until somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

import mesa
import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError


class Column(NamedTuple):
    """Declaration of a column: its type, start value, shape and meaning."""

    dtype: Any
    start: Any
    vector: bool
    meaning: str


def column(dtype: Any, meaning: str, start: Any = 0, *, vector: bool = False) -> Any:
    """Declare a column of a `Population`; a `vector` column is (d, rows), contiguous by dimension."""
    return Column(dtype, start, vector, meaning)


class Population:
    """Columns of `rows` entities in an offering space of `dimensions`."""

    columns: ClassVar[dict[str, Column]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.columns = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}

    def __init__(self, rows: int, dimensions: int) -> None:
        self.rows = rows
        for name, declared in self.columns.items():
            shape = (dimensions, rows) if declared.vector else (rows,)
            setattr(self, name, np.full(shape, declared.start, dtype=declared.dtype))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name (the arrays themselves, not copies)."""
        return {name: getattr(self, name) for name in self.columns}

    def reset(self, rows: NDArray[np.integer]) -> None:
        """Put rows back to the columns' start values, for a new entity in an old place."""
        for name, declared in self.columns.items():
            getattr(self, name).T[rows] = declared.start


class AgentGone(HomogsimError):
    """An agent that is asked for something after what it stood for has gone."""


class _Counters:
    """Counters of agents by model, which let models go.

    Mesa 3.3 counts agents in a dictionary keyed by the model, which keeps every model alive for good.
    """

    def __init__(self) -> None:
        self._counters: WeakKeyDictionary[mesa.Model, Iterator[int]] = WeakKeyDictionary()

    def __getitem__(self, model: mesa.Model) -> Iterator[int]:
        return self._counters.setdefault(model, count(1))


class RowAgent(mesa.Agent):
    """An agent that is a view onto a row of a population.

    Its attributes are the population's columns: reading and writing them reads and writes the row. A vector is read
    as a copy that cannot be changed (its change would be lost): write ``agent.offering = new`` instead.

    Parameters
    ----------
    model : mesa.Model
        The model it belongs to.
    population : Population
        The columns it is a view onto.
    row : int
        Its row.
    unique_id : int
        Mesa's identity of an agent: the same whatever was looked at before, unlike a counter.
    """

    _ids = _Counters()

    def __init_subclass__(cls, population: type[Population] | None = None) -> None:
        super().__init_subclass__()
        for name, declared in population.columns.items() if population else ():
            if hasattr(mesa.Agent, name):
                raise TypeError(f"column {name} would hide an attribute of mesa.Agent")
            if name not in vars(cls):
                setattr(cls, name, _view(name, declared))

    def __init__(self, model: mesa.Model, population: Population, row: int, unique_id: int) -> None:
        super().__init__(model)
        self.population, self.row, self.unique_id = population, row, unique_id

    def check(self) -> None:
        """Make sure that what the agent stands for is still there.

        Raises
        ------
        AgentGone
            If it is not.
        """

    def written(self) -> None:
        """Let what follows from its row follow: somebody has written to it."""

    def remove(self) -> None:
        """Refuse: the market decides who leaves it."""
        what = f"{type(self).__name__} {self.unique_id} is a view of the market and cannot be removed from it"
        raise HomogsimError(what, help="`model.remove_all_agents()` lets all views go; the market stays as it is.")

    def let_go(self) -> None:
        """Leave the model's agents; the population stays as it is."""
        super().remove()


def _view(name: str, declared: Column) -> property:
    def get(agent: RowAgent) -> Any:
        agent.check()
        value = getattr(agent.population, name)[..., agent.row]
        if not declared.vector:
            return value.item()
        value = value.copy()
        value.flags.writeable = False
        return value

    def put(agent: RowAgent, value: Any) -> None:
        agent.check()
        put_value(getattr(agent.population, name)[..., agent.row], value, f"{type(agent).__name__}.{name}")
        agent.written()

    return property(get, put, doc=declared.meaning)


def put_value(place: NDArray[Any], value: Any, name: str) -> None:
    """Write a value into a row of a column.

    Parameters
    ----------
    place : ndarray
        View of the row: () or (d,).
    value : scalar or array_like
        What to write; of the column's kind, finite.
    name : str
        What it is, for the error.

    Raises
    ------
    HomogsimError
        If it is of another kind or shape, does not fit into the column, or is NaN or infinite.
    """
    try:
        given = np.asarray(value)
        fitting = given.astype(place.dtype, casting="same_kind")
        if not np.isfinite(fitting).all():
            raise ValueError("only finite numbers are allowed")
        if place.dtype.kind == "i" and (fitting != given).any():
            raise ValueError(f"outside the range of {place.dtype}")
        place[...] = fitting
    except (TypeError, ValueError) as error:
        raise HomogsimError(f"{name} cannot be {value!r:.80}: {error}") from error
