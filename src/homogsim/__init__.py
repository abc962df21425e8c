"""Does automation make small businesses alike, when, and who gains or loses? A market simulation.

>>> import homogsim as hs
>>> hs.Scenario.read("baseline").name
'baseline'

The names below are loaded when they are first used, so that ``import homogsim`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from homogsim import kernel_cache as _kernel_cache
from homogsim import lean as _lean  # noqa: F401  # before anything imports Mesa or calls Numba

if TYPE_CHECKING:
    from homogsim.agents.owners import Owner
    from homogsim.agents.situations import Decision, Situation
    from homogsim.agents.views import ConsumerAgent, FirmAgent
    from homogsim.errors import HomogsimError
    from homogsim.experiments.advice.advise import advise
    from homogsim.experiments.compare import compare
    from homogsim.experiments.comparison import Comparison
    from homogsim.experiments.function import as_function
    from homogsim.model import MarketModel
    from homogsim.parameters import Parameters
    from homogsim.results import Results
    from homogsim.running import run
    from homogsim.scenario import Scenario, presets

__all__ = [
    "Comparison", "ConsumerAgent", "Decision", "FirmAgent", "HomogsimError", "MarketModel", "Owner", "Parameters",
    "Results", "Scenario", "Situation", "__version__", "advise", "as_function", "compare", "presets", "run",
]  # fmt: skip

_HOMES = {
    "Comparison": "homogsim.experiments.comparison",
    "ConsumerAgent": "homogsim.agents.views",
    "Decision": "homogsim.agents.situations",
    "FirmAgent": "homogsim.agents.views",
    "HomogsimError": "homogsim.errors",
    "MarketModel": "homogsim.model",
    "Owner": "homogsim.agents.owners",
    "Parameters": "homogsim.parameters",
    "Results": "homogsim.results",
    "Scenario": "homogsim.scenario",
    "Situation": "homogsim.agents.situations",
    "advise": "homogsim.experiments.advice.advise",
    "as_function": "homogsim.experiments.function",
    "compare": "homogsim.experiments.compare",
    "presets": "homogsim.scenario",
    "run": "homogsim.running",
}

__version__: str

_kernel_cache.keep_apart()  # before anything imports Numba


def __getattr__(name: str) -> Any:
    """Load a public name from its home (PEP 562)."""
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module 'homogsim' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("homogsim")
    except PackageNotFoundError:  # a checkout on the path that was never installed
        return "0+unknown"
