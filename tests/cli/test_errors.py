"""Mistakes of a user: exit code 2 (74 for storage), a message that helps, no traceback, nothing written."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from results_factory import make_results

from homogsim.results import Results

HUGE = ("--set", "world.towns=2000", "--set", "world.sectors=60", "--set", "world.consumers=200000")

BAD_INPUT = [
    # unknown names: the nearest valid ones
    (("run", "baselin"), "there is no preset 'baselin'", "Did you mean baseline"),
    (("run", "baseline", "--set", "consumers.price_sensitivty=1.2"), "no parameter", "consumers.price_sensitivity"),
    (("show", "plug-n-play"), "there is no preset", "plug-and-play"),
    (("lint", "nowhere.toml"), "no such file", "nowhere.toml"),
    (("new", ""), "is no name of a file", "mine.toml"),
    (("show", "qqqq"), "there is no preset 'qqqq'", "… (`homogsim list` shows all)"),
    (("run", "--from", "."), "this is not a checkpoint, not a file at all", "."),
    (("reproduce", "nowhere"), "there is no such run folder", "nowhere"),
    (("reproduce", "."), "it has no run.json", "."),
    (("report", "nowhere"), "there is no such folder", "nowhere"),
    (("expect", "baseline", "--all"), "--all is given together with scenarios", "or --all"),
    (("sensitivity", "s", "--metric", "n", "--method", "prim", "--above", "nan"), "not a finite number", "--above"),
    (("lint", "."), "this is a directory", "1 problem in '.'."),
    (("new", "mine.toml", "--from", "basline"), "there is no preset", "baseline"),
    (("run", "/etc"), "this is a directory", "/etc"),
    # out of bounds, wrong type: name, value, unit, bounds
    (("run", "baseline", "--set", "world.towns=0"), "world.towns = 0 towns is out of bounds", "1 to 2000 towns"),
    (("run", "baseline", "--set", "world.towns=many"), "world.towns = 'many': a whole number is needed", "1 to 2000"),
    (("run", "baseline", "--set", "firms.reinvestment=nan"), "not a finite number", "firms.reinvestment"),
    (("run", "baseline", "--set", "firms.reinvestment=1e400"), "not a finite number", "firms.reinvestment"),
    (("run", "baseline", "--set", f"firms.reinvestment={'9' * 5000}"), "firms.reinvestment", "no value"),
    (("run", "baseline", "--set", f"firms.reinvestment={'[' * 3000}"), "firms.reinvestment", "no value"),
    (("run", "baseline", "--set", "world.towns"), "is no setting", "KEY=VALUE"),
    (("run", "baseline", "--set", "consumers.demand=guessed"), "is none of expected, sampled", "expected"),
    (("run", "baseline", "--set", "seed=3"), "the seed is not a parameter", "--seed"),
    # numbers on the command line
    (("run", "baseline", "--months", "0"), "calendar.months = 0 months is out of bounds", "1 to 2040 months"),
    (("run", "baseline", "--months", "-5"), "calendar.months = -5 months is out of bounds", "1 to 2040 months"),
    (("run", "baseline", "--months", "1000000000"), "out of bounds", "1 to 2040 months"),
    (("run", "baseline", "--months", "9" * 30), "does not fit in 64 bits", "calendar.months"),
    (("run", "baseline", "--months", "ten"), "--months", "integer"),
    (("run", "baseline", "--seed", "-1"), "seed = -1", "0 to 4294967295"),
    (("run", "baseline", "--seed", "x"), "--seed", "integer"),
    (("run", "baseline", "--threads", "0"), "--threads 0", "from 1"),
    (("run", "baseline", "--record-every", "0"), "--record-every 0", "from 1"),
    # memory
    (("run", "baseline", "--max-memory", "100MB"), "would need about", "--max-memory"),
    (("run", "baseline", "--max-memory", "4"), "'4' is not a size of memory", "4GB"),
    (("run", "baseline", "--max-memory", "lots"), "'lots' is not a size of memory", "4GB"),
    (("run", "baseline", *HUGE), "TB of memory", "Lower world.consumers"),
    # the command itself
    (("run",), "which scenario", "homogsim list"),
    (("fly",), "No such command", "fly"),
    (("run", "baseline", "--sneed", "1"), "No such option", "--seed"),
    (("show",), "Missing argument", "SCENARIO"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "what", "helps"), BAD_INPUT, ids=[" ".join(a)[:50] for a, _, _ in BAD_INPUT])
def test_bad_input(homogsim, tmp_path, arguments, what, helps) -> None:
    answer = homogsim(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert what in answer.err
    assert helps in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flags", [(), ("--json",), ("--quiet",)])
def test_an_existing_out_is_refused_before_the_run(homogsim, tmp_path, flags) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    answer = homogsim("run", "baseline", "--out", "mine", *flags)
    assert (answer.code, answer.out) == (2, "")
    assert "mine: exists already" in answer.err
    assert "--force" in answer.err


def test_force_replaces_run_folders_only(homogsim, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    answer = homogsim("run", "baseline", "--out", "mine", "--force")
    assert answer.code == 2
    assert "letter.txt" in answer.err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"


@pytest.mark.parametrize("out", ["/proc/nothing/run", "/dev/null/run", "x" * 300])
def test_an_unwritable_out_is_said_before_the_run(homogsim, out) -> None:
    answer = homogsim("run", "baseline", "--out", out)
    assert answer.code == 74
    assert "cannot write" in answer.err
    assert "--out" in answer.err


def test_a_full_disk_is_said_before_the_run(homogsim, monkeypatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    answer = homogsim("run", "baseline")
    assert answer.code == 74
    assert "MB are free" in answer.err


def test_reproduce_needs_a_sound_run_folder(homogsim, tmp_path) -> None:
    assert homogsim("reproduce", "nowhere").code == 2
    (tmp_path / "empty").mkdir()
    assert "it has no run.json" in homogsim("reproduce", "empty").err
    folder = make_results().save(tmp_path / "run")
    (folder / "firms.parquet").write_bytes(b"PAR1")
    answer = homogsim("reproduce", "run")
    assert answer.code == 74
    assert "firms.parquet: the file is damaged" in answer.err


def test_a_run_that_stopped_before_month_0_cannot_be_reproduced(homogsim, tmp_path) -> None:
    replace(make_results(status="interrupted"), months=0).save(tmp_path / "run")
    answer = homogsim("reproduce", "run")
    assert answer.code == 2
    assert "interrupted" in answer.err


HOSTILE = {
    "nested": f"x = {'[' * 50_000}",
    "digits": f"[world]\ntowns = {'1' * 5000}",
    "infinite": "[world]\noccasions = 1e400",
    "missing": "[world]\noccasions = nan",
    "large": f"# {'x' * 300_000}",
    "path": 'name = "../../etc/passwd"',
    "cycle": 'extends = "cycle.toml"',
    "syntax": "[world\ntowns = 3",
    "type": '[world]\ntowns = "three"',
    "escape": 'question = "\\u001b[2J gone"',
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("command", ["lint", "show", "run"])
def test_hostile_scenario_files(homogsim, tmp_path, command, kind) -> None:
    (tmp_path / f"{kind}.toml").write_text(HOSTILE[kind], encoding="utf-8")
    answer = homogsim(command, f"{kind}.toml")
    assert answer.code == 2
    assert answer.out == ""
    assert f"{kind}.toml" in answer.err
    assert answer.err.count("\n") <= 6
    assert "\x1b" not in answer.err


def test_lint_names_all_problems_with_their_lines(homogsim, tmp_path) -> None:
    expect = "[[expect]]\nmetric = 'diversity_gama'\nversus = 'baseline'\nsign = 'lower'\n"
    text = f"# Why?\n[world]\ntowns = 0\nmoons = 3\n{expect}"
    (tmp_path / "bad.toml").write_text(text)
    answer = homogsim("lint", "bad.toml")
    assert answer.code == 2
    assert "bad.toml, line 3: world.towns = 0" in answer.err
    assert "bad.toml, line 4: there is no parameter world.moons" in answer.err
    assert "2 problems" in answer.err
    (tmp_path / "bad.toml").write_text(text.replace("towns = 0\nmoons = 3", "towns = 3"))
    answer = homogsim("lint", "bad.toml")
    assert answer.code == 2
    assert "Did you mean diversity_gamma" in answer.err


def test_messages_carry_no_control_characters(homogsim) -> None:
    answer = homogsim("run", "baseline\x1b[2J\x07")
    assert answer.code == 2
    assert not any(c in answer.err for c in "\x1b\x07")


def test_a_failing_write_at_the_end_leaves_nothing(homogsim, tmp_path, monkeypatch) -> None:
    from homogsim.cli import run as cli_run
    from homogsim.results import files

    def no_space(table: object, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli_run, "prepare", lambda options, errors: (None, {}))
    monkeypatch.setattr(cli_run, "simulate", lambda model, stop, errors, silent: make_results())
    monkeypatch.setattr(files, "write_parquet", no_space)
    answer = homogsim("run", "baseline", "--out", "mine")
    assert answer.code == 74
    assert "No space left on device" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_appears_during_the_run_costs_nothing(homogsim, tmp_path, monkeypatch) -> None:
    from homogsim.cli import run as cli_run

    monkeypatch.setattr(cli_run, "prepare", lambda options, errors: (None, {}))
    monkeypatch.setattr(cli_run, "simulate", lambda model, stop, errors, silent: make_results())
    (tmp_path / "mine").mkdir()
    answer = homogsim("run", "baseline", "--out", "mine", "--no-figures", "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["run_dir"] == "mine-2"
    assert Results.load(tmp_path / "mine-2", verify=True).status == "complete"
    assert list((tmp_path / "mine").iterdir()) == []


def test_signal_handlers_are_put_back(homogsim) -> None:
    import signal

    before = signal.getsignal(signal.SIGINT)
    homogsim("run", "baselin")
    assert signal.getsignal(signal.SIGINT) is before
