"""Results: round trips, hash, damage, refusal to lose anything."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import resource
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results_factory import make_results

from homogsim.errors import HomogsimError, StorageError
from homogsim.results import Results, files, summarise, summary_values
from homogsim.results.canonical import tables_hash
from homogsim.results.difference import differences
from homogsim.results.folder import check_writable
from homogsim.results.tables import escape_text, read_parquet, write_csv, write_parquet

TABLES = tuple(files.TABLES)


@pytest.fixture(scope="module")
def saved(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return results.save(tmp_path_factory.mktemp("saved") / "run")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """Return a run folder that a test may damage."""
    return shutil.copytree(saved, tmp_path / "run")


# --- round trips ------------------------------------------------------------------------------------------------------


def test_load_returns_what_was_saved(results: Results, folder: Path) -> None:
    loaded = Results.load(folder, verify=True)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(results, name), check_exact=True)
    for name in ("scenario", "seed", "months", "status", "scale", "provenance", "record_every"):
        assert getattr(loaded, name) == getattr(results, name), name
    assert loaded.summary.keys() == results.summary.keys()
    np.testing.assert_array_equal(list(loaded.summary.values()), list(results.summary.values()))
    assert loaded.results_hash() == results.results_hash()


def test_biographies_are_optional(tmp_path: Path) -> None:
    folder = make_results().save(tmp_path / "run")
    assert not (folder / "firm_months.parquet").exists()
    loaded = Results.load(folder)
    assert loaded.firm_months is None
    assert loaded.decisions is None


def test_an_interrupted_run_without_a_recorded_month_survives_the_round_trip(results: Results, tmp_path: Path) -> None:
    nothing = {name: getattr(results, name).head(0) for name in ("timeline", "towns", "firms", "spells", "snapshots")}
    empty = replace(results, status="interrupted", scale=float("nan"), **nothing)
    loaded = Results.load(empty.save(tmp_path / "run"), verify=True)
    assert loaded.status == "interrupted"
    assert np.isnan(loaded.scale)
    assert loaded.timeline.columns.tolist() == results.timeline.columns.tolist()
    assert summarise(loaded.timeline).isna().all(axis=None)


def test_the_manifest_is_strict_json_and_says_what_was_run(results: Results, folder: Path) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert facts["scenario"]["differences"]["world.towns"] == {"default": 8, "value": 4}
    assert facts["scenario"]["parameters"]["tools.contact_levels"] == [0.3, 0.8]
    assert facts["fingerprint"] == results.scenario.fingerprint()
    assert facts["results_hash"] == results.results_hash()
    assert facts["summary"]["survival_5y"] is None  # NaN
    assert set(facts["files"]) == {p.name for p in folder.iterdir()} - {"run.json"}
    assert {"python", "numpy", "networkx", "platform", "cpu", "cores", "wall_seconds"} <= set(facts["provenance"])


def test_run_folders_are_readable_by_others_as_the_umask_says(saved: Path) -> None:
    assert saved.stat().st_mode & 0o777 == (saved / "run.json").stat().st_mode & 0o777 | 0o111


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["timeline", "firms", "snapshots", "decisions"])
@pytest.mark.parametrize("where", [0.1, 0.6, 0.99])
def test_one_flipped_bit_is_noticed(folder: Path, name: str, where: float) -> None:
    path = folder / f"{name}.parquet"
    data = bytearray(path.read_bytes())
    data[int(where * len(data))] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match="damaged"):
        Results.load(folder)


def test_page_checksums_notice_a_flipped_bit_without_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    noise = np.random.default_rng(0).random(2000)  # incompressible, so that most bytes are data
    write_parquet(pd.DataFrame({"x": noise}), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match="damaged"):
        read_parquet(path)


@pytest.mark.parametrize("name", [*(f"{stem}.parquet" for stem in files.TABLES.values()), "run.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(StorageError, match=name):
        Results.load(folder)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such run folder"):
        Results.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "damaged"),
        ("[1, 2]", "not the run.json of a homogsim run"),
        ('{"program": "homogsim", "format": 99}', "format 99"),
        ('{"program": "homogsim", "format": 1}', "no valid 'status'"),
        ("[" * 100_000, "damaged"),
        ("9" * 5000, "damaged"),
        (b"\xff\xfe{}", "damaged"),
    ],
)
def test_a_manifest_that_is_none(folder: Path, text: str | bytes, reason: str) -> None:
    (folder / "run.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StorageError, match=reason):
        Results.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [("parameters", {"world.towns": 0}), ("parameters", {"world.moons": 1}), ("parameters", 3), ("name", "../../x"),
     ("seed", "1"), ("expect", [{}])],
)  # fmt: skip
def test_a_scenario_that_cannot_be_used(folder: Path, key: str, value: object) -> None:
    _edit_manifest(folder, lambda facts: facts["scenario"].update({key: value}))
    with pytest.raises(StorageError, match="scenario cannot be used"):
        Results.load(folder)


def test_verification_notices_other_numbers(results: Results, folder: Path) -> None:
    path = folder / "towns.parquet"
    path.unlink()
    changed = results.towns.copy()
    changed.loc[3, "mean_price"] += 1e-12
    write_parquet(changed, path)
    told = {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    _edit_manifest(folder, lambda facts: facts["files"].update({"towns.parquet": told}))
    Results.load(folder)
    with pytest.raises(StorageError, match="do not match the stored hash"):
        Results.load(folder, verify=True)


def _edit_manifest(folder: Path, change: Any) -> None:
    path = folder / "run.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    change(facts)
    path.write_text(json.dumps(facts), encoding="utf-8")


# --- whole or not at all ----------------------------------------------------------------------------------------------


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let no file grow beyond `limit` bytes, as a full disk would not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing(results: Results, tmp_path: Path) -> None:
    with full_disk(4000), pytest.raises(StorageError, match="cannot write") as caught:
        results.save(tmp_path / "run")
    assert caught.value.exit_code == 74
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt(), SystemExit(130)])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_failure_midway_leaves_what_was_there(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, earlier: bool
) -> None:
    before = make_results(seed=9)
    if earlier:
        before.save(tmp_path / "run")
    written: list[Path] = []

    def failing(table: pd.DataFrame, path: Path) -> None:
        written.append(path)
        if len(written) == 5:
            raise failure
        write_parquet(table, path)

    monkeypatch.setattr(files, "write_parquet", failing)
    with pytest.raises(StorageError if isinstance(failure, OSError) else type(failure)):
        results.save(tmp_path / "run", replace=True)
    assert [p.name for p in tmp_path.iterdir()] == (["run"] if earlier else [])
    if earlier:
        assert Results.load(tmp_path / "run", verify=True).results_hash() == before.results_hash()


def test_a_failing_rename_brings_the_old_folder_back(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_results(seed=9)
    before.save(tmp_path / "run")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial"):
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(StorageError, match="Input/output error"):
        results.save(tmp_path / "run", replace=True)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert Results.load(tmp_path / "run", verify=True).results_hash() == before.results_hash()


def test_an_existing_folder_is_refused_and_untouched(results: Results, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(StorageError, match="exists already") as caught:
        results.save(tmp_path / "run")
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == [tmp_path / "run"]
    assert list((tmp_path / "run").iterdir()) == []


def test_replacing_a_run_folder_leaves_nothing_of_the_old(folder: Path) -> None:
    (folder / "figures").mkdir()
    (folder / "figures" / "diversity.png").write_bytes(b"old")
    other = make_results(seed=5)  # without biographies
    other.save(folder, replace=True)
    assert Results.load(folder, verify=True).results_hash() == other.results_hash()
    assert not (folder / "figures").exists()
    assert not (folder / "decisions.parquet").exists()
    assert [p.name for p in folder.parent.iterdir()] == ["run"]


def test_only_run_folders_are_replaced(results: Results, folder: Path, tmp_path: Path) -> None:
    (folder / "thesis.tex").write_text("years of work", encoding="utf-8")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(folder)
    for target in (folder, tmp_path / "photos", tmp_path / "file", tmp_path / "link"):
        with pytest.raises(StorageError, match="not replaced"):
            results.save(target, replace=True)
    assert (folder / "thesis.tex").exists()
    assert (tmp_path / "photos" / "one.jpg").exists()


def test_the_working_folder_is_not_replaced(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="in use"):
        results.save(".", replace=True)


@pytest.mark.parametrize("path", ["/proc/nothing/run", "/dev/null/run", "x" * 300])
def test_an_unwritable_folder_is_said_before_the_run(path: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write") as caught:
        check_writable(tmp_path / path)  # an absolute path replaces the folder before it
    assert caught.value.exit_code == 74


def test_too_little_space_is_said_before_the_run(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b", needed=1)
    with pytest.raises(StorageError, match="are free"):
        check_writable(tmp_path / "run", needed=10**18)
    assert list(tmp_path.iterdir()) == []


# --- the hash ---------------------------------------------------------------------------------------------------------


def test_the_hash_is_what_its_description_says() -> None:
    table = pd.DataFrame({"n": [1, -2], "x": [0.5, np.nan], "s": ["é", None], "b": [True, False]})
    parts = [
        b"table t 2\n",
        b"column b bool" + bytes([1, 0]),
        b"column n int" + bytes([0, 0]) + struct.pack("<2q", 1, -2),
        b"column s text" + struct.pack("<I", 2) + "é".encode() + b"\xff\xff\xff\xff",
        b"column x float" + struct.pack("<d", 0.5) + bytes.fromhex("000000000000f87f"),
    ]
    assert tables_hash({"t": table}) == hashlib.sha256(b"".join(parts)).hexdigest()


def test_the_hash_looks_through_representations() -> None:
    plain = pd.DataFrame({"n": np.array([1, 2]), "x": np.array([0.0, np.nan]), "s": np.array(["a", "b"], dtype=object)})
    odd_nan = np.frombuffer(struct.pack("<2Q", 1 << 63, 0xFFF8_0000_0000_1234), dtype="<f8")  # −0.0 and another NaN
    other = pd.DataFrame(
        {
            "s": pd.array(["a", "b"], dtype="string"),
            "x": odd_nan.astype(">f8"),
            "n": pd.array([1, 2], dtype="Int32"),
        }
    )
    assert tables_hash({"t": plain}) == tables_hash({"t": other})


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(("timeline", "towns", "firms")))
def test_the_hash_notices_any_change_of_a_number(pick: int, name: str) -> None:
    results = _ONE
    table = getattr(results, name).copy()
    column = table.columns[pick % len(table.columns)]
    row = (pick // 7) % len(table)
    old = table[column].iloc[row]
    if isinstance(old, str):
        new: object = old + "x"
    elif pd.isna(old):
        new = 1
    else:
        new = not old if isinstance(old, bool | np.bool_) else old + 1
    table.loc[row, column] = new
    assert replace(results, **{name: table}).results_hash() != results.results_hash()


_ONE = make_results(seed=4)


def test_the_hash_notices_order_and_names_but_not_other_tables(results: Results) -> None:
    known = results.results_hash()
    assert replace(results, firms=results.firms[::-1]).results_hash() != known
    assert replace(results, towns=results.towns.rename(columns={"x": "z"})).results_hash() != known
    assert replace(results, towns=results.towns[results.towns.columns[::-1]]).results_hash() == known
    assert replace(results, accounts=results.accounts.head(0)).results_hash() == known
    assert make_results(seed=3, biographies=True).results_hash() == known
    assert make_results(seed=4).results_hash() != known


# --- CSV --------------------------------------------------------------------------------------------------------------

EVIL = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "\r=1"]


def test_csv_text_cannot_become_a_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    table = pd.DataFrame({"tools": [*EVIL, "generic@14", "", None], "x": [-1.5, np.nan, 0.1 + 0.2, 1e-300, *range(5)]})
    write_csv(table, tmp_path / "t.csv")
    read = pd.read_csv(tmp_path / "t.csv", keep_default_na=False, na_values={"x": [""]}, lineterminator="\n")
    assert read["tools"].tolist()[: len(EVIL)] == [f"'{text}" for text in EVIL]
    assert read["tools"].tolist()[len(EVIL) :] == ["generic@14", "", ""]
    np.testing.assert_array_equal(read["x"], table["x"])


@given(st.text(max_size=20))
def test_escaped_text_never_starts_like_a_formula(text: str) -> None:
    table = escape_text(pd.DataFrame({text: pd.Series([text], dtype=object)}))
    for cell in (table.iloc[0, 0], table.columns[0]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell in (text, f"'{text}")


def test_csv_and_parquet_hold_the_same_numbers(results: Results, folder: Path) -> None:
    header, *rows = csv.reader((folder / "timeline.csv").read_text(encoding="utf-8").splitlines())
    assert header == results.timeline.columns.tolist()
    read = np.array([[float(cell or "nan") for cell in row] for row in rows])
    np.testing.assert_array_equal(read, results.timeline.to_numpy(dtype=float))


# --- summary and differences ------------------------------------------------------------------------------------------


def test_start_is_the_last_year_before_and_end_the_last_two_years() -> None:
    month = np.arange(-60, 120)
    late = np.where(month < 100, np.nan, 2.0)
    table = summarise(pd.DataFrame({"month": month, "m": month.astype(float), "late": late}))
    assert table.loc["m", "start"] == pytest.approx(np.arange(-12, 0).mean())
    assert table.loc["m", "end"] == pytest.approx(np.arange(96, 120).mean())
    assert table.loc["m", "change"] == pytest.approx(107.5 + 6.5)
    assert table.loc["m", "relative_change"] == pytest.approx(114.0 / 6.5)
    assert table.loc["late", "end"] == 2.0
    assert np.isnan(table.loc["late", "start"])
    assert np.isnan(table.loc["late", "relative_change"])


def test_short_and_sparse_timelines() -> None:
    short = pd.DataFrame({"month": range(-3, 2), "m": [0.0, 0.0, 0.0, 5.0, 7.0]})
    assert summarise(short).loc["m"].tolist()[:3] == [0.0, 6.0, 6.0]
    assert np.isnan(summarise(short).loc["m", "relative_change"])  # from zero
    sparse = pd.DataFrame({"month": range(-24, 120, 6), "m": np.arange(24.0)})
    assert summary_values(sparse) == {"m": np.mean([20, 21, 22, 23])}
    before = pd.DataFrame({"month": [-30, -2], "m": [1.0, 3.0]})  # interrupted before month 0
    assert summarise(before).loc["m"].tolist()[:2] == [3.0, 3.0]


def test_differences_name_the_earliest_first(results: Results) -> None:
    assert differences(results, results) == []
    timeline, firms = results.timeline.copy(), results.firms.copy()
    timeline.loc[timeline["month"] >= 5, "mean_price"] += 0.5
    timeline.loc[timeline["month"] == 2, "n_firms"] += 1
    firms.loc[7, "cause"] = "struck by lightning"
    changed = replace(results, timeline=timeline, firms=firms, towns=results.towns.iloc[:-1].drop(columns="y"))
    found = differences(results, changed)
    assert [(d.table, d.column) for d in found[:2]] == [("towns", "y"), ("towns", "")]
    assert ("timeline", "n_firms", 2) in {(d.table, d.column, d.first_month) for d in found}
    assert ("timeline", "mean_price", 5) in {(d.table, d.column, d.first_month) for d in found}
    assert ("firms", "cause", int(firms.loc[7, "birth"])) in {(d.table, d.column, d.first_month) for d in found}
    assert len(found) == 5
    months = [d.first_month for d in found if d.first_month is not None]
    assert months == sorted(months)


def test_an_unknown_figure_names_the_nearest(results: Results) -> None:
    with pytest.raises(HomogsimError, match="Did you mean diversity"):
        results.plot("divresity")
