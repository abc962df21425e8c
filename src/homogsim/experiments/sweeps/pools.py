"""Where runs are made: in this process, in worker processes, on a Dask cluster, or on anybody's executor."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.processes import ProcessExecutor, WorkerDied

WHERE = "--executor"
ANSWER_SECONDS = 20.0
"""Seconds within which a scheduler and its first worker have to answer."""
KNOWN = "Known: process, serial, dask:ADDRESS, dask:FILE.json, MODULE:FACTORY."
EXTRA = 'Install the extra: pip install "homogsim[dask]".'


class PoolLost(HomogsimError):
    """The executor is gone and does not come back; the sweep can be resumed."""

    exit_code = 130


class SerialExecutor(Executor):
    """Calls at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Pool:
    """An executor, and what is known about it.

    Parameters
    ----------
    open : callable
        Makes the executor, also anew when it was lost.
    slots : int
        Tasks that it makes at a time.
    """

    alone = True
    """Whether a task that may have broken the executor is tried again with no other in flight."""
    beside = False
    """Whether several such tasks may be in flight, because each death is blamed on the right one."""
    strikes = 2
    """Deaths of a run by itself after which it is given up."""
    tries = 1
    """How often the executor itself tries a task whose worker died."""
    here = True
    """Whether its workers share this machine's memory."""
    lost: tuple[type[BaseException], ...] = (BrokenExecutor, CancelledError, WorkerDied)
    """What futures raise when their task was lost, not failed."""

    def __init__(self, open: Callable[[], Executor], slots: int) -> None:
        self._open, self._slots = open, slots
        self.executor = open()

    def slots(self) -> int:
        """Return how many tasks are made at a time; 0 when all workers are gone."""
        return self._slots

    def is_usable(self) -> bool:
        """Return whether the executor takes tasks."""
        return True

    def reopen(self) -> None:
        """Make the executor anew after it was lost.

        Raises
        ------
        PoolLost
            It does not come back.
        """
        self._shut(self.executor)
        try:
            self.executor = self._open()
        except Exception as error:
            raise PoolLost(f"the executor is lost ({error!s:.200})", WHERE, "The same command goes on.") from error

    def close(self, *, at_once: bool = False) -> None:
        """End it, and its tasks."""
        self._shut(self.executor, wait=not at_once)

    def _shut(self, executor: Executor, *, wait: bool = False) -> None:
        with suppress(Exception):  # it may be broken
            executor.shutdown(wait=wait, cancel_futures=True)


class OwnPool(Pool):
    """Our worker processes: each death is blamed on the one task that caused it."""

    alone, beside = False, True

    def __init__(self, jobs: int) -> None:
        super().__init__(lambda: ProcessExecutor(jobs), jobs)


class DaskPool(Pool):
    """A Dask cluster. Workers may come and go; a run that kills its workers is told by Dask after some of them.

    Parameters
    ----------
    address : str
        Of the scheduler, or its scheduler file (``.json``).
    """

    alone, tries, here = False, 4, False

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
            from distributed.comm.core import CommClosedError
            from distributed.scheduler import KilledWorker
        except ImportError as error:
            what = f"--executor dask needs {error.name}, which is not installed"
            raise HomogsimError(what, WHERE, EXTRA) from error
        self._client_class: Any = Client
        self._address = address
        self.lost = (KilledWorker, CommClosedError, CancelledError, TimeoutError, _cancelled())
        self._client: Any = None
        try:
            super().__init__(self._connected, 1)
        except Exception as error:  # whatever the network, the address or Dask's settings bring
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            what = f"the scheduler does not answer ({reason:.200})"
            help = "Is it running, is the address right, and does a firewall stand between?"
            raise HomogsimError(what, f"{WHERE} dask:{address}", help) from error

    def _connected(self) -> Executor:
        if self._client is not None:
            with suppress(Exception):
                self._client.close(timeout=2)
        where = {"scheduler_file": self._address} if self._address.endswith(".json") else {"address": self._address}
        if self._address.endswith(".json") and not os.path.isfile(self._address):
            raise OSError(f"there is no file {self._address}")
        self._client = self._client_class(**where, timeout=ANSWER_SECONDS / 2, set_as_default=False)
        return self._client.get_executor(pure=False)

    def slots(self) -> int:
        """Return the number of workers: in each one run is made at a time."""
        with suppress(Exception):
            return len(self._client.scheduler_info(n_workers=-1)["workers"])
        return 0

    def is_usable(self) -> bool:
        """Return whether the scheduler is still there."""
        return self._client.status in ("running", "connecting")

    def reopen(self) -> None:
        """Connect again, for a while.

        Raises
        ------
        PoolLost
            The scheduler does not answer any more.
        """
        until = time.monotonic() + 3 * ANSWER_SECONDS
        while True:
            try:
                self.executor = self._connected()
                return
            except (OSError, ValueError, RuntimeError) as error:
                if time.monotonic() > until:
                    what = f"the scheduler is gone ({str(error).splitlines()[0]:.200})"
                    raise PoolLost(what, WHERE, "The same command goes on.") from error
                time.sleep(1.0)

    def close(self, *, at_once: bool = False) -> None:
        """Leave the cluster; it goes on without us."""
        with suppress(Exception):
            self.executor.shutdown(wait=False)
        with suppress(Exception):
            self._client.close(timeout=5)


def _cancelled() -> type[BaseException]:
    """Return what Dask's futures raise when their scheduler is gone."""
    try:
        from distributed.client import FutureCancelledError

        return FutureCancelledError
    except ImportError:  # distributed before 2024.12
        return CancelledError


def open_pool(name: str, jobs: int) -> Pool:
    """Return what runs are made on.

    Parameters
    ----------
    name : str
        ``process``, ``serial``, ``dask:ADDRESS`` or ``MODULE:FACTORY``.
    jobs : int
        Workers of ``process``; tasks at a time of an executor that does not say its own number.

    Raises
    ------
    HomogsimError
        It is unknown, or does not answer.
    """
    kind, sign, rest = name.partition(":")
    if name == "serial":
        pool = Pool(SerialExecutor, 1)
        pool.alone = False
        return pool
    if name == "process":
        return OwnPool(jobs)
    if kind == "dask" and rest:
        return DaskPool(rest)
    if sign and rest:
        return Pool(_factory(kind, rest), jobs)
    raise HomogsimError(f"there is no executor {name[:100]!r}", WHERE, KNOWN)


def _factory(module: str, name: str) -> Callable[[], Executor]:
    import sys
    from importlib import import_module

    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as `python -m` would
    try:
        factory = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise HomogsimError(f"cannot load {module[:60]}:{name[:60]} ({error})", WHERE, KNOWN) from error

    def opened() -> Executor:
        made = factory()
        if not hasattr(made, "submit"):
            raise HomogsimError(f"{module}:{name} returned no executor, but {type(made).__name__}", WHERE)
        return made

    return opened


def open_scheduler(name: str) -> str:
    """Return a warning if an executor's address lets anyone on the network run code; otherwise an empty text."""
    found = re.match(r"dask:(?:tcp://)?(\[[^\]]*\]|[^:/]+):\d+$", name)
    if found is None or name.startswith("dask:tls://"):
        return ""
    host = found.group(1).strip("[]")
    if host in ("localhost", "::1") or host.startswith("127."):
        return ""
    return (
        f"{host} is reached without encryption: whoever reaches that scheduler runs any code there and here. "
        "Use tls://, or an ssh tunnel to loopback (docs/guide/cluster.md)."
    )


def weak_limit(name: str, timeout: float | None) -> str:
    """Return a warning if a time limit cannot end a run that hangs within a month there; otherwise an empty text."""
    if timeout is None or name == "process" or name.startswith("dask:"):
        return ""
    return (
        f"with --executor {name[:100]} the limit of {timeout:g} s ends a run only between two months: one that hangs "
        "within a month hangs the sweep. --executor process ends that one, too."
    )
