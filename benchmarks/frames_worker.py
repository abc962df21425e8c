"""The month of demand with mesa-frames: consumers are an AgentSetPolars, outlets a data frame.

Runs in an environment of its own (mesa-frames wants an older NumPy than Mesa does), so it imports nothing of homogsim:
``frames_worker.py MARKET.npz``. It then makes a month for each line ``go`` it reads, and answers with the seconds it
took; ``save PATH`` writes what the last month found.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np
import polars as pl
from mesa_frames import AgentSetPolars, ModelDF


class Shoppers(AgentSetPolars):
    """Consumers."""

    def __init__(self, model: Any, people: pl.DataFrame) -> None:
        super().__init__(model)
        self += people

    def step(self) -> None:
        """Let everybody choose."""
        self.do("choose")

    def choose(self) -> None:
        """Work out shares and sums in one lazy query, then draw visits."""
        m = self.model
        z, x = pl.col, pl.col
        misfit = sum(((z(f"z{k}") - x(f"x{k}")) ** 2 for k in range(m.axes)), start=pl.lit(0.0))
        near = ((z("east") - x("site_east")) ** 2 + (z("north") - x("site_north")) ** 2).sqrt()
        way = pl.when(x("home")).then(near).otherwise(z("radius") + x("site_radius")) + x("minutes")
        core = (
            x("base") + z("personal") * x("P") + z("local") * x("L") - z("strength") * x("misfit") * misfit
            - z("alpha") * x("price")
        )  # fmt: skip
        bonus = pl.when(z("last") == x("site")).then(z("bonus")).otherwise(1.0)
        pairs = (
            self.agents.lazy()
            .join(m.outlets.lazy(), on="cell")
            .with_columns(core=core, way=way)
            .with_columns(attraction=x("A") * (pl.col("core") - x("travel") * pl.col("way").log1p()).exp() * bonus)
            .select("unique_id", "site", "home", "core", "attraction", "alpha", "personal", "local", "strength",
                    *(f"z{k}" for k in range(m.axes)))
            .collect()
        )  # fmt: skip
        self.totals = pairs.group_by("unique_id").agg(inclusive=m.outside + pl.col("attraction").sum())
        slope = pl.col("slope")
        self.sums = (
            pairs.lazy()
            .join(self.totals.lazy(), on="unique_id")
            .with_columns(share=pl.col("attraction") / pl.col("inclusive"))
            .with_columns(slope=pl.col("share") * (1.0 - pl.col("share")))
            .with_columns(steep=slope * pl.col("strength"))
            .group_by("site")
            .agg(
                pl.col("share").sum(), slope.sum(), (slope * pl.col("alpha")).sum().alias("b_alpha"),
                (slope * pl.col("personal")).sum().alias("b_personal"),
                (slope * pl.col("local") * pl.col("home")).sum().alias("b_local"), pl.col("steep").sum(),
                (pl.col("share") * pl.col("core") * m.noise / pl.col("alpha")).sum().alias("satisfaction"),
                *((pl.col("steep") * pl.col(f"z{k}")).sum().alias(f"b_z{k}") for k in range(m.axes)),
            )
            .sort("site")
            .collect()
        )  # fmt: skip
        # Visits: an exponential race among the pairs of those who go out, the outside option among them.
        going = self.agents.select("unique_id").filter(m.random.random(len(self.agents)) < m.visit_probability)
        runners = pl.concat([
            pairs.select("unique_id", "site", "attraction").join(going, on="unique_id", how="semi"),
            going.with_columns(site=pl.lit(-1, pl.Int64), attraction=pl.lit(m.outside)),
        ])  # fmt: skip
        clock = pl.Series("clock", m.random.exponential(size=len(runners)))
        self.visits = (
            runners.with_columns(clock=clock / runners["attraction"])
            .group_by("unique_id")
            .agg(bought=pl.col("site").sort_by("clock").first())
        )


class FramesMarket(ModelDF):
    """The market as frames."""

    def __init__(self, data: Any) -> None:
        super().__init__(1)
        self.axes = len(data["ideal"])
        self.outside, self.noise, self.weight, self.visit_probability = data["numbers"].tolist()
        axes = range(self.axes)
        self.outlets = pl.DataFrame(
            {name: data[name] for name in (
                "cell", "site", "home", "minutes", "base", "P", "L", "misfit", "travel", "price", "A", "site_east",
                "site_north", "site_radius")}
            | {f"x{k}": data["offering"][k] for k in axes}
        )  # fmt: skip
        people = pl.DataFrame(
            {name: data[f"people_{name}"] for name in (
                "cell", "alpha", "strength", "personal", "local", "bonus", "east", "north", "radius", "last")}
            | {f"z{k}": data["ideal"][k] for k in axes}
        )  # fmt: skip
        people = people.with_columns(unique_id=pl.int_range(len(people), dtype=pl.Int64))
        self.shoppers = Shoppers(self, people)
        self.agents += self.shoppers

    def save(self, path: str) -> None:
        """Write what the last month found."""
        people = self.agents._agentsets[0] if hasattr(self.agents, "_agentsets") else self.shoppers
        frame = (
            people.agents.select("unique_id", "alpha")
            .join(people.totals, on="unique_id", how="left")
            .join(people.visits, on="unique_id", how="left")
            .sort("unique_id")
        )
        inclusive = frame["inclusive"].to_numpy()
        np.savez(
            path,
            sums=self.weight * people.sums.drop("site").to_numpy().T,
            inclusive=inclusive,
            surplus=self.noise / frame["alpha"].to_numpy() * np.log(inclusive),
            bought=frame["bought"].fill_null(-1).to_numpy().astype(np.int32),
        )


def serve(path: str) -> None:
    """Answer the lines of standard input."""
    model = FramesMarket(np.load(path))
    version = getattr(sys.modules["mesa_frames"], "__version__", "?")
    print(
        f"ready mesa-frames {version}, polars {pl.__version__} ({os.environ.get('POLARS_MAX_THREADS')} threads)",
        flush=True,
    )
    for line in sys.stdin:
        order, _, target = line.strip().partition(" ")
        start = time.perf_counter()
        if order == "go":
            model.step()
        else:
            model.save(target)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
