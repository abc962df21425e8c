"""Examples in the documentation write their files where nobody minds."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _elsewhere(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run examples of text files in a folder of their own."""
    if isinstance(request.node, pytest.DoctestItem) and request.path.suffix == ".md":
        monkeypatch.chdir(tmp_path)
