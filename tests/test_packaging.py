"""What an installed homogsim carries: the presets and its types, wherever it is called from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from homogsim.scenario import Scenario, presets

CHECKOUT = Path(__file__).parents[1]


def call(*arguments: str, folder: Path, path: str = "") -> str:
    """Return what Python prints when it is called in a folder, with one more place to import from."""
    environment = os.environ | {"PYTHONPATH": path, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    call("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), folder=CHECKOUT)
    (wheel,) = folder.glob("homogsim-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.mark.xdist_group("packaging")
def test_the_wheel_brings_the_presets(installed: Path, tmp_path: Path) -> None:
    code = (
        "import json; from homogsim.scenario import Scenario, presets;"
        "print(json.dumps({n: [str(p), Scenario.read(n).fingerprint()] for n, p in presets().items()}))"
    )
    found = json.loads(call("-c", code, folder=tmp_path, path=str(installed)))
    assert {name: fingerprint for name, (_, fingerprint) in found.items()} == {
        name: Scenario.read(name).fingerprint() for name in presets()
    }
    assert all(Path(path).parent == installed / "homogsim" / "scenarios" for path, _ in found.values())


@pytest.mark.xdist_group("packaging")
def test_the_wheel_brings_the_targets(installed: Path, tmp_path: Path) -> None:
    code = "from homogsim.experiments.targets import targets; print(len(targets().targets))"
    assert call("-c", code, folder=tmp_path, path=str(installed)).strip() == "42"
    shipped = installed / "homogsim" / "data" / "targets.toml"
    assert shipped.read_bytes() == (CHECKOUT / "src" / "homogsim" / "data" / "targets.toml").read_bytes()


@pytest.mark.xdist_group("packaging")
def test_the_wheel_says_that_it_has_types_and_carries_no_caches(installed: Path) -> None:
    assert (installed / "homogsim" / "py.typed").exists()
    assert not [p for p in installed.rglob("*") if p.suffix in (".nbi", ".nbc", ".pyc")]


@pytest.mark.xdist_group("packaging")
def test_the_wheel_brings_the_pages_scripts_and_styles(installed: Path) -> None:
    drawn = {path.name for path in (CHECKOUT / "src" / "homogsim" / "ui" / "static").iterdir()}
    assert {"app.js", "base.css"} <= drawn
    assert {path.name for path in (installed / "homogsim" / "ui" / "static").iterdir()} == drawn


def test_importing_homogsim_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("numba", "mesa", "pandas", "scipy", "matplotlib", "pyarrow", "networkx")
    code = f"import sys, homogsim; homogsim.Scenario.read('baseline'); print([m for m in {heavy} if m in sys.modules])"
    assert call("-c", code, folder=tmp_path, path=str(CHECKOUT / "src")).strip() == "[]"
