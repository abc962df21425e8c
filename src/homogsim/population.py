"""Column stores, and agents that are views onto a row.

A population owns plain NumPy columns, one row an entity; rows never move. What looks like an agent is a
`mesa.Agent` whose attributes read and write its row: it costs nothing until somebody asks for it.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import mesa
import numpy as np
from numpy.typing import NDArray


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

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Copy saved columns back into place."""
        for name in self.columns:
            getattr(self, name)[...] = arrays[name]

    def reset(self, rows: NDArray[np.integer]) -> None:
        """Put rows back to the columns' start values, for a new entity in an old place."""
        for name, declared in self.columns.items():
            getattr(self, name)[..., rows] = declared.start


class RowAgent(mesa.Agent):
    """An agent that is a view onto a row of a population.

    Its attributes are the population's columns: reading and writing them reads and writes the row.
    """

    population_class: ClassVar[type[Population]]

    def __init_subclass__(cls, population: type[Population] | None = None) -> None:
        super().__init_subclass__()
        if population is not None:
            cls.population_class = population
            for name, declared in population.columns.items():
                if not hasattr(cls, name):
                    setattr(cls, name, _view(name, declared))

    def __init__(self, model: mesa.Model, population: Population, row: int) -> None:
        super().__init__(model)
        self.population, self.row = population, row


def _view(name: str, declared: Column) -> property:
    def get(agent: RowAgent) -> Any:
        value = getattr(agent.population, name)[..., agent.row]
        return value.copy() if declared.vector else value.item()

    def put(agent: RowAgent, value: Any) -> None:
        getattr(agent.population, name)[..., agent.row] = value

    return property(get, put, doc=declared.meaning)
