"""`homogsim run` and `homogsim reproduce` on a tiny market, from the command to the files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import homogsim as hs
from homogsim.model import MarketModel

SIZE = {
    "world.towns": 2, "world.sectors": 1, "world.sites": 4, "world.occupied": 3, "world.consumers": 60,
    "calendar.warm_up": 6, "calendar.before": 12,
}  # fmt: skip
TINY = ("run", "baseline", *(part for key, value in SIZE.items() for part in ("--set", f"{key}={value}")))
SHORT = (*TINY, "--months", "14", "--no-figures")


@pytest.fixture(scope="module")
def known() -> hs.Results:
    """Return what the library says about the run of `SHORT`."""
    return hs.run("baseline", months=14, set=SIZE)


def test_a_run_leaves_a_complete_folder_and_says_where(homogsim, known, tmp_path) -> None:
    answer = homogsim(*TINY, "--months", "14")
    assert answer.code == 0
    folder = tmp_path / "runs" / "baseline-s1"
    assert "results: runs/baseline-s1" in answer.out
    assert "figures: runs/baseline-s1/figures" in answer.out
    assert {p.name for p in (folder / "figures").iterdir()} == {f"{name}.png" for name in _figures()}
    written = hs.Results.load(folder, verify=True)
    assert written.results_hash() == known.results_hash()
    assert written.timeline["month"].tolist() == list(range(-12, 14))
    assert (folder / "timeline.csv").exists()
    for metric in ("diversity_gamma", "adoption_share", "consumer_surplus", "survival_1y"):
        assert metric in answer.out
    assert "months of" not in answer.out  # progress goes to standard error
    assert hs.Scenario.read("baseline").question in answer.err


def _figures() -> list[str]:
    from homogsim.plots import FIGURES

    return list(FIGURES)


def test_default_folders_count_up(homogsim, tmp_path) -> None:
    for _ in range(3):
        assert homogsim(*SHORT, "--seed", "7", "--quiet").code == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["baseline-s7", "baseline-s7-2", "baseline-s7-3"]
    seeds = {hs.Results.load(p).seed for p in (tmp_path / "runs").iterdir()}
    assert seeds == {7}


def test_json_is_one_object_and_nothing_else(homogsim, known) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    answer = homogsim(*SHORT, "--json")
    assert answer.err == ""
    said = json.loads(answer.out, parse_constant=refuse)
    assert list(said) == ["scenario", "seed", "months", "run_dir", "results_hash", "summary"]
    assert (said["scenario"], said["seed"], said["months"]) == ("baseline", 1, 14)
    assert said["run_dir"] == os.path.join("runs", "baseline-s1")
    assert said["results_hash"] == known.results_hash()
    assert said["summary"]["mean_price"] == known.summary["mean_price"]
    assert said["summary"]["survival_10y"] is None  # nobody was watched for ten years


def test_quiet_prints_the_folder_only(homogsim) -> None:
    answer = homogsim(*SHORT, "--out", "mine", "--quiet")
    assert answer == (0, "mine\n", "")


def test_threads_and_what_is_recorded_change_no_result(homogsim, known) -> None:
    answer = homogsim(*SHORT, "--threads", "1", "--biographies", "--json")
    said = json.loads(answer.out)
    assert said["results_hash"] == known.results_hash()
    folder = Path(said["run_dir"])
    written = hs.Results.load(folder)
    assert written.firm_months is not None
    assert set(written.firm_months["uid"]) <= set(written.firms["uid"])
    assert written.decisions is not None
    said = json.loads(homogsim(*SHORT, "--record-every", "5", "--json").out)
    sparse = hs.Results.load(said["run_dir"])
    every = known.timeline.set_index("month")
    shown = sparse.timeline.set_index("month")
    assert len(shown) <= len(every) / 5 + 2  # month −1 or the last may come on top
    prices = every.loc[shown.index, ["mean_price", "n_firms", "diversity_gamma"]]
    assert shown[["mean_price", "n_firms", "diversity_gamma"]].equals(prices)


def test_force_replaces_an_earlier_run(homogsim, tmp_path) -> None:
    assert homogsim(*SHORT, "--out", "mine", "--quiet", "--seed", "3").code == 0
    assert homogsim(*SHORT, "--out", "mine", "--quiet").code == 2
    assert homogsim(*SHORT, "--out", "mine", "--quiet", "--force").code == 0
    assert hs.Results.load(tmp_path / "mine", verify=True).seed == 1
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_market_whose_firms_all_close_ends_normally(homogsim) -> None:
    doom = ("--set", "finance.retirement=1.0", "--set", "finance.entry_rate=0.0")
    answer = homogsim(*SHORT, *doom, "--json")
    assert answer.code == 0
    said = json.loads(answer.out)
    written = hs.Results.load(said["run_dir"], verify=True)
    assert written.status == "extinct"
    assert said["summary"]["n_firms"] == 0
    assert said["summary"]["mean_price"] is None
    assert len(written.timeline) == 26


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def _signal_at(monkeypatch: pytest.MonkeyPatch, *signals: tuple[int, signal.Signals]) -> None:
    """Let this process receive signals in the middle of chosen months."""
    step = MarketModel.step

    def stepping(self: MarketModel) -> None:
        for month, number in signals:
            if self.month == month:
                os.kill(os.getpid(), number)
        step(self)

    monkeypatch.setattr(MarketModel, "step", stepping)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_saved_and_can_be_reproduced(homogsim, known, tmp_path, monkeypatch, number) -> None:
    with monkeypatch.context() as patch:
        _signal_at(patch, (8, number))
        answer = homogsim(*TINY, "--months", "14", "--out", "mine")
    assert answer.code == 130
    assert "results: mine" in answer.out
    assert "(interrupted)" in answer.out
    written = hs.Results.load(tmp_path / "mine", verify=True)
    assert (written.status, written.months) == ("interrupted", 9)
    months = written.timeline["month"]
    assert months.tolist() == list(range(-12, 9))
    assert written.timeline.equals(known.timeline.iloc[: len(months)])
    assert json.loads((tmp_path / "mine" / "run.json").read_text())["status"] == "interrupted"
    assert homogsim("reproduce", "mine", "--quiet").code == 0


def test_ctrl_c_during_the_warm_up_is_saved_too(homogsim, tmp_path, monkeypatch) -> None:
    _signal_at(monkeypatch, (-15, signal.SIGINT))
    answer = homogsim(*TINY, "--months", "14", "--out", "mine")
    assert answer.code == 130
    written = hs.Results.load(tmp_path / "mine", verify=True)
    assert (written.status, written.months, len(written.timeline)) == ("interrupted", 0, 0)


@pytest.mark.parametrize(
    ("month", "words"),
    [
        (-15, "stopped before the first recorded month"),
        (-12, "stopped before automation arrived; end: the one month that was recorded"),
        (-5, "stopped before automation arrived; end: the last 8 months that were recorded"),
        (0, "start: last 12 months before automation arrives; end: the one month since"),
        (5, "start: last 12 months before automation arrives; end: last 6 months"),
    ],
)
def test_an_interrupted_run_says_of_which_months_its_columns_are(homogsim, monkeypatch, month, words) -> None:
    _signal_at(monkeypatch, (month, signal.SIGINT))
    assert words in " ".join(homogsim(*SHORT).out.split())


def test_ctrl_c_in_the_last_month_loses_nothing(homogsim, known, tmp_path, monkeypatch) -> None:
    _signal_at(monkeypatch, (13, signal.SIGINT))
    assert homogsim(*SHORT, "--out", "mine").code == 130
    written = hs.Results.load(tmp_path / "mine", verify=True)
    assert (written.status, written.results_hash()) == ("complete", known.results_hash())


def test_ctrl_c_while_files_are_written_loses_nothing(homogsim, known, tmp_path, monkeypatch) -> None:
    save = hs.Results.save

    def interrupted(self: hs.Results, *arguments: object, **options: object) -> Path:
        os.kill(os.getpid(), signal.SIGINT)
        return save(self, *arguments, **options)

    monkeypatch.setattr(hs.Results, "save", interrupted)
    assert homogsim(*SHORT, "--out", "mine").code == 130
    assert hs.Results.load(tmp_path / "mine", verify=True).results_hash() == known.results_hash()


def test_a_second_ctrl_c_leaves_at_once_and_nothing_behind(homogsim, tmp_path, monkeypatch) -> None:
    _signal_at(monkeypatch, (5, signal.SIGINT), (5, signal.SIGINT))
    answer = homogsim(*SHORT, "--out", "mine")
    assert (answer.code, answer.out) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_a_process_of_its_own(tmp_path) -> None:
    """The real thing: a process, a signal from outside, exit code 130, a folder, no traceback."""
    code = "from homogsim.cli import main; main()"
    command = [sys.executable, "-c", code, *TINY, "--months", "2040", "--out", "mine", "--no-figures"]
    environment = os.environ | {"PYTHONPATH": str(Path(hs.__file__).parents[1])}  # also without an installation
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the scenario and its question: everything was checked, the run begins
        try:
            process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    if out:  # the signal may have come before the first month
        assert hs.Results.load(tmp_path / "mine", verify=True).status == "interrupted"


# --- reproduce --------------------------------------------------------------------------------------------------------


def test_reproduce_says_identical(homogsim, known, tmp_path) -> None:
    known.save(tmp_path / "run")
    answer = homogsim("reproduce", "run", "--threads", "1")
    assert answer.code == 0
    assert answer.out == f"identical: {known.results_hash()}\n"


def test_reproduce_lists_what_differs_the_earliest_first(homogsim, known, tmp_path) -> None:
    timeline = known.timeline.copy()
    timeline.loc[timeline["month"] >= 3, "mean_price"] += 0.25
    timeline.loc[timeline["month"] == -4, "n_firms"] += 1
    replace(known, timeline=timeline, provenance=known.provenance | {"numpy": "1.0"}).save(tmp_path / "run")
    answer = homogsim("reproduce", "run")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[0] == "different: 2 columns; the earliest first"
    assert lines[1].strip().startswith("month -4: timeline.n_firms differs in 1 of 26 rows")
    assert lines[2].strip().startswith("month 3: timeline.mean_price differs in 11 of 26 rows")
    assert lines[3].strip().startswith("numpy: was 1.0")
    assert len(lines) == 4  # the model's code is the same


def test_reproduce_says_that_the_model_code_has_changed(homogsim, known, tmp_path) -> None:
    timeline = known.timeline.assign(mean_price=known.timeline["mean_price"] + 0.25)
    sources = known.provenance["sources"]
    assert {"model.py", "laws/pricing.py"} <= set(sources)
    assert "cli/app.py" not in sources
    other = {"code": "0" * 16, "sources": sources | {"laws/pricing.py": "another", "laws/gone.py": "old"}}
    replace(known, timeline=timeline, provenance=known.provenance | other).save(tmp_path / "run")
    answer = homogsim("reproduce", "run")
    assert answer.code == 1
    lines = [line.strip() for line in answer.out.splitlines()]
    assert lines[2:] == ["made with other model code (changed: laws/pricing.py; gone: laws/gone.py)"]


def test_reproduce_says_what_was_not_recorded(homogsim, known, tmp_path) -> None:
    timeline = known.timeline.assign(mean_price=known.timeline["mean_price"] + 0.25)
    early = {name: value for name, value in known.provenance.items() if name not in ("code", "sources", "networkx")}
    replace(known, timeline=timeline, provenance=early).save(tmp_path / "run")
    lines = [line.strip() for line in homogsim("reproduce", "run").out.splitlines()]
    assert lines[2] == "made with model code that was not recorded, so it may have changed"
    assert lines[3] == f"networkx: was not recorded, is {known.provenance['networkx']}"


# --- checkpoints ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model of `SHORT`, saved as month 2 begins."""
    model = MarketModel(hs.Scenario.read("baseline").override(SIZE), months=14)
    while model.month < 2:
        model.step()
    return model.save(tmp_path_factory.mktemp("checkpoint") / "month-2")


def test_going_on_from_a_checkpoint_gives_the_same_bits(homogsim, known, checkpoint) -> None:
    said = json.loads(homogsim("run", "--from", checkpoint, "--json", "--no-figures").out)
    assert said["results_hash"] == known.results_hash()
    assert homogsim("reproduce", said["run_dir"]).code == 0


def test_two_futures_from_one_past(homogsim, known, checkpoint) -> None:
    answer = homogsim("run", "--from", checkpoint, "--set", "consumers.base_value=22", "--json", "--no-figures")
    folder = Path(json.loads(answer.out)["run_dir"])
    other = hs.Results.load(folder)
    past = known.timeline["month"] < 2
    assert other.timeline[past].equals(known.timeline[past])
    assert other.timeline["outside_share"].iloc[-1] < known.timeline["outside_share"].iloc[-1]
    answer = homogsim("reproduce", folder)
    assert answer.code == 0, answer.out
    assert other.provenance["checkpoint"]["changes"] == ["consumers.base_value=22"]


def test_a_checkpoint_can_be_taken_further(homogsim, known, checkpoint) -> None:
    said = json.loads(homogsim("run", "--from", checkpoint, "--months", "20", "--json", "--no-figures").out)
    longer = hs.Results.load(said["run_dir"])
    assert longer.timeline["month"].tolist() == list(range(-12, 20))
    assert longer.timeline["mean_price"].iloc[:26].equals(known.timeline["mean_price"])
    assert homogsim("reproduce", said["run_dir"]).code == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--set", "world.towns=3"), "shapes the world at its start"),
        (("--set", "consumers.base_value=-1"), "out of bounds"),
        (("--set", "consumers.base=1"), "no parameter"),
        (("--seed", "3"), "keeps its own --seed"),
        (("baseline",), "keeps its own SCENARIO"),
        (("--record-every", "2"), "keeps its own --record-every"),
        (("--biographies",), "keeps its own --biographies"),
        (("--months", "1"), "stands at month 2, the run ends before"),
    ],
)
def test_a_checkpoint_refuses_what_it_cannot_do(homogsim, checkpoint, tmp_path, arguments, what) -> None:
    answer = homogsim("run", *arguments, "--from", checkpoint)
    assert answer.code == 2
    assert what in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_another_version_warns_in_one_line(homogsim, tmp_path, monkeypatch) -> None:
    model = MarketModel(hs.Scenario.read("baseline").override(SIZE), seed=1, threads=1)
    monkeypatch.setattr("homogsim.checkpoint._version", lambda: "0.0.1")
    path = model.save(tmp_path / "old")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    answer = homogsim("run", "--from", path, "--months", "1", "--no-figures", "--quiet")
    assert answer.code == 0
    (line,) = answer.err.splitlines()
    assert line.startswith(f"Warning: {path} was written by homogsim 0.0.1, this is ")
    assert "CheckpointWarning" not in answer.err


def test_other_similarity_scales_on_request(homogsim) -> None:
    sizes = [f"--set={name}={value}" for name, value in SIZE.items()]
    said = json.loads(homogsim("run", "baseline", *sizes, "--other-scales", "--json", "--no-figures").out)
    last = hs.Results.load(said["run_dir"]).timeline.iloc[-1]
    # Under a smaller scale more is different.
    assert last["diversity_gamma_half_scale"] > last["diversity_gamma"] > last["diversity_gamma_double_scale"] > 1.0
    assert homogsim("reproduce", said["run_dir"]).code == 0
    plain = hs.run(hs.Scenario.read("baseline").override(SIZE))
    assert "diversity_gamma_half_scale" not in plain.timeline
    assert hs.run(hs.Scenario.read("baseline").override(SIZE), other_scales=True).summary.keys() > plain.summary.keys()


def test_a_checkpoint_that_is_none(homogsim, tmp_path) -> None:
    assert "no such checkpoint" in homogsim("run", "--from", "nowhere").err
    (tmp_path / "odd").write_bytes(b"nothing of the kind")
    answer = homogsim("run", "--from", "odd")
    assert answer.code in (2, 74)
    assert "odd" in answer.err


def test_a_run_whose_checkpoint_is_gone_says_so(homogsim, known, tmp_path) -> None:
    facts = {"path": str(tmp_path / "gone"), "sha256": "0" * 64, "changes": []}
    replace(known, provenance=known.provenance | {"checkpoint": facts}).save(tmp_path / "run")
    answer = homogsim("reproduce", "run")
    assert answer.code == 2
    assert "no longer there" in answer.err


# --- library ----------------------------------------------------------------------------------------------------------


def test_the_library_takes_scenarios_names_and_files(known, tmp_path) -> None:
    scenario = hs.Scenario.read("baseline").override(SIZE)
    assert hs.run(scenario, months=14, seed=1).results_hash() == known.results_hash()
    path = replace(scenario, name="mine").write(tmp_path / "mine.toml")
    assert hs.run(path, months=14).results_hash() == known.results_hash()
    assert hs.run(str(path), months=14, seed=2).results_hash() != known.results_hash()
    with pytest.raises(hs.HomogsimError, match=r"world\.towns"):
        hs.run("baseline", set={"world.towns": 0})
    with pytest.raises(hs.HomogsimError, match="of memory"):
        hs.run("baseline", set={"world.towns": 2000, "world.sectors": 60, "world.consumers": 200_000})
