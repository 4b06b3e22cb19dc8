"""What the measuring layer asks of a machine: kernels to run, a clock, and what it is.

The protocol is all that measuring, fitting and writing know; PyTorch fills it in
``torch_backend``. A machine without events is timed by its clock, one without graphs call by call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from solver.calibration.cases import Case, CollectiveCase

__all__ = ["Backend", "CaptureRefusedError", "CaseRefusedError", "Event", "Machine", "MachineKind"]

MachineKind = Literal["cuda", "cpu"]


class CaseRefusedError(Exception):
    """The machine has no kernel for a case; the text says why. The case is left out and listed."""


class CaptureRefusedError(Exception):
    """A kernel cannot be recorded as a graph; it is timed call by call instead, and marked so."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One device as its driver describes it.

    Parameters
    ----------
    kind, name
        ``cuda`` or ``cpu``, and the device's own name.
    library, driver
        Version of PyTorch, and of the driver (and of CUDA or ROCm where there is one).
    memory_bytes, free_bytes
        Capacity of the device's main memory, and what is free of it now.
    multiprocessors
        Multiprocessors of a GPU, threads that PyTorch uses on a CPU.
    cache_bytes
        Last-level cache that all of them share.
    cache_source
        Who said so.
    devices
        Devices that can take part in a collective.
    precisions
        Names of ``OPERANDS`` that its matrix multiplication runs at.
    collective_library
        ``nccl`` or ``gloo``.
    """

    kind: MachineKind
    name: str
    library: str
    driver: str
    memory_bytes: int
    free_bytes: int
    multiprocessors: int
    cache_bytes: float
    cache_source: str
    devices: int
    precisions: tuple[str, ...]
    collective_library: str


class Event(Protocol):
    """A mark in the device's queue of work."""

    def record(self) -> None:
        """Put the mark into the queue."""

    def elapsed_s(self, end: Event) -> float:
        """Seconds from this mark to ``end``, once the device has passed both."""


class Backend(Protocol):
    """A machine that runs cases."""

    @property
    def machine(self) -> Machine:
        """What it is."""

    def prepare(self, case: Case, *, sets: int, seed: int) -> Callable[[int], None]:
        """Allocate ``sets`` sets of operands; the result starts the kernel on set ``i % sets``.

        Raises
        ------
        CaseRefusedError
            Where there is no kernel or no memory for it.
        """

    def release(self) -> None:
        """Give the memory of the last case back."""

    def synchronize(self) -> None:
        """Wait until all work that was started has ended."""

    def now_s(self) -> float:
        """A clock of the host that never runs backwards, seconds."""

    def event(self) -> Event | None:
        """A mark in the queue; None where the device has no queue of its own."""

    def capture(self, work: Callable[[], None]) -> Callable[[], None] | None:
        """Record ``work`` as a graph and return its replay; None where there are no graphs.

        Raises
        ------
        CaptureRefusedError
            Where the device has graphs, but not of this work.
        """

    def collectives_s(self, cases: Sequence[CollectiveCase], *, limit_s: float) -> list[float]:
        """Median seconds of each collective, in processes of its own.

        ``limit_s`` is the time after which the processes are given up.

        Raises
        ------
        EngineError
            Where a process failed or did not end in time.
        """
