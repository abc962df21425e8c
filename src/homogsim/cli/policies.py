"""`homogsim policies`: the table of policies."""

from __future__ import annotations

from rich.table import Table

from homogsim.cli.tables import print_table
from homogsim.cli.text import console
from homogsim.parameters import declared
from homogsim.policies import FORM, POLICIES, Value


def show_policies() -> None:
    """Print every policy, what it does and what it sets."""
    table = Table(box=None, pad_edge=False)
    table.add_column("policy", no_wrap=True, style="bold")
    table.add_column("what it does")
    table.add_column("sets")
    for policy in POLICIES.values():
        table.add_row(policy.name, policy.meaning, "\n".join(_setting(*item) for item in policy.set.items()))
    output = console()
    print_table(output, table)
    output.print("homogsim run SCENARIO --policy NAME@START..END", style="bold", soft_wrap=True)
    output.print(FORM, soft_wrap=True)
    output.print("What the public pays for them is the metric public_money.", soft_wrap=True)


def _setting(key: str, value: Value) -> str:
    unit = declared()[key].unit
    shown = "true" if value is True else f"{value:,g}"
    return f"{key} = {shown}{f' {unit}' if unit not in ('', '-') else ''}"
