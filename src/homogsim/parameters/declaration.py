"""How a parameter is declared: once, with everything that any reader or tool wants to know about it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Level = Literal["essential", "advanced"]
Role = Literal["uncertainty", "lever"]

STUDY = "reference study of this model (defaults that reach the targets)"
JUDGEMENT = "modelling judgement"


class Group(BaseModel):
    """A frozen group of parameters; unknown names, infinities and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Declaration(NamedTuple):
    """Everything declared about one parameter, flattened for tables, errors and controls."""

    name: str
    """Dotted name, e.g. ``tools.custom.upfront_cost``."""
    default: Any
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    symbol: str
    meaning: str
    source: str
    level: Level
    role: Role
    live: bool
    kind: type


def parameter(
    default: Any,
    low: float | None,
    high: float | None,
    unit: str,
    symbol: str,
    meaning: str,
    source: str = STUDY,
    *,
    level: Level = "advanced",
    role: Role = "uncertainty",
    live: bool = False,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a parameter of a `Group` (returns a pydantic field).

    Bounds are inclusive. `live` says whether the value may change while a run goes on; the others shape the world at
    its start. `role` tells analyses what is a policy or business *lever* and what is an *uncertainty* about the world.
    """
    facts: dict[str, Any] = {
        "unit": unit,
        "symbol": symbol,
        "source": source,
        "level": level,
        "role": role,
        "live": live,
        "choices": choices,
    }
    return Field(default, ge=low, le=high, description=meaning, json_schema_extra=facts)


def declarations(group: type[BaseModel], prefix: str = "") -> list[Declaration]:
    """Return the declarations of a group and its sub-groups, in order of declaration."""
    found: list[Declaration] = []
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            own = field.get_default(call_default_factory=True)
            for inner in declarations(kind, f"{prefix}{name}."):
                found.append(inner._replace(default=_dig(own, inner.name[len(prefix) + len(name) + 1 :])))
        else:
            found.append(_declaration(prefix + name, field))
    return found


def _dig(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _bound(field: FieldInfo, kind: str) -> float | None:
    return next((getattr(m, kind) for m in field.metadata if hasattr(m, kind)), None)


def _declaration(name: str, field: FieldInfo) -> Declaration:
    facts: dict[str, Any] = dict(field.json_schema_extra or {})  # type: ignore[arg-type]  # always a dict: see parameter()
    default = field.get_default(call_default_factory=True)
    return Declaration(
        name=name,
        default=default,
        low=_bound(field, "ge"),
        high=_bound(field, "le"),
        meaning=field.description or "",
        kind=type(default),
        **facts,
    )
