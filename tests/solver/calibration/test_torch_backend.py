"""PyTorch behind the protocol: the CPU for real, and a GPU pretended on top of the CPU build."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from solver.calibration.backend import CaptureRefusedError, CaseRefusedError
from solver.calibration.cases import (
    Case,
    CollectiveCase,
    ContextCase,
    CopyCase,
    DecodeCase,
    GemmCase,
    LaunchCase,
)
from solver.calibration.timing import Timing, time_case
from solver.calibration.torch_backend import TorchBackend, torch_backend
from solver.calibration.torch_machine import float8_name
from solver.errors import EngineError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

CASES: list[Case] = [
    GemmCase("bfloat16", 4, 64, 128),
    DecodeCase(2, 64, 4, 2, 64),
    DecodeCase(1, 32, 4, 4, 64),
    ContextCase(1, 48, 4, 2, 64),
    CopyCase(4096),
    LaunchCase(),
]
NARROW = GemmCase("fp8", 16, 64, 128)


class PretendEvent:
    """Counts marks in the order in which they were recorded."""

    count = 0

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing
        self.at = -1

    def record(self) -> None:
        PretendEvent.count += 1
        self.at = PretendEvent.count

    def elapsed_time(self, end: PretendEvent) -> float:
        assert 0 < self.at < end.at
        return 2.0 * (end.at - self.at)


class PretendGraph:
    def __init__(self) -> None:
        self.captured = False
        self.replays = 0

    def replay(self) -> None:
        assert self.captured
        self.replays += 1


class PretendCuda:
    """The module ``torch`` with a GPU that is the CPU."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.capture_fails = False
        stream = SimpleNamespace(wait_stream=lambda _other: self.steps.append("wait"))
        self.version = SimpleNamespace(cuda="13.0", hip=None)
        self.cuda = SimpleNamespace(
            Event=PretendEvent,
            Stream=lambda: stream,
            current_stream=lambda: stream,
            stream=self._on_stream,
            CUDAGraph=PretendGraph,
            graph=self._graph,
            synchronize=lambda: self.steps.append("synchronize"),
            empty_cache=lambda: self.steps.append("empty_cache"),
            mem_get_info=lambda _index: (10**9, 2 * 10**9),
            get_device_capability=lambda _index: (9, 0),
            device_count=lambda: 1,
            is_available=lambda: True,
            get_device_properties=lambda _index: SimpleNamespace(
                name="NVIDIA H200", multi_processor_count=132, L2_cache_size=50 * 2**20
            ),
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def device(self, *_: Any) -> Any:
        return torch.device("cpu")

    def ones(self, *shape: Any, pin_memory: bool = False, **options: Any) -> Any:
        if pin_memory:
            self.steps.append("pinned")
        return torch.ones(*shape, **options)

    def _scaled_mm(
        self, a: Any, b: Any, *, scale_a: Any, scale_b: Any, out_dtype: Any, use_fast_accum: bool
    ) -> Any:
        # As the real one: a by rows, b by columns, sizes in sixteens.
        assert use_fast_accum
        assert a.dtype == b.dtype == torch.float8_e4m3fn
        assert a.stride(1) == 1
        assert b.stride(0) == 1
        assert a.shape[1] % 16 == b.shape[1] % 16 == 0
        self.steps.append("scaled")
        return ((a.float() * scale_a) @ (b.float() * scale_b)).to(out_dtype)

    @contextlib.contextmanager
    def _on_stream(self, _stream: Any) -> Iterator[None]:
        self.steps.append("side")
        yield

    @contextlib.contextmanager
    def _graph(self, graph: PretendGraph) -> Iterator[None]:
        if self.capture_fails:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.steps.append("capture")
        yield
        graph.captured = True


@pytest.fixture
def pretend() -> PretendCuda:
    return PretendCuda()


@pytest.fixture
def gpu(pretend: PretendCuda) -> TorchBackend:
    return TorchBackend(pretend, device="cuda")


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case).__name__)
def test_every_case_runs_on_the_cpu(case: Case) -> None:
    timed = time_case(TorchBackend(torch, device="cpu"), case, timing=Timing(0.01), seed=0)
    assert timed.by == "clock"
    assert 0 < timed.latency_s < 10


@pytest.mark.parametrize("case", [*CASES, NARROW], ids=lambda case: type(case).__name__)
def test_every_case_runs_on_a_gpu_inside_a_graph(gpu: TorchBackend, case: Case) -> None:
    assert time_case(gpu, case, timing=Timing(0.01), seed=0).by == "graph"


def test_a_larger_multiplication_takes_longer() -> None:
    backend = TorchBackend(torch, device="cpu")
    small, large = (
        time_case(backend, GemmCase("bfloat16", 8, n, n), timing=Timing(0.01), seed=0).latency_s
        for n in (64, 1024)
    )
    assert large > small


def test_attention_with_fewer_kv_heads_equals_attention_with_repeated_ones() -> None:
    seen: list[Any] = []
    real = torch.nn.functional.scaled_dot_product_attention

    class Listening(PretendCuda):
        nn = SimpleNamespace(
            functional=SimpleNamespace(
                scaled_dot_product_attention=lambda q, k, v, **o: seen.append(
                    (real(q, k, v, **o), q, k, v)
                )
            )
        )

    backend = TorchBackend(Listening(), device="cpu")
    backend.prepare(DecodeCase(2, 32, 4, 2, 64), sets=1, seed=0)
    output, query, keys, values = seen[0]
    whole = real(query, keys.repeat_interleave(2, 1), values.repeat_interleave(2, 1))
    assert torch.allclose(output.float(), whole.float(), atol=2e-2)


def test_capture_warms_up_on_a_stream_of_its_own_first(
    gpu: TorchBackend, pretend: PretendCuda
) -> None:
    replay = gpu.capture(lambda: pretend.steps.append("work"))
    assert replay is not None
    assert pretend.steps == ["wait", "side", "work", "wait", "capture", "work"]


def test_a_refused_capture_says_why(gpu: TorchBackend, pretend: PretendCuda) -> None:
    pretend.capture_fails = True
    with pytest.raises(CaptureRefusedError, match="not permitted"):
        gpu.capture(lambda: None)


def test_a_refused_capture_leaves_events(gpu: TorchBackend, pretend: PretendCuda) -> None:
    pretend.capture_fails = True
    assert time_case(gpu, CASES[0], timing=Timing(0.01), seed=0).by == "events"


def test_events_tell_seconds(gpu: TorchBackend) -> None:
    start, end = gpu.event(), gpu.event()
    assert start is not None
    assert end is not None
    start.record()
    end.record()
    assert start.elapsed_s(end) == pytest.approx(2e-3)


def test_memory_goes_back_to_the_device(gpu: TorchBackend, pretend: PretendCuda) -> None:
    gpu.release()
    assert pretend.steps == ["empty_cache"]


def test_a_copy_from_the_host_is_pinned(gpu: TorchBackend, pretend: PretendCuda) -> None:
    gpu.prepare(CopyCase(4096, from_host=True), sets=3, seed=0)
    assert pretend.steps.count("pinned") == 1


def test_fp8_quantises_and_multiplies_in_every_call(
    gpu: TorchBackend, pretend: PretendCuda
) -> None:
    call = gpu.prepare(NARROW, sets=2, seed=0)
    pretend.steps.clear()
    call(0)
    call(1)
    assert pretend.steps == ["scaled", "scaled"]


def test_the_driver_describes_a_gpu(gpu: TorchBackend) -> None:
    machine = gpu.machine
    assert (machine.name, machine.multiprocessors, machine.memory_bytes) == (
        "NVIDIA H200",
        132,
        2 * 10**9,
    )
    assert machine.precisions == ("bfloat16", "fp8")
    assert machine.cache_bytes == 50 * 2**20
    assert "CUDA 13.0" in machine.driver


def test_an_older_gpu_has_no_fp8(pretend: PretendCuda) -> None:
    pretend.cuda.get_device_capability = lambda _index: (8, 0)
    assert TorchBackend(pretend, device="cuda").machine.precisions == ("bfloat16",)


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("gfx942:sramecc+", "float8_e4m3fnuz"),
        ("gfx950", "float8_e4m3fn"),
        ("gfx90a", None),
    ],
)
def test_amds_8_bit_floats_are_those_of_the_design(
    pretend: PretendCuda, architecture: str, expected: str | None
) -> None:
    pretend.version = SimpleNamespace(cuda=None, hip="7.0")
    pretend.cuda.get_device_properties = lambda _index: SimpleNamespace(
        name="AMD Instinct", multi_processor_count=304, gcnArchName=architecture
    )
    assert float8_name(pretend) == expected
    assert ("fp8" in TorchBackend(pretend, device="cuda").machine.precisions) == bool(expected)


def test_a_device_that_does_not_tell_its_cache_has_one_assumed(pretend: PretendCuda) -> None:
    pretend.cuda.get_device_properties = lambda _index: SimpleNamespace(
        name="odd", multi_processor_count=4
    )
    machine = TorchBackend(pretend, device="cuda").machine
    assert machine.cache_bytes == 32 * 2**20
    assert "assumed" in machine.cache_source


def test_a_case_without_a_kernel_is_refused_with_the_reason() -> None:
    with pytest.raises(CaseRefusedError, match="sq"):
        TorchBackend(torch, device="cpu").prepare(GemmCase("sq", 4, 64, 64), sets=1, seed=0)


def test_a_lack_of_memory_is_a_refusal() -> None:
    class Small(PretendCuda):
        def empty(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    with pytest.raises(CaseRefusedError, match="not enough memory"):
        TorchBackend(Small(), device="cuda").prepare(CASES[0], sets=1, seed=0)


def test_a_device_that_is_lost_ends_the_calibration() -> None:
    class Lost(PretendCuda):
        def empty(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(EngineError, match="the device failed"):
        TorchBackend(Lost(), device="cuda").prepare(CASES[0], sets=1, seed=0)


def test_a_gpu_that_is_not_there_is_refused() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(EngineError, match="sees no GPU"):
        torch_backend("cuda")


def test_processes_reduce_over_two_devices_of_the_cpu() -> None:
    backend = TorchBackend(torch, device="cpu")
    cases = [CollectiveCase(2, 2**22), CollectiveCase(2, 2**10)]
    large_s, small_s = backend.collectives_s(cases, limit_s=120.0)
    assert large_s > small_s > 0


def test_processes_that_take_too_long_are_given_up() -> None:
    backend = TorchBackend(torch, device="cpu")
    with pytest.raises(EngineError, match="did not end in time"):
        backend.collectives_s([CollectiveCase(2, 2**10)], limit_s=0.0)


def test_a_process_that_fails_is_told_with_the_cause() -> None:
    # No GPU takes part, so the library that moves data between GPUs refuses.
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    gpu = TorchBackend(PretendCuda(), device="cuda")
    with pytest.raises(EngineError, match="all-reduce over 2 devices"):
        gpu.collectives_s([CollectiveCase(2, 2**10)], limit_s=120.0)
