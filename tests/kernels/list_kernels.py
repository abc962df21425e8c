"""Print the kernels that a first run of the baseline calls, as `listed.json` has them; with --write, write them there.

Kernels that are listed already keep their place; put new ones where they belong.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from numba.core.dispatcher import Dispatcher

from homogsim.kernels import second
from homogsim.kernels.signatures import FIRST, LATER, LISTED, described, listed, name_of
from homogsim.model import MarketModel

SMALL = {
    "world.towns": 2, "world.sectors": 2, "world.sites": 4, "world.occupied": 2, "world.consumers": 20,
    "calendar.warm_up": 2, "calendar.before": 2, "calendar.months": 14,
}  # fmt: skip


def called() -> list[tuple[str, Any]]:
    """Return names and arguments of homogsim's kernels that have been loaded."""
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("homogsim.")]
    values = {id(value): value for module in modules for value in vars(module).values()}
    kernels = sorted((value for value in values.values() if isinstance(value, Dispatcher)), key=name_of)
    if any(
        kernel.stats.cache_misses for kernel in kernels
    ):  # what they call was loaded, too: once more, from the cache
        os.execv(sys.executable, [sys.executable, *sys.argv])
    return [(name_of(kernel), described(signature)) for kernel in kernels for signature in kernel.overloads]


def main() -> None:
    second.never()
    model = MarketModel("baseline", **SMALL)
    model.step()
    first = called()
    model.run().results()
    later = [line for line in called() if line not in first]
    known = [name for kernels in listed().values() for name, _ in kernels]
    parts = []
    for when, kernels in ((FIRST, first), (LATER, later)):
        kernels.sort(key=lambda line: known.index(line[0]) if line[0] in known else len(known))
        parts.append(f"{json.dumps(when)}: [\n" + ",\n".join(map(json.dumps, kernels)) + "\n]")
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    if "--write" in sys.argv:
        LISTED.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
