"""What an installed homogsim carries: the presets and its types, wherever it is called from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from homogsim.scenario import Scenario, presets

CHECKOUT = Path(__file__).parents[1]
WITHIN = (".py", ".toml", ".html", ".css", ".js", ".typed")


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


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist and wheel as ``python -m build`` does: the wheel from the sdist."""
    folder = tmp_path_factory.mktemp("distributions")
    call("-m", "build", "--no-isolation", "--outdir", str(folder), str(CHECKOUT), folder=folder)
    return folder


@pytest.mark.xdist_group("packaging")
def test_the_wheel_of_the_sdist_is_whole(distributions: Path) -> None:
    (wheel,), (source,) = distributions.glob("*.whl"), distributions.glob("*.tar.gz")
    names = set(zipfile.ZipFile(wheel).namelist())
    package = CHECKOUT / "src" / "homogsim"
    wanted = {f"homogsim/{p.relative_to(package)}" for p in package.rglob("*") if p.suffix in WITHIN and p.is_file()}
    assert wanted <= names
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "pyproject.toml",
        "mkdocs.yml",
        "notebooks/1-quick-start.ipynb",
        "docs/index.md",
        "tests/browser.py",
    } <= inside


def others() -> list[str]:
    """Return the Pythons of this machine in which homogsim is to be installed."""
    found = (shutil.which(f"python{version}") for version in ("3.11", "3.12", "3.13"))
    return [path for path in found if path is not None and answers(path)]


def answers(python: str) -> bool:
    """Return whether a Python can make environments; pyenv's stand-ins for absent versions cannot."""
    return subprocess.run([python, "-c", "import ensurepip"], capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("python", others())
def test_sdist_and_wheel_run_in_an_empty_environment(distributions: Path, tmp_path: Path, python: str) -> None:
    (wheel,), (source,) = distributions.glob("*.whl"), distributions.glob("*.tar.gz")
    place = tmp_path / "environment"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    own = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    sizes = ("world.towns=2", "world.consumers=40", "calendar.warm_up=6", "calendar.before=6", "calendar.months=12")
    settings = [word for size in sizes for word in ("--set", size)]
    homogsim = str(own.with_name("homogsim"))
    for words in (
        [python, "-m", "venv", str(place)],
        [str(own), "-m", "pip", "install", "--quiet", str(source)],
        [homogsim, "run", "baseline", *settings, "--out", "from-source"],
        [str(own), "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", str(wheel)],
        [homogsim, "run", "baseline", *settings, "--out", "from-wheel"],
        [homogsim, "report", "from-wheel"],
    ):
        done = subprocess.run(words, cwd=tmp_path, env=clean, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "from-wheel" / "report.html").stat().st_size > 100_000
    made = [json.loads((tmp_path / name / "run.json").read_text("utf-8")) for name in ("from-source", "from-wheel")]
    assert made[0]["results_hash"] == made[1]["results_hash"]
