"""Time the all-reduce over several devices, in processes started for it and ended after it.

One process a device, joined through a file in a temporary folder and, on a CPU, the loopback
interface: nothing leaves the machine. NCCL moves the data on GPUs, Gloo on CPUs. A loop of calls is
timed on each process, and the slowest tells: a collective is done when all are.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import socket
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from solver.calibration.cases import CollectiveCase
from solver.errors import EngineError

__all__ = ["all_reduce_s"]

_SAMPLES = 7
_SAMPLE_S = 5e-3
_MOST_CALLS = 200
_WARM_UP_CALLS = 5


def all_reduce_s(cases: Sequence[CollectiveCase], *, kind: str, limit_s: float) -> list[float]:
    """Median seconds of each case, in the order given; processes are started once a world.

    Parameters
    ----------
    kind
        ``cuda`` or ``cpu``.
    limit_s
        Seconds for all of them together.

    Raises
    ------
    EngineError
        Where a process failed, or the time was not enough.
    """
    end_s = time.monotonic() + limit_s
    found: dict[CollectiveCase, float] = {}
    for world in sorted({case.world for case in cases}):
        sizes = sorted({case.message_bytes for case in cases if case.world == world})
        medians = _one_world(world, sizes, kind=kind, end_s=end_s)
        for size, median_s in zip(sizes, medians, strict=True):
            found[CollectiveCase(world, size)] = median_s
    return [found[case] for case in cases]


def _one_world(world: int, sizes: Sequence[int], *, kind: str, end_s: float) -> list[float]:
    # A forked process would inherit the state of the GPU's driver, which it must not use.
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    with tempfile.TemporaryDirectory(prefix="fleetfront-") as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        processes = [
            context.Process(
                target=_member,
                args=(rank, world, tuple(sizes), kind, meeting, answers),
                daemon=True,
            )
            for rank in range(world)
        ]
        try:
            for process in processes:
                process.start()
            return _answer(answers, processes, world=world, end_s=end_s)
        finally:
            for process in processes:
                if process.is_alive():
                    process.join(timeout=2.0)
                if process.is_alive():
                    process.kill()
                    process.join()


def _answer(answers: Any, processes: Sequence[Any], *, world: int, end_s: float) -> list[float]:
    """What the first member reports, or the fault of any of them."""
    where = f"all-reduce over {world} devices"
    while True:
        try:
            told = answers.get(timeout=0.2)
        except queue.Empty:
            # A failure is told through the queue; only a process that was killed says nothing.
            dead = [process.exitcode for process in processes if process.exitcode]
            if dead:
                raise EngineError.one(
                    f"a process ended with status {dead[0]}",
                    where=where,
                    mend="Free memory on the devices and run again, or use --no-collectives",
                ) from None
            if time.monotonic() > end_s:
                raise EngineError.one(
                    "the processes did not end in time",
                    where=where,
                    mend="Give a larger --budget, or use --no-collectives",
                ) from None
            continue
        if isinstance(told, str):
            raise EngineError.one(
                told, where=where, mend="Correct that on this machine, or use --no-collectives"
            )
        return [float(seconds) for seconds in told]


def _member(
    rank: int, world: int, sizes: tuple[int, ...], kind: str, meeting: str, answers: Any
) -> None:
    """What each process runs."""
    # The parent alone answers Ctrl-C, and ends its members.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if kind == "cpu":
        loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
        if loopback:
            os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback[0])
    # Not at the top: the parent need not have PyTorch to be tested.
    torch = import_module("torch")
    try:
        medians = _measured(torch, rank, world, sizes, kind, meeting)
    except (RuntimeError, ValueError) as error:
        answers.put(" ".join(f"{type(error).__name__}: {error}".split())[:300])
        return
    if rank == 0:
        answers.put(medians)


def _measured(
    torch: Any, rank: int, world: int, sizes: tuple[int, ...], kind: str, meeting: str
) -> list[float]:
    distributed = torch.distributed
    on_gpu = kind == "cuda"
    device = torch.device("cuda", rank) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // world))
    distributed.init_process_group(
        "nccl" if on_gpu else "gloo", init_method=meeting, rank=rank, world_size=world
    )
    try:
        medians = [_one_size(torch, size, device) for size in sizes]
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
    return medians


def _one_size(torch: Any, message_bytes: int, device: Any) -> float:
    distributed = torch.distributed
    # 32 bits on a CPU, which would widen narrower numbers first; a collective moves bytes.
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    width = 2 if device.type == "cuda" else 4
    vector = torch.zeros(message_bytes // width, dtype=dtype, device=device)

    def seconds_of(calls: int) -> float:
        distributed.barrier()
        if device.type == "cuda":
            torch.cuda.synchronize()
        begun_s = time.perf_counter()
        for _ in range(calls):
            distributed.all_reduce(vector)
        if device.type == "cuda":
            torch.cuda.synchronize()
        slowest = torch.tensor(
            [(time.perf_counter() - begun_s) / calls], dtype=torch.float64, device=device
        )
        distributed.all_reduce(slowest, op=distributed.ReduceOp.MAX)
        return float(slowest.item())

    seconds_of(_WARM_UP_CALLS)
    # Every process gets the same number, since the slowest is the same for all.
    calls = int(min(max(1.0, _SAMPLE_S / seconds_of(2)), _MOST_CALLS))
    return float(np.median([seconds_of(calls) for _ in range(_SAMPLES)]))
