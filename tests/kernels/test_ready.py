"""What is compiled already is loaded without making ready to compile."""

import subprocess
import sys

KERNELS = """
import sys
import numpy as np
from homogsim.model import MarketModel
model = MarketModel("baseline", months=3, **{"world.towns": 2, "world.consumers": 40, "calendar.warm_up": 3,
                                             "calendar.before": 3})
model.run()
print("numba.np.linalg" in sys.modules)
import numba
@numba.njit
def determinant(matrix):
    return np.linalg.det(matrix)
assert abs(determinant(np.diag(np.array([2.0, 3.0]))) - 6.0) < 1e-12
assert "numba.np.linalg" in sys.modules
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_numba_makes_ready_to_compile_when_there_is_something_to_compile() -> None:
    run(KERNELS)  # now everything is in the cache
    assert run(KERNELS) == "False"
