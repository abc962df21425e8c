"""With an empty cache, the workers of a sweep compile each kernel once in all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from homogsim.kernels.second import processors

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import cold


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[cold.Note]]:
    """The folder of kernels after a sweep that began without, and what its processes have done."""
    folder = tmp_path_factory.mktemp("cold")
    return folder / "kernels", cold.sweep_without_kernels(folder)


def test_each_kernel_is_compiled_once(watched: tuple[Path, list[cold.Note]]) -> None:
    folder, notes = watched
    assert cold.compiled_twice(notes) == {}
    kept = {note.file for note in notes if note.what == "kept"}
    assert kept == {str(path) for path in folder.rglob("*.nbc")}
    assert len(kept) > 30


def test_processes_share_the_work_and_leave_nothing_behind(watched: tuple[Path, list[cold.Note]]) -> None:
    folder, notes = watched
    assert len({note.process for note in notes if note.what == "kept"}) > 1
    assert [path for path in folder.rglob("*") if "turn" in path.name.split(".")] == []


def test_one_second_process_where_there_is_a_second_processor(watched: tuple[Path, list[cold.Note]]) -> None:
    notes = watched[1]
    assert sum(note.what == "second process" for note in notes) == (processors() > 1)


def test_what_is_compiled_twice_is_counted() -> None:
    kept = [cold.Note("kept", "1", "a"), cold.Note("kept", "1", "b"), cold.Note("kept", "2", "a")]
    assert cold.compiled_twice(kept) == {"a": 1}
