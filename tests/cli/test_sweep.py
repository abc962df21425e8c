"""`homogsim sweep` and `homogsim sensitivity`, as somebody types them: files, answers, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from experiments.sweeps.fakes import quick, small_plan

from homogsim.cli import sweeping
from homogsim.experiments.sweeps.lock import locked
from homogsim.experiments.sweeps.sweep import Options, sweep
from homogsim.results import Results

SIZE = [
    f"--set={text}" for text in (
        "world.towns=1", "world.sectors=1", "world.sites=6", "world.occupied=5", "world.consumers=60",
        "calendar.warm_up=2", "calendar.before=4",
    )
]  # fmt: skip
TWO = ("--vary", "firms.reinvestment=0:1", "--vary", "firms.human_share=0:1")
SMALL = ("sweep", "run", "baseline", *TWO, *SIZE, "--months", "6", "--executor", "serial")


def test_a_sweep_from_an_empty_folder(homogsim, tmp_path: Path) -> None:
    """Dry run, run, repeat, extend, status, replay, export, analyse, draw: with real markets."""
    vary = ("--vary", "consumers.taste_strength=1:8", "--vary", "firms.base_cost=4:12")
    design = ("--design", "sobol", "--samples", "2", "--replications", "2", "--series", "every=2")
    command = ("sweep", "run", "baseline", *vary, *SIZE, *design, "--months", "6", "--executor", "serial", "--out", "s")
    dry = homogsim(*command, "--dry-run")
    assert (dry.code, list(tmp_path.iterdir())) == (0, [])
    assert "8 points × 2 replications = 16 runs" in dry.out
    facts = json.loads(homogsim(*command, "--dry-run", "--json").out)
    assert (facts["runs"], facts["points"]) == (16, 8)
    assert facts["disk_bytes"] > 0
    assert facts["seconds"] > 0

    first = json.loads(homogsim(*command, "--json").out)
    assert (first["status"], first["planned"], first["made"], first["failed"]) == ("finished", 16, 16, 0)
    again = homogsim(*command, "--progress", "none")
    assert (again.code, again.err) == (0, "")
    assert "16 of 16 runs are stored; 0 made now" in again.out

    grown = homogsim("sweep", "extend", "s", "--samples", "4", "--executor", "serial", "--progress", "json")
    assert grown.code == 0
    assert "32 of 32 runs are stored; 16 made now" in grown.out
    lines = [json.loads(line) for line in grown.err.splitlines()]
    assert lines[-1]["done"] == lines[-1]["total"] == 32
    other = homogsim(*command)
    assert other.code == 2
    assert "--samples was 4, is 2" in other.err

    status = json.loads(homogsim("sweep", "status", "s", "--json").out)
    assert (status["complete"], status["stored"], status["counts"]["ok"], status["holder"]) == (True, 32, 32, "")
    assert "32 of 32 runs are stored (32 ok)" in homogsim("sweep", "status", "s").out

    frame = pd.read_parquet(tmp_path / "s" / "runs")
    assert frame["mean_price"].notna().all()
    row = frame.iloc[-1]
    replay = homogsim("sweep", "replay", "s", "--run", row["id"][:10], "--out", "again")
    assert (replay.code, "identical" in replay.out) == (0, True)
    results = Results.load(tmp_path / "again", verify=True)
    assert results.seed == row["seed"]
    assert results.summary["mean_price"] == row["mean_price"]
    assert results.scenario.parameters.firms.base_cost == row["firms.base_cost"]
    taken = homogsim("sweep", "replay", "s", "--run", row["id"], "--out", "again")
    assert (taken.code, "exists already" in taken.err) == (2, True)

    assert "32 rows" in homogsim("sweep", "export", "s", "--to", "csv").out
    again = homogsim("sweep", "export", "s", "--to", "csv")
    assert (again.code, "Choose another file with --out, or replace it with --force." in again.err) == (2, True)
    assert "32 rows" in homogsim("sweep", "export", "s", "--to", "csv", "--force").out
    table = pd.read_csv(tmp_path / "s" / "runs.csv").sort_values("run", ignore_index=True)
    expected = frame.sort_values("run", ignore_index=True)
    assert table["mean_price"].tolist() == expected["mean_price"].tolist()
    assert homogsim("sweep", "export", "s", "--to", "parquet", "--series", "--out", "x.parquet").code == 0
    assert len(pd.read_parquet(tmp_path / "x.parquet")) == 32 * 5

    told = homogsim("sensitivity", "s", "--metric", "mean_price")
    assert told.code == 0
    assert "firms.base_cost" in told.out
    assert "replicate noise" in told.out
    facts = json.loads(homogsim("sensitivity", "s", "--metric", "mean_price", "--json").out)
    assert set(facts["effects"]["firms.base_cost"]) == {"first", "total"}
    drawn = homogsim("sweep", "plot", "s", "--metric", "mean_price")
    assert drawn.code == 0
    assert [Path(line).name for line in drawn.out.split()] == [
        f"mean_price-{name}.png" for name in ("main-effects", "interactions", "phase", "parallel")
    ]
    for wrong in (("--x", "nosuch"), ("--level", "nan")):
        refused = homogsim("sweep", "plot", "s", "--metric", "mean_price", *wrong, "--out", "elsewhere")
        assert (refused.code, wrong[0] in refused.err, (tmp_path / "elsewhere").exists()) == (2, True, False)


def test_the_options_may_stand_in_a_file(homogsim, tmp_path: Path) -> None:
    """What stands on the command line goes before; and the file is a scenario that runs by itself."""
    (tmp_path / "mine.toml").write_text(
        '# Why?\nextends = "baseline"\n[world]\ntowns = 1\n[sweep]\ndesign = "lhs"\nsamples = 6\nreplications = 3\n'
        'seed = 9\n[sweep.vary]\nfirms.reinvestment = "0:1"\n"firms.human_share" = {low = 0.0, high = 1.0}\n'
        'tools.available = [["generic"], ["generic", "custom"]]\n'
    )
    facts = json.loads(homogsim("sweep", "run", "mine.toml", "--samples", "5", "--out", "s", "--dry-run", "--json").out)
    assert (facts["design"], facts["points"], facts["replications"]) == ("lhs", 5, 3)
    assert facts["factors"] == [
        "firms.reinvestment=0:1", "firms.human_share=0:1", "tools.available=[generic],[generic,custom]"
    ]  # fmt: skip
    assert homogsim("lint", "mine.toml").code == 0
    (tmp_path / "odd.toml").write_text('extends = "baseline"\n[sweep]\nsample = 6\n')
    odd = homogsim("sweep", "run", "odd.toml", "--out", "s")
    assert (odd.code, "no entry 'sample'" in odd.err, "samples" in odd.err) == (2, True, True)


def test_failed_runs_have_an_exit_code_and_are_listed(homogsim, tmp_path: Path) -> None:
    command = (*SMALL, "--design", "lhs", "--samples", "3", "--out", "s")
    late = homogsim(*command, "--timeout", "0.000001")
    assert late.code == 3
    assert "3 timeout" in late.out
    assert "warning: with --executor serial the limit of 1e-06 s ends a run only between two months" in late.err
    status = homogsim("sweep", "status", "s")
    assert "3 runs that are not ok" in status.out
    assert "took longer than 1e-06 s" in status.out
    assert homogsim(*command).code == 3
    again = homogsim(*command, "--retry", "failed")
    assert (again.code, "3 made now" in again.out) == (0, True)


def test_interrupted_and_locked(homogsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = (*SMALL, "--design", "lhs", "--samples", "3", "--out", "s")

    class Impatient(sweeping.Stop):
        def __enter__(self) -> Impatient:
            self.requested = True
            return self

        def __exit__(self, *error: object) -> None:
            pass

    with monkeypatch.context() as patched:
        patched.setattr(sweeping, "Stop", Impatient)
        stopped = homogsim(*command)
    assert (stopped.code, "the same command goes on" in stopped.out) == (130, True)
    with locked(tmp_path / "s"):
        refused = homogsim(*command)
        assert "at work now: process" in homogsim("sweep", "status", "s").out
    assert (refused.code, refused.out) == (73, "")
    assert "another sweep is at work in this folder: process" in refused.err
    assert homogsim(*command).code == 0


HUGE = ("--set=world.towns=2000", "--set=world.sectors=60", "--set=world.consumers=200000")
RUN = ("sweep", "run", "baseline", "--out", "s")
ONE = ("--vary", "firms.reinvestment=0:1")
BAD_INPUT = [
    # parameters
    ((*RUN, "--vary", "firms.reinvestmet=0:1"), "there is no parameter firms.reinvestmet", "firms.reinvestment"),
    ((*RUN, "--vary", "tools.available=0:1"), "has no bounds, so it cannot be given a range", "List its values"),
    ((*RUN, "--vary", "policy.chain_zoning=0:1"), "has no bounds", "List its values"),
    ((*RUN, "--vary", "firms=0:1"), "group of parameters", "firms."),
    ((*RUN, "--vary", "firms.reinvestment=1:0"), "the first bound must be below the second", "1:0"),
    ((*RUN, "--vary", "firms.reinvestment=1:1"), "the first bound must be below the second", "1:1"),
    ((*RUN, "--vary", "firms.reinvestment=0:2"), "reaches beyond the declared bounds", "0 to 1"),
    ((*RUN, "--vary", "firms.reinvestment=0:nan"), "finite numbers", "LOW:HIGH"),
    ((*RUN, "--vary", "firms.reinvestment=0:1e999"), "finite numbers", "LOW:HIGH"),
    ((*RUN, "--vary", "firms.reinvestment=0:1:1"), "number of levels is a whole number from 2", "0:1:1"),
    ((*RUN, "--vary", "firms.reinvestment=0:1:99999999999"), "number of levels", "10000"),
    ((*RUN, "--vary", "firms.reinvestment=0.1,0.1"), "listed twice", "0.1"),
    ((*RUN, "--vary", "firms.reinvestment=0.1,7"), "out of bounds", "0 to 1"),
    ((*RUN, "--vary", "firms.reinvestment"), "says not what varies", "--vary"),
    ((*RUN, "--vary", "world.towns=1.5:3"), "whole numbers are needed", "world.towns"),
    ((*RUN, *ONE, *ONE), "is named twice", "firms.reinvestment"),
    ((*RUN, *ONE, "--set", "firms.reinvestment=0.5"), "varies and is set", "firms.reinvestment"),
    ((*RUN, "--vary", "world.occupied=5,9", "--vary", "world.sites=6,12"), "world.occupied (9) must not", "point"),
    # designs
    ((*RUN,), "the design is empty", "--vary"),
    ((*RUN, *ONE, "--design", "star"), "there is no design 'star'", "sobol"),
    ((*RUN, *TWO, "--design", "sobol", "--samples", "100"), "no power of two", "The next one is 128"),
    ((*RUN, *TWO, "--design", "sobol-points", "--samples", "3"), "no power of two", "The next one is 4"),
    ((*RUN, *TWO, "--design", "sobol"), "how many samples", "--samples N"),
    ((*RUN, *TWO, "--design", "lhs", "--samples", "0"), "the design is empty", "from 1"),
    ((*RUN, *TWO, "--design", "lhs", "--samples", "-3"), "the design is empty", "from 1"),
    ((*RUN, *TWO, "--samples", "5"), "a grid design has no samples", "--vary"),
    ((*RUN, *ONE, "--design", "sobol", "--samples", "4"), "needs two parameters", "lhs"),
    ((*RUN, *ONE, "--vary", "world.towns=2,3", "--design", "morris", "--samples", "4"), "has listed values", "oat"),
    ((*RUN, "--vary", "firms.reinvestment=0.3", "--design", "oat"), "the design is empty", "--vary"),
    ((*RUN, *TWO, "--design", "lhs", "--samples", "200000"), "200,000 runs", "--max-runs"),
    ((*RUN, *TWO, "--max-runs", "24"), "the design has 25 runs", "--max-runs 25"),
    ((*RUN, *TWO, "--replications", "0"), "0 replications", "from 1"),
    ((*RUN, *TWO, "--seed", "-1"), "seeds -1", "--seed"),
    ((*RUN, *TWO, "--seed", "4294967295", "--replications", "2"), "do not all lie between 0", "--seed"),
    ((*RUN, *TWO, "--months", "0"), "out of bounds", "calendar.months"),
    # how
    ((*RUN, *TWO, "--jobs", "0"), "--jobs 0", "from 1"),
    ((*RUN, *TWO, "--timeout", "0"), "--timeout 0", "above 0"),
    ((*RUN, *TWO, "--timeout", "nan"), "--timeout nan", "above 0"),
    ((*RUN, *TWO, "--executor", "clouds"), "there is no executor 'clouds'", "dask:ADDRESS"),
    ((*RUN, *TWO, "--executor", "dask:127.0.0.1:1"), "does not answer", "firewall"),
    ((*RUN, *TWO, "--retry", "all"), "nothing to make again", "--retry failed"),
    ((*RUN, *TWO, "--series", "some"), "no choice of series", "every=K"),
    ((*RUN, *TWO, "--series", "every=0"), "no choice of series", "every=K"),
    ((*RUN, *TWO, "--progress", "loud"), "there is no progress 'loud'", "rich"),
    (("sweep", "run", "baselin", "--out", "s", *TWO), "there is no preset", "baseline"),
    (("sweep", "run", "baseline", *TWO), "Missing option", "--out"),
    ((*RUN, *TWO, *HUGE), "of memory", "world.consumers"),
    # folders that are no sweeps
    (("sweep", "status", "nowhere"), "there is no such sweep folder", "nowhere"),
    (("sweep", "extend", "nowhere", "--samples", "4"), "there is no such sweep folder", "nowhere"),
    (("sweep", "plot", "nowhere"), "there is no such sweep folder", "nowhere"),
    (("sensitivity", "nowhere", "--metric", "n_firms"), "there is no such sweep folder", "nowhere"),
    (("sensitivity", "nowhere", "--metric", "n_firms", "--above", "3"), "belong to --method prim", "--method"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "what", "helps"), BAD_INPUT, ids=[" ".join(a)[:70] for a, _, _ in BAD_INPUT])
def test_bad_input(homogsim, tmp_path, monkeypatch, arguments, what, helps) -> None:
    monkeypatch.setattr("homogsim.experiments.sweeps.pools.ANSWER_SECONDS", 1.0)
    answer = homogsim(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert what in answer.err
    assert helps in answer.err
    assert list(tmp_path.iterdir()) == []


def test_folders_with_other_things_in_them_are_left_alone(homogsim, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "letter.txt").write_text("keep me")
    answer = homogsim(*RUN, *TWO)
    assert (answer.code, "is no folder of a sweep" in answer.err) == (2, True)
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["letter.txt"]


def test_mistakes_about_a_sweep_that_is_there(homogsim, tmp_path: Path) -> None:
    sweep(small_plan(), tmp_path / "s", Options(executor="serial"), make=quick)
    for arguments, what in (
        (("sweep", "extend", "s", "--samples", "4"), "a grid design does not grow"),
        (("sweep", "replay", "s", "--run", "ab"), "too short"),
        (("sweep", "replay", "s", "--run", "zzzzzz"), "no stored run has an id"),
        (("sweep", "export", "s", "--to", "xlsx"), "there is no format 'xlsx'"),
        (("sweep", "export", "s", "--series"), "the sweep has no series"),
        (("sweep", "plot", "s", "--metric", "n_firmes"), "there is no metric"),
        (("sweep", "plot", "s", "--metric", "n_firms", "--figure", "cake"), "there is no figure 'cake'"),
        (("sweep", "plot", "s", "--metric", "n_firms", "--figure", "phase", "--x", "world.towns"), "does not vary"),
        (("sweep", "plot", "s", "--metric", "n_firms", "--format", "bmp"), "cannot be written as 'bmp'"),
        (("sensitivity", "s", "--metric", "n_firms", "--method", "sobol"), "needs a design sobol"),
        (("sensitivity", "s", "--metric", "n_firms", "--method", "magic"), "there is no method"),
        (("sensitivity", "s", "--metric", "n_firms", "--method", "prim"), "which cases are of interest"),
        (("sensitivity", "s", "--metric", "n_firms", "--method", "prim", "--role", "x"), "is no role"),
    ):
        answer = homogsim(*arguments)
        assert (answer.code, answer.out) == (2, ""), arguments
        assert what in answer.err
