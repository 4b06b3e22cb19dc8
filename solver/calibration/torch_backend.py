"""The measuring protocol on PyTorch: one GPU with events and graphs, or the CPU.

The module ``torch`` is handed in, so that a test can hand in one whose ``cuda`` is made up.
Attention on a GPU is restricted to the fused kernels: the fallback that builds the whole matrix of
scores is nothing an inference engine would run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from solver.calibration.all_reduce import all_reduce_s
from solver.calibration.backend import CaptureRefusedError, CaseRefusedError, Event, Machine
from solver.calibration.cases import (
    Case,
    CollectiveCase,
    ContextCase,
    CopyCase,
    DecodeCase,
    GemmCase,
    LaunchCase,
)
from solver.calibration.torch_machine import cpu_machine, cuda_machine, float8_name
from solver.errors import EngineError

__all__ = ["TorchBackend", "load_torch", "torch_backend"]

_ALLOCATION_FAULTS = ("out of memory", "can't allocate memory", "not enough memory")


def load_torch() -> Any:
    """The module ``torch``.

    Raises
    ------
    EngineError
        Where it is not installed.
    """
    try:
        return import_module("torch")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise EngineError.one(
            "PyTorch is not installed, and it runs the kernels to be measured",
            where="fleetfront calibrate",
            mend="Install it: pip install 'fleetfront[calibrate]'",
        ) from error


def torch_backend(device: str | None = None) -> TorchBackend:
    """The backend of ``"cuda"`` or ``"cpu"``; of the GPU where there is one by default.

    Raises
    ------
    EngineError
        Without PyTorch, or without a GPU where one was asked for.
    """
    torch = load_torch()
    has_gpu = bool(torch.cuda.is_available())
    if device == "cuda" and not has_gpu:
        raise EngineError.one(
            f"PyTorch {torch.__version__} sees no GPU",
            where="--device cuda",
            mend="Install a build of PyTorch for this GPU and its driver, or use --device cpu",
        )
    return TorchBackend(torch, device=device or ("cuda" if has_gpu else "cpu"))


class _CudaEvent:
    """An event on the current stream."""

    def __init__(self, torch: Any) -> None:
        self._event = torch.cuda.Event(enable_timing=True)

    def record(self) -> None:
        self._event.record()

    def elapsed_s(self, end: Event) -> float:
        if not isinstance(end, _CudaEvent):
            raise TypeError("both marks must be of one device")
        return 1e-3 * float(self._event.elapsed_time(end._event))


class TorchBackend:
    """Cases run by PyTorch; see ``Backend``."""

    def __init__(self, torch: Any, *, device: str) -> None:
        self._torch = torch
        self._cuda = device == "cuda"
        self._device = torch.device("cuda", 0) if self._cuda else torch.device("cpu")
        self._machine = cuda_machine(torch) if self._cuda else cpu_machine(torch)
        self._float8 = float8_name(torch) if self._cuda else None
        self._generator = torch.Generator(device=self._device)

    @property
    def machine(self) -> Machine:
        """What the driver says."""
        return self._machine

    def prepare(self, case: Case, *, sets: int, seed: int) -> Callable[[int], None]:
        """See ``Backend``."""
        self._generator.manual_seed(seed)
        try:
            with self._torch.no_grad():
                call = self._call(case, sets)
                # A case without a kernel is found here, not in the middle of a sample.
                call(0)
                self.synchronize()
        except (RuntimeError, MemoryError, NotImplementedError) as error:
            told = " ".join(str(error).split()).lower()
            if isinstance(error, MemoryError) or any(part in told for part in _ALLOCATION_FAULTS):
                raise CaseRefusedError("not enough memory") from error
            if self._cuda and ("cuda error" in told or "hip error" in told):
                # The device is lost; every later case would fail the same way.
                raise EngineError.one(
                    f"the device failed: {told[:200]}",
                    where=f"{self._machine.name}, {case}",
                    mend="Look at the driver's log, free the device and run again",
                ) from error
            raise CaseRefusedError(told[:200]) from error
        return call

    def release(self) -> None:
        """See ``Backend``."""
        if self._cuda:
            self._torch.cuda.empty_cache()

    def synchronize(self) -> None:
        """See ``Backend``."""
        if self._cuda:
            self._torch.cuda.synchronize()

    def now_s(self) -> float:
        """See ``Backend``."""
        return time.perf_counter()

    def event(self) -> Event | None:
        """See ``Backend``."""
        return _CudaEvent(self._torch) if self._cuda else None

    def capture(self, work: Callable[[], None]) -> Callable[[], None] | None:
        """See ``Backend``; kernels are run once on a stream of their own first, as capture asks."""
        if not self._cuda:
            return None
        cuda = self._torch.cuda
        try:
            side = cuda.Stream()
            side.wait_stream(cuda.current_stream())
            with cuda.stream(side):
                work()
            cuda.current_stream().wait_stream(side)
            graph = cuda.CUDAGraph()
            with cuda.graph(graph):
                work()
        except RuntimeError as error:
            cuda.synchronize()
            raise CaptureRefusedError(" ".join(str(error).split())[:200]) from error
        replay: Callable[[], None] = graph.replay
        return replay

    def collectives_s(self, cases: Sequence[CollectiveCase], *, limit_s: float) -> list[float]:
        """See ``Backend``."""
        kind = "cuda" if self._cuda else "cpu"
        return all_reduce_s(cases, kind=kind, limit_s=limit_s)

    def _call(self, case: Case, sets: int) -> Callable[[int], None]:
        if isinstance(case, GemmCase):
            return self._gemm(case, sets)
        if isinstance(case, DecodeCase):
            return self._decode(case, sets)
        if isinstance(case, ContextCase):
            return self._context(case)
        if isinstance(case, CopyCase):
            return self._copy(case, sets)
        return self._launch(case)

    def _normal(self, *shape: int) -> Any:
        """Random operands: zeros would draw less power, and clocks would be higher than real."""
        torch = self._torch
        return torch.empty(shape, dtype=torch.bfloat16, device=self._device).normal_(
            generator=self._generator
        )

    def _copies(self, sets: int, *shape: int) -> list[Any]:
        """Equal operands at different addresses: drawing each anew would take most of the time."""
        first = self._normal(*shape)
        return [first, *(first.clone() for _ in range(sets - 1))]

    def _gemm(self, case: GemmCase, sets: int) -> Callable[[int], None]:
        torch = self._torch
        activations = self._normal(case.m, case.k)
        if case.precision == "bfloat16":
            # Stored by rows of the output, as the weights of a linear layer are.
            weights = [matrix.t() for matrix in self._copies(sets, case.n, case.k)]
            result = torch.empty((case.m, case.n), dtype=torch.bfloat16, device=self._device)

            def multiply(index: int) -> None:
                torch.mm(activations, weights[index % sets], out=result)

            return multiply
        if case.precision != "fp8" or self._float8 is None:
            raise CaseRefusedError(f"no matrix multiplication at {case.precision}")
        narrow = getattr(torch, self._float8)
        one = torch.ones((), dtype=torch.float32, device=self._device)
        first = self._normal(case.n, case.k).to(narrow)
        narrow_weights = [first.clone().t() for _ in range(sets)]

        def scaled(index: int) -> None:
            # The activations are quantised in every call, as a layer has to.
            torch._scaled_mm(
                activations.to(narrow),
                narrow_weights[index % sets],
                scale_a=one,
                scale_b=one,
                out_dtype=torch.bfloat16,
                use_fast_accum=True,
            )

        return scaled

    def _attention_kernels(self) -> Any:
        if not self._cuda:
            return nullcontext()
        attention = self._torch.nn.attention
        kinds = attention.SDPBackend
        return attention.sdpa_kernel([kinds.CUDNN_ATTENTION, kinds.FLASH_ATTENTION])

    def _decode(self, case: DecodeCase, sets: int) -> Callable[[int], None]:
        attend = self._torch.nn.functional.scaled_dot_product_attention
        query = self._normal(case.batch, case.heads, 1, case.head_dim)
        cache = (case.batch, case.kv_heads, case.kv_len, case.head_dim)
        caches = list(zip(self._copies(sets, *cache), self._copies(sets, *cache), strict=True))
        grouped = case.heads != case.kv_heads

        def decode(index: int) -> None:
            keys, values = caches[index % sets]
            with self._attention_kernels():
                attend(query, keys, values, enable_gqa=grouped)

        return decode

    def _context(self, case: ContextCase) -> Callable[[int], None]:
        torch = self._torch
        attend = torch.nn.functional.scaled_dot_product_attention
        query = self._normal(case.batch, case.heads, case.kv_len, case.head_dim)
        width = (case.batch, case.kv_heads, case.kv_len, case.head_dim)
        keys, values = self._normal(*width), self._normal(*width)
        kept_keys, kept_values = torch.empty_like(keys), torch.empty_like(values)
        grouped = case.heads != case.kv_heads

        def context(_index: int) -> None:
            kept_keys.copy_(keys)
            kept_values.copy_(values)
            with self._attention_kernels():
                attend(query, keys, values, is_causal=True, enable_gqa=grouped)

        return context

    def _copy(self, case: CopyCase, sets: int) -> Callable[[int], None]:
        torch = self._torch
        size = case.message_bytes
        if case.from_host:
            sources = [torch.ones(size, dtype=torch.uint8, pin_memory=True)]
        else:
            # Written, so that the pages are there and differ from each other.
            sources = [
                torch.full((size,), index % 251, dtype=torch.uint8, device=self._device)
                for index in range(sets)
            ]
        targets = [torch.zeros(size, dtype=torch.uint8, device=self._device) for _ in sources]

        def copy(index: int) -> None:
            position = index % len(sources)
            targets[position].copy_(sources[position], non_blocking=True)

        return copy

    def _launch(self, case: LaunchCase) -> Callable[[int], None]:
        counter = self._torch.zeros(case.elements, dtype=self._torch.float32, device=self._device)

        def step(_index: int) -> None:
            counter.add_(1.0)

        return step
