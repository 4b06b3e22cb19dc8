"""Workers of a Dask cluster that runs already.

Dask itself moves the jobs of a dead worker to another one, and gives up with ``KilledWorker`` after
a few; a post starts the job again then, and where Dask cancelled it. A job travels without the
program; a worker that does not have it yet says so and is sent both.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import re
import threading
from collections import OrderedDict
from concurrent.futures import CancelledError, Executor, Future, wait
from typing import Any

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import EngineError, InstanceError
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.crew_posts import LostError, Perform, StaffedCrew, pack, unpack

__all__ = ["open_dask_crew"]

_CONNECT_S = 10
_ANSWER_S = 60
"""Of the first answer: a worker imports the solver before it, slowly on a busy machine or disk."""
_CLOSE_S = 10
_POLL_S = 1
_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?(\[[0-9a-fA-F:.%]+\]|[^\s:/\[\]]+):(\d+)/?")

# A Dask worker may have several threads; neither engines nor what perform keeps are made for that.
_ONE_AT_A_TIME = threading.Lock()

# In workers: the kits they were given, by name. Not data of the cluster: Dask would prefer the
# workers that hold them and leave others idle, and would lose them with the last that does.
_KITS: OrderedDict[str, bytes] = OrderedDict()
_KITS_KEPT = 4


def open_dask_crew(program: MultiObjectiveProgram, perform: Perform, address: str) -> StaffedCrew:
    """Connect to a scheduler; there are as many posts as it has worker processes now.

    Raises
    ------
    InstanceError
        If the address is malformed.
    EngineError
        If Dask is not installed, or scheduler or workers cannot be used.
    """
    where = f"--dask {address}"
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise EngineError.one(
            f"Dask is not installed ({error})",
            where=where,
            mend="pip install 'fleetfront[cluster]'",
        ) from error
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[4]) < 2**16:
        raise InstanceError.one(
            "is no address of a Dask scheduler",
            where=where,
            mend="Give it as tcp://host:port, as the scheduler tells when it starts",
        )
    try:
        client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError.one(
            f"no Dask scheduler answers there ({error})",
            where=where,
            mend="Start one with dask scheduler, or correct the address",
        ) from error
    with contextlib.ExitStack() as undo:
        undo.callback(client.close, timeout=_CLOSE_S)
        executor = client.get_executor(pure=False)
        kit = pack(program, perform)
        _try_out(client, executor, program, kit, where)
        workers = len(client.nthreads())
        lost = (distributed.KilledWorker, CancelledError)
        return StaffedCrew(
            [_DaskPost(client, executor, kit, lost) for _ in range(workers)],
            about=f"Dask {address} ({workers} workers)",
            where=where,
            finish=undo.pop_all().close,
        )


def _try_out(
    client: Any, executor: Executor, program: MultiObjectiveProgram, kit: bytes, where: str
) -> None:
    """Refuse a cluster whose workers cannot read the program."""
    try:
        client.wait_for_workers(1, timeout=_CONNECT_S)
    except TimeoutError as error:
        raise EngineError.one(
            f"no worker answers within {_CONNECT_S} s",
            where=where,
            mend="Start some with dask worker, or wait until they are there",
        ) from error
    try:
        told = executor.submit(_digest_there, kit).result(_ANSWER_S)
    except TimeoutError as error:
        raise EngineError.one(
            f"its workers have not read the program within {_ANSWER_S} s",
            where=where,
            mend="See whether they are busy with other work, or their disks are slow",
        ) from error
    except Exception as error:
        raise EngineError.one(
            f"its workers cannot read the program ({error!r})",
            where=where,
            mend="Install the same fleetfront and Python on the scheduler and every worker",
        ) from error
    if told != program.digest:
        raise EngineError.one(
            f"its workers read the program as {told[:12]}, not {program.digest[:12]}",
            where=where,
            mend="Install the same fleetfront on the scheduler and every worker",
        )


def _digest_there(kit: bytes) -> str:
    return unpack(kit)[0].digest


def _perform_there(name: str, kit: bytes | None, job: object) -> JobReport | None:
    """Do the job, or return ``None`` where this worker has yet to be given the kit."""
    with _ONE_AT_A_TIME:
        if kit is not None:
            while len(_KITS) >= _KITS_KEPT:
                _KITS.popitem(last=False)
            _KITS[name] = kit
        if name not in _KITS:
            return None
        program, perform = unpack(_KITS[name])
        return perform(program, job)


class _DaskPost:
    """One job at a time on the cluster; Dask chooses the worker."""

    def __init__(
        self, client: Any, executor: Executor, kit: bytes, lost: tuple[type[BaseException], ...]
    ) -> None:
        self._client, self._executor, self._kit, self._lost = client, executor, kit, lost
        self._name = hashlib.sha256(kit).hexdigest()
        self._abandoned = False
        self._running: Future[JobReport | None] | None = None

    def perform(self, job: object) -> JobReport:
        """Do the job on some worker."""
        report = self._ask(None, job)
        while report is None:
            report = self._ask(self._kit, job)
        return report

    def _ask(self, kit: bytes | None, job: object) -> JobReport | None:
        if self._abandoned:
            raise LostError("the crew is closed")
        if self._client.status == "closed":
            raise LostError("the connection to the scheduler was lost")
        self._running = future = self._executor.submit(_perform_there, self._name, kit, job)
        if self._abandoned:
            future.cancel()
        while not wait([future], _POLL_S).done:
            # A client that gives its scheduler up leaves what is under way without an end.
            if self._client.status == "closed":
                raise LostError("the connection to the scheduler was lost")
        try:
            return future.result()
        except self._lost as error:
            raise LostError(str(error) or "cancelled by Dask") from error

    def abandon(self) -> None:
        """Cancel the job. Dask lets what runs come to its end, and drops the result."""
        self._abandoned = True
        if self._running is not None:
            self._running.cancel()

    def dismiss(self) -> None:
        """Forget the job; the client closes with the crew."""
        self._running = None
