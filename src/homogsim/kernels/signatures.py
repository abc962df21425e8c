"""The kernels of a first run, and what they are called with, as JSON: another process compiles what it never calls.

`listed.json` has those that the first month calls and those of later months, in the order to compile them in: the
longest first, so that both processes end at about the same time. Each is a kernel's name and the types of its
arguments. A number is Numba's name of it, None is ``none``, an array ``float64[2]`` (of two dimensions, contiguous;
`readonly` follows where it is), a tuple a list; a named tuple begins with its class,
``["homogsim.laws.streets.Streets", ...]``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

FIRST, LATER = "first month", "later"
LISTED = Path(__file__).with_name("listed.json")


@cache
def listed() -> dict[str, list[tuple[str, Any]]]:
    """Return the names and arguments of kernels of the `FIRST` month and `LATER`, in the order to compile them in."""
    known = json.loads(LISTED.read_text(encoding="utf-8"))
    return {when: [(name, arguments) for name, arguments in known[when]] for when in (FIRST, LATER)}


def is_listed(kernel: Any, signature: Sequence[Any]) -> bool:
    """Return whether a kernel is listed with these types of arguments."""
    try:
        wanted = (name_of(kernel), described(signature))
    except (TypeError, AttributeError):  # types that are never listed
        return False
    return any(wanted in kernels for kernels in listed().values())


def name_of(kernel: Any) -> str:
    """Return a kernel's module and name."""
    return f"{kernel.py_func.__module__}.{kernel.py_func.__name__}"


def named(name: str) -> Any:
    """Return what has this name in a module."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def described(kind: Any) -> Any:
    """Return a Numba type, or a signature's tuple of them, as JSON has them.

    Raises
    ------
    TypeError
        For a type that cannot be described.
    """
    from numba import types

    if isinstance(kind, types.BaseTuple | tuple):
        every: Any = kind
        maker, members = getattr(kind, "instance_class", None), [described(each) for each in every]
        return members if maker is None else [f"{maker.__module__}.{maker.__qualname__}", *members]
    if isinstance(kind, types.Array):
        text = f"{kind.dtype}[{kind.ndim}]" + ("" if kind.mutable else " readonly")
        if kind != understood(text):
            raise TypeError(f"{kind!r} cannot be described")
        return text
    if isinstance(kind, types.Number | types.Boolean | types.NoneType):
        return str(kind)
    raise TypeError(f"{kind!r} cannot be described")


def understood(text: Any) -> Any:
    """Return the Numba type that `described` describes so."""
    from numba import types

    make: Any = types  # without types of its own
    if isinstance(text, list):
        is_named = bool(text) and isinstance(text[0], str) and "." in text[0]
        members = [understood(each) for each in text[is_named:]]
        return make.BaseTuple.from_types(members, named(text[0]) if is_named else None)
    number, bracket, rest = text.partition("[")
    kind = types.boolean if number == "bool" else getattr(types, number)
    if not bracket:
        return kind
    dimensions, _, readonly = rest.partition("]")
    return types.Array(kind, int(dimensions), "C", readonly=bool(readonly))
