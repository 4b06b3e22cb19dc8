"""What PyTorch and the operating system say of the device that is to be measured."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from solver.calibration.backend import Machine

__all__ = ["cpu_machine", "cuda_machine", "float8_name"]

_FP8_FROM = (8, 9)
"""Compute capability from which the tensor cores multiply FP8 (CUDA C++ programming guide)."""

_ASSUMED_CACHE_BYTES = 32.0 * 2**20
_ASSUMED = "assumed: the system does not tell"


def float8_name(torch: Any) -> str | None:
    """PyTorch's type of the 8-bit floats that the first GPU multiplies; None where it has none.

    AMD's CDNA 3 counts zeros and infinities its own way (AMD Instinct MI300 instruction set).
    """
    if getattr(torch.version, "hip", None) is not None:
        architecture = str(torch.cuda.get_device_properties(0).gcnArchName)
        if architecture.startswith("gfx94"):
            return "float8_e4m3fnuz"
        return "float8_e4m3fn" if architecture.startswith(("gfx95", "gfx12")) else None
    has_fp8 = torch.cuda.get_device_capability(0) >= _FP8_FROM
    return "float8_e4m3fn" if has_fp8 else None


def cuda_machine(torch: Any) -> Machine:
    """The first GPU; several count as devices of a collective."""
    properties = torch.cuda.get_device_properties(0)
    free_bytes, memory_bytes = torch.cuda.mem_get_info(0)
    is_rocm = getattr(torch.version, "hip", None) is not None
    runtime = f"ROCm {torch.version.hip}" if is_rocm else f"CUDA {torch.version.cuda}"
    told_bytes = float(getattr(properties, "L2_cache_size", 0) or 0)
    return Machine(
        kind="cuda",
        name=str(properties.name),
        library=str(torch.__version__),
        driver=f"{_driver()}{runtime}",
        memory_bytes=int(memory_bytes),
        free_bytes=int(free_bytes),
        multiprocessors=int(properties.multi_processor_count),
        cache_bytes=told_bytes or _ASSUMED_CACHE_BYTES,
        cache_source="the driver" if told_bytes else _ASSUMED,
        devices=int(torch.cuda.device_count()),
        precisions=("bfloat16", "fp8") if float8_name(torch) else ("bfloat16",),
        collective_library="nccl",
    )


def cpu_machine(torch: Any) -> Machine:
    """The CPU. Its devices of a collective are processes, two where there are two cores."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    free_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    told_bytes = _last_level_cache_bytes(Path("/sys/devices/system/cpu/cpu0/cache"))
    with_gloo = torch.distributed.is_available() and torch.distributed.is_gloo_available()
    return Machine(
        kind="cpu",
        name=_cpu_name(Path("/proc/cpuinfo")),
        library=str(torch.__version__),
        driver=f"{platform.system()} {platform.release()}",
        memory_bytes=memory_bytes,
        free_bytes=free_bytes,
        multiprocessors=int(torch.get_num_threads()),
        cache_bytes=told_bytes or _ASSUMED_CACHE_BYTES,
        cache_source="the operating system" if told_bytes else _ASSUMED,
        devices=min(2, os.cpu_count() or 1) if with_gloo else 1,
        precisions=("bfloat16",),
        collective_library="gloo",
    )


def _driver() -> str:
    """The version of NVIDIA's driver where Linux tells it, with a comma; else nothing."""
    told = Path("/sys/module/nvidia/version")
    return f"driver {told.read_text().strip()}, " if told.is_file() else ""


def _cpu_name(cpuinfo: Path) -> str:
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine() or "unknown CPU"


def _last_level_cache_bytes(folder: Path) -> float:
    """The largest cache that Linux lists, 0 where it lists none."""
    largest = 0.0
    units = {"K": 2.0**10, "M": 2.0**20, "G": 2.0**30}
    for file in folder.glob("index*/size"):
        text = file.read_text().strip()
        if text and text[:-1].isdecimal() and text[-1] in units:
            largest = max(largest, float(text[:-1]) * units[text[-1]])
    return largest
