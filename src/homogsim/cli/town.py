"""`homogsim town`: a scenario out of tables of towns, sectors and businesses."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from homogsim.cli.text import console, printable
from homogsim.errors import HomogsimError, StorageError, WrongPath


def make_town(
    tables: Sequence[Path], out: Path, *, base: str, today: str | None, minutes_per_km: float, force: bool = False
) -> None:
    """Write the scenario of some tables, and say what was taken from them and what is drawn."""
    from homogsim.experiments.settling import fitted
    from homogsim.scenario.source import LARGEST_FILE
    from homogsim.scenario.towns import build

    if out.suffix != ".toml":
        raise HomogsimError(f"{printable(str(out))} is no scenario file", "--out", "Its name ends in .toml.")
    if not 0.01 <= minutes_per_km <= 100.0:
        raise HomogsimError(f"{minutes_per_km:g} minutes a kilometre", "--minutes-per-km", "It is 0.01 to 100.")
    name = re.sub(r"[^a-z0-9-]+", "-", out.stem.lower()).strip("-")[:64] or "town"
    built = build(tables, name, today=today, minutes_per_km=minutes_per_km, base=base)
    if not force and os.path.lexists(out):
        raise WrongPath("the file exists already", printable(str(out)), "Choose another --out, or --force.")
    path = fitted(built.scenario, built.purchases_given).write(out, overwrite=force)
    size = path.stat().st_size
    if size > LARGEST_FILE:
        path.unlink()
        what = f"the scenario would take {size // 1000} kB, and a scenario file has at most {LARGEST_FILE // 1000}"
        raise StorageError(what, printable(str(out)), "Leave out businesses, or join towns.")
    output = console()
    for text in built.told:
        output.print(printable(text), soft_wrap=True)
    output.print(f"scenario: {printable(str(path))}", soft_wrap=True)
    name = printable(shlex.quote(str(path)))
    output.print(f"next: homogsim run {name}, or homogsim advise {name}", soft_wrap=True)
