"""Crews on real processes and a real local Dask cluster, with workers that are killed."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import pytest

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import EngineError, FleetError, InstanceError
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.crew import LOSSES_ALLOWED, Crew, open_crew

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))
workers: Any = importlib.import_module("moip_workers")

PROGRAM: MultiObjectiveProgram = workers.small_program()
VALUES = [(0, 0, 3, 0), (1, 2, 0, 3), (3, 3, 0, 1), (0, 0, 0, 0), (2, 1, 1, 1), (0, 3, 3, 0)]
EVALUATE = [("evaluate", *values) for values in VALUES]
PATIENCE_S = 90
ROOT = HERE.parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}


def results(futures: list[Future[JobReport]]) -> list[Any]:
    """What came home, in the order of the jobs, without what differs from worker to worker."""
    reports = [future.result(PATIENCE_S) for future in futures]
    return [(r.points[0].image, r.points[0].x.tolist(), r.claims, r.stopped) for r in reports]


EXPECTED = results([open_crew(PROGRAM, workers.perform).submit(job) for job in EVALUATE])


def is_running(pid: int) -> bool:
    """Whether there is a live process; one that is dead and not yet reaped is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rsplit(")", 1)[1].split()[0] not in "ZX"


def all_gone(pids: list[int], within_s: float) -> bool:
    """Whether these processes end in time."""
    until = time.monotonic() + within_s
    while any(map(is_running, pids)):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def pids_in(log: Path, count: int) -> list[int]:
    """Wait for ``count`` process numbers in a file."""
    until = time.monotonic() + PATIENCE_S
    while not log.exists() or len(log.read_text().splitlines()) < count:
        assert time.monotonic() < until, "the workers did not begin"
        time.sleep(0.05)
    return [int(line) for line in log.read_text().splitlines()]


class Cluster:
    """A Dask scheduler and workers, each a real process; each worker has a nanny."""

    def __init__(self, folder: Path, n_workers: int, allowed_failures: int = 3) -> None:
        pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
        self.log = folder / "log"
        self._environment = {
            **ENVIRONMENT,
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        told = folder / "scheduler.json"
        local = ["--host", "127.0.0.1", "--no-dashboard"]
        self._start("dask_scheduler", *local, "--port", "0", "--scheduler-file", str(told))
        until = time.monotonic() + PATIENCE_S
        while not told.exists() or not told.read_text():
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)
        self.address = json.loads(told.read_text())["address"]
        if n_workers:
            count = ["--nworkers", str(n_workers), "--nthreads", "1"]
            place = ["--local-directory", str(folder)]
            self._start("dask_worker", self.address, *local, *count, *place)
            self.wait_for(n_workers)

    def _start(self, module: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
                    stdout=log,
                    stderr=log,
                    env=self._environment,
                    cwd=ROOT,
                    start_new_session=True,
                )
            )

    def wait_for(self, n_workers: int) -> list[int]:
        """Process numbers of the workers, once there are so many."""
        distributed = importlib.import_module("distributed")
        with distributed.Client(self.address, set_as_default=False, timeout=PATIENCE_S) as client:
            client.wait_for_workers(n_workers, timeout=PATIENCE_S)
            return list(client.run(os.getpid).values())

    def stop(self) -> None:
        """Kill every process of the cluster."""
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def new_cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Clusters for one test."""
    with contextlib.ExitStack() as undo:

        def begin(n_workers: int, **options: Any) -> Cluster:
            cluster = Cluster(tmp_path, n_workers, **options)
            undo.callback(cluster.stop)
            return cluster

        yield begin


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three workers for all tests."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), 3)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def local_crew() -> Iterator[Crew]:
    with open_crew(PROGRAM, workers.perform, workers=2) as crew:
        yield crew


@pytest.fixture
def dask_crew(cluster: Cluster) -> Iterator[Crew]:
    cluster.wait_for(3)
    with open_crew(PROGRAM, workers.perform, dask=cluster.address) as crew:
        yield crew


@pytest.fixture(params=["serial", "local", "dask"])
def crew(request: pytest.FixtureRequest) -> Iterator[Crew]:
    """Each of the three."""
    if request.param == "serial":
        with open_crew(PROGRAM, workers.perform) as crew:
            yield crew
    else:
        yield request.getfixturevalue(f"{request.param}_crew")


# The same of every crew.


def test_reports_are_the_same_wherever_jobs_run(crew: Crew) -> None:
    assert results([crew.submit(job) for job in EVALUATE]) == EXPECTED


def test_an_error_of_a_job_passes_unchanged(crew: Crew) -> None:
    with pytest.raises(EngineError) as raised:
        crew.submit(("refuse",)).result(PATIENCE_S)
    assert raised.value.faults == (
        EngineError.one("cannot be treated", where="small", mend="Take another engine").faults
    )


def test_a_crew_goes_on_after_an_error(crew: Crew) -> None:
    failed = crew.submit(("no such job",))
    assert results([crew.submit(EVALUATE[0])]) == EXPECTED[:1]
    assert isinstance(failed.exception(PATIENCE_S), KeyError)


def test_waiting_ends_with_the_first_that_is_done(crew: Crew) -> None:
    futures = [crew.submit(job) for job in EVALUATE]
    done = crew.wait(futures, PATIENCE_S)
    assert done
    assert done <= set(futures)
    assert all(future.done() for future in done)


def test_waiting_ends_with_the_time(local_crew: Crew) -> None:
    future = local_crew.submit(("sleep", 3.0, *VALUES[0]))
    assert local_crew.wait([future], 0.1) == set()
    assert results([future]) == EXPECTED[:1]


# This process.


def test_one_worker_is_this_process() -> None:
    with open_crew(PROGRAM, workers.perform) as crew:
        assert (crew.slots, crew.describe()) == (1, "this process")
        assert crew.submit(EVALUATE[0]).result(0).solves == os.getpid()


def test_the_interrupt_key_passes_through_a_job_of_this_process() -> None:
    with open_crew(PROGRAM, workers.perform) as crew, pytest.raises(KeyboardInterrupt):
        crew.submit(("interrupt",))


# Local processes.


def test_local_workers_are_other_processes(local_crew: Crew) -> None:
    jobs = [("sleep", 1.0, *values) for values in VALUES[:2]]
    reports = [future.result(PATIENCE_S) for future in [local_crew.submit(job) for job in jobs]]
    assert len({os.getpid(), *(report.solves for report in reports)}) == 3
    assert (local_crew.slots, local_crew.describe()) == (2, "2 processes")


def test_the_program_arrives_whole_in_another_process(local_crew: Crew) -> None:
    assert local_crew.submit(EVALUATE[0]).result(PATIENCE_S).stopped == PROGRAM.digest


def test_the_interrupt_key_does_not_reach_local_workers(local_crew: Crew) -> None:
    pids = [local_crew.submit(job).result(PATIENCE_S).solves for job in EVALUATE]
    futures = [local_crew.submit(("sleep", 1.0, *values)) for values in VALUES[:2]]
    for pid in set(pids):
        os.kill(pid, signal.SIGINT)
    assert results(futures) == EXPECTED[:2]
    assert {future.result().solves for future in futures} >= set(pids)


def test_nothing_is_lost_when_a_local_worker_dies_in_its_job(tmp_path: Path) -> None:
    with open_crew(PROGRAM, workers.perform, workers=2) as crew:
        flag = str(tmp_path / "flag")
        jobs = [*EVALUATE[:2], ("die-unless", flag, *VALUES[2]), *EVALUATE[3:]]
        assert results([crew.submit(job) for job in jobs]) == EXPECTED
        assert Path(flag).exists()


def test_nothing_is_lost_when_a_local_worker_is_killed(tmp_path: Path) -> None:
    with open_crew(PROGRAM, workers.perform, workers=2) as crew:
        log = tmp_path / "log"
        burning = crew.submit(("burn", str(log)))
        futures = [crew.submit(("sleep", 0.2, *values)) for values in VALUES]
        (victim,) = pids_in(log, 1)
        os.kill(victim, signal.SIGKILL)
        assert victim not in pids_in(log, 2)[1:]
        assert results(futures) == EXPECTED
        log.unlink()
        assert results([burning]) == EXPECTED[3:4]


def test_a_worker_killed_while_idle_is_replaced() -> None:
    with open_crew(PROGRAM, workers.perform, workers=2) as crew:
        for pid in {crew.submit(job).result(PATIENCE_S).solves for job in EVALUATE}:
            os.kill(pid, signal.SIGKILL)
            assert all_gone([pid], 10)
        assert results([crew.submit(job) for job in EVALUATE]) == EXPECTED


def test_a_job_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with open_crew(PROGRAM, workers.perform, workers=2) as crew:
        deadly = crew.submit(("always-die", str(log)))
        futures = [crew.submit(job) for job in EVALUATE]
        with pytest.raises(FleetError, match="lost its worker 3 times") as raised:
            deadly.result(PATIENCE_S)
        assert not isinstance(raised.value, EngineError)
        assert len(log.read_text().splitlines()) == LOSSES_ALLOWED
        assert results(futures) == EXPECTED


def test_closing_kills_local_workers_at_once_and_settles_every_future(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with open_crew(PROGRAM, workers.perform, workers=2) as crew:
        futures = [crew.submit(("burn", str(log))) for _ in range(4)]
        pids = pids_in(log, 2)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 10
    assert all_gone(pids, 0)
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(0)


def test_closing_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    with open_crew(PROGRAM, workers.perform, workers=2) as crew:
        results([crew.submit(job) for job in EVALUATE])
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("count", [1, 2])
def test_a_closed_crew_takes_no_job(count: int) -> None:
    with open_crew(PROGRAM, workers.perform, workers=count) as crew:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        crew.submit(EVALUATE[0])


@contextlib.contextmanager
def coordinator(log: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process with two busy workers of its own, all in one process group."""
    with subprocess.Popen(
        [sys.executable, HERE / "moip_workers.py", "work", log],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "busy\n"
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_workers_end_when_their_coordinator_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with coordinator(log) as process:
        pids = pids_in(log, 2)
        assert all(map(is_running, pids))
        process.kill()
        assert all_gone(pids, 15)


def test_ctrl_c_stops_coordinator_and_workers_without_a_traceback(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with coordinator(log) as process:
        pids = pids_in(log, 2)
        os.killpg(process.pid, signal.SIGINT)
        told, errors = process.communicate(timeout=PATIENCE_S)
        assert told.splitlines() == ["interrupted", "closed, 3 of 3 futures done"]
        assert errors == ""
        assert all_gone(pids, 0)


# Dask.


def test_a_dask_crew_has_a_slot_for_each_worker(dask_crew: Crew, cluster: Cluster) -> None:
    assert dask_crew.slots == 3
    assert dask_crew.describe() == f"Dask {cluster.address} (3 workers)"


def test_dask_jobs_run_in_several_processes(dask_crew: Crew) -> None:
    futures = [dask_crew.submit(("sleep", 0.5, *values)) for values in VALUES]
    pids = {future.result(PATIENCE_S).solves for future in futures}
    assert len(pids) == 3
    assert os.getpid() not in pids


def test_nothing_is_lost_when_a_dask_worker_is_killed(dask_crew: Crew, tmp_path: Path) -> None:
    log = tmp_path / "log"
    burning = dask_crew.submit(("burn", str(log)))
    futures = [dask_crew.submit(("sleep", 0.5, *values)) for values in VALUES]
    (victim,) = pids_in(log, 1)
    os.kill(victim, signal.SIGKILL)
    (second,) = pids_in(log, 2)[1:]
    assert second != victim
    assert results(futures) == EXPECTED
    log.unlink()
    assert results([burning]) == EXPECTED[3:4]


def test_nothing_is_lost_when_all_dask_workers_are_killed(
    dask_crew: Crew, cluster: Cluster
) -> None:
    pids = cluster.wait_for(3)
    futures = [dask_crew.submit(("sleep", 1.0, *values)) for values in VALUES]
    time.sleep(0.5)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert results(futures) == EXPECTED


def test_a_dask_job_given_up_by_dask_is_run_again_and_then_given_up_too(
    new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    cluster = new_cluster(2, allowed_failures=0)
    log, flag = tmp_path / "deaths", tmp_path / "flag"
    with open_crew(PROGRAM, workers.perform, dask=cluster.address) as crew:
        once = crew.submit(("die-unless", str(flag), *VALUES[2]))
        assert results([once]) == EXPECTED[2:3]
        assert flag.exists()
        with pytest.raises(FleetError, match="lost its worker 3 times"):
            crew.submit(("always-die", str(log))).result(PATIENCE_S)
        assert len(log.read_text().splitlines()) == LOSSES_ALLOWED


def test_closing_a_dask_crew_settles_every_future_and_leaves_the_cluster(cluster: Cluster) -> None:
    with open_crew(PROGRAM, workers.perform, dask=cluster.address) as crew:
        futures = [crew.submit(("sleep", 4.0, *values)) for values in VALUES]
        time.sleep(0.5)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 6
    assert all(isinstance(exception_of(future), CancelledError) for future in futures)
    with open_crew(PROGRAM, workers.perform, dask=cluster.address) as crew:
        assert results([crew.submit(EVALUATE[0])]) == EXPECTED[:1]


def exception_of(future: Future[JobReport]) -> BaseException | None:
    """How a settled future failed."""
    try:
        return future.exception(0)
    except CancelledError as error:
        return error


# Bad input.


@pytest.mark.parametrize("count", [0, -3])
def test_less_than_one_worker_is_refused(count: int) -> None:
    with pytest.raises(InstanceError, match=rf"--workers: .*got {count}"):
        open_crew(PROGRAM, workers.perform, workers=count)


def test_workers_and_dask_together_are_refused() -> None:
    with pytest.raises(InstanceError, match="--workers: 2 local workers and a Dask cluster"):
        open_crew(PROGRAM, workers.perform, workers=2, dask="tcp://127.0.0.1:8786")


def test_dask_that_is_not_installed_is_told_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r"pip install 'fleetfront\[cluster\]'"):
        open_crew(PROGRAM, workers.perform, dask="tcp://127.0.0.1:8786")


@pytest.mark.parametrize(
    "address", ["", "nonsense", "tcp://", "foo://x:1", "127.0.0.1:abc", "tcp://h:99999", "h:0"]
)
def test_a_malformed_address_is_refused(address: str) -> None:
    pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    with pytest.raises(InstanceError, match="is no address of a Dask scheduler"):
        open_crew(PROGRAM, workers.perform, dask=address)


def test_a_scheduler_that_does_not_answer_is_named() -> None:
    pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    began_s = time.monotonic()
    with pytest.raises(EngineError, match=r"--dask tcp://127.0.0.1:9: no Dask scheduler answers"):
        open_crew(PROGRAM, workers.perform, dask="tcp://127.0.0.1:9")
    assert time.monotonic() - began_s < 20


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a scheduler two seconds and not ten."""
    monkeypatch.setattr("solver.sweep.moip.crew_dask._CONNECT_S", 2)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_without_workers_is_refused(new_cluster: Callable[..., Cluster]) -> None:
    empty = new_cluster(0)
    with pytest.raises(EngineError, match="no worker answers within 2 s"):
        open_crew(PROGRAM, workers.perform, dask=empty.address)


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_that_is_lost_ends_every_job_with_an_error(
    new_cluster: Callable[..., Cluster],
) -> None:
    doomed = new_cluster(1)
    with open_crew(PROGRAM, workers.perform, dask=doomed.address) as crew:
        future = crew.submit(("sleep", 60.0, *VALUES[0]))
        time.sleep(0.5)
        doomed.stop()
        with pytest.raises(FleetError, match="lost its worker"):
            future.result(PATIENCE_S)
