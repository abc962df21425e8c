"""What is put off still works when somebody asks for it."""

import subprocess
import sys

CODE = """
import sys
import homogsim
import mesa, scipy
assert "scipy.spatial" not in sys.modules, "Mesa's experimental part was loaded"
assert "scipy.linalg._decomp" not in sys.modules
assert abs(scipy.linalg.det([[2.0, 0.0], [0.0, 3.0]]) - 6.0) < 1e-12
from scipy.linalg import svd
from mesa.experimental.devs import ABMSimulator
assert mesa.experimental.continuous_space.ContinuousSpace
import scipy.stats, scipy.optimize
try:
    scipy.linalg.no_such_name
except AttributeError:
    print("fine")
"""

LIBRARIES_FIRST = (
    "import mesa, scipy.linalg; import homogsim; assert scipy.linalg.inv and mesa.experimental.devs; print('fine')"
)


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_parts_are_put_off_until_they_are_asked_for() -> None:
    import mesa

    code = CODE
    if not mesa.__version__.startswith("3.3"):  # later ones import parts of it themselves
        code = code.replace('assert "scipy.spatial" not in sys.modules, "Mesa\'s experimental part was loaded"\n', "")
    assert run(code) == "fine"


def test_libraries_that_were_there_first_are_left_alone() -> None:
    assert run(LIBRARIES_FIRST) == "fine"


LOGGERS = """
import inspect
known = inspect.stack, inspect.getouterframes, inspect.getmodule
import homogsim.model
assert known == (inspect.stack, inspect.getouterframes, inspect.getmodule)
import mesa.mesa_logging
print(*sorted(mesa.mesa_logging._module_loggers))
"""


def test_loggers_of_mesa_have_their_names() -> None:
    plain = LOGGERS.replace("import homogsim.model", "import mesa, mesa.experimental.devs")
    assert set(run(LOGGERS).split()) <= set(run(plain).split())
    assert "mesa.model" in run(LOGGERS)
