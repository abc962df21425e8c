"""Every notebook runs on tiny markets, without outputs in the file, with its question, exercises and limits."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

CHECKOUT = Path(__file__).parents[1]
NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))
SECONDS = 400


def test_there_are_the_nine() -> None:
    assert [path.name[0] for path in NOTEBOOKS] == list("123456789")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(CHECKOUT / "src"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("HOMOGSIM_FULL", raising=False)
    monkeypatch.setenv("HOMOGSIM_TINY", "1")
    monkeypatch.setenv("MPLBACKEND", "agg")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    figures = [data for data in shown if re.match(r"<\w*Figure ", data.get("text/plain", ""))]
    assert all("image/png" in data for data in figures)  # a reader would see a line of text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_teaches_and_carries_no_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert re.search(r"\*\*Question: .+\?\*\*", text[0])
    exercises = next(t for t in text if t.startswith("## Exercises"))
    assert 2 <= len(re.findall(r"^\d\. ", exercises, re.MULTILINE)) <= 3
    assert any(t.startswith("### Solutions") for t in text)
    assert text[-1].startswith("## What the model cannot say")
