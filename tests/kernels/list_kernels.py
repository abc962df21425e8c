"""Print the kernels that a first run of the baseline calls, as `listed.json` has them; with --write, write them there.

Its order is the order in which the second process compiles: first what the first month needs last. Kernels that are
listed already keep their place.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

SMALL = {
    "world.towns": 2, "world.sectors": 2, "world.sites": 4, "world.occupied": 2, "world.consumers": 20,
    "calendar.warm_up": 2, "calendar.before": 2, "calendar.months": 14,
}  # fmt: skip


def loaded() -> list[Any]:
    """Return all of homogsim's kernels, after a small run."""
    from numba.core.dispatcher import Dispatcher

    from homogsim.kernels.signatures import name_of
    from homogsim.model import MarketModel

    MarketModel("baseline", **SMALL).run().results()
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("homogsim.")]
    values = {id(value): value for module in modules for value in vars(module).values()}
    return sorted((value for value in values.values() if isinstance(value, Dispatcher)), key=name_of)


def main() -> None:
    from homogsim.kernels import second
    from homogsim.kernels.signatures import LISTED, described, listed, name_of

    second.never()
    kernels = loaded()
    if any(kernel.stats.cache_misses for kernel in kernels):  # what they call was loaded, too: once more
        os.execv(sys.executable, [sys.executable, *sys.argv])
    found = [[name_of(kernel), described(signature)] for kernel in kernels for signature in kernel.overloads]
    known = [name for name, _ in listed()] if LISTED.exists() else []
    found.sort(key=lambda line: known.index(line[0]) if line[0] in known else len(known))
    text = "[\n" + ",\n".join(json.dumps(line) for line in found) + "\n]\n"
    if "--write" in sys.argv:
        LISTED.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
