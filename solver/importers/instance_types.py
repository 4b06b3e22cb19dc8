"""What accelerators a cloud's instance type has, for nodes and quotes that name nothing else.

Facts from the vendors' public lists of types: Amazon EC2 accelerated computing (P and G families),
Google Compute Engine GPU machine types (A and G2 families), Azure ND families. Only types whose
device is in the catalog are listed; any other is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

__all__ = ["devices_of_instance"]

_SINGLE = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge")
_G_FAMILIES = {"g5": "A10G", "g6": "L4", "g6e": "L40S"}
_A_FAMILIES = {"a2-highgpu": "A100-40GB SXM", "a2-ultragpu": "A100-80GB SXM"}


def _types() -> Iterator[tuple[str, tuple[str, int]]]:
    for family, accelerator in _G_FAMILIES.items():
        yield from ((f"{family}.{size}", (accelerator, 1)) for size in _SINGLE)
        yield from ((f"{family}.{size}xlarge", (accelerator, 4)) for size in (12, 24))
        yield f"{family}.48xlarge", (accelerator, 8)
    for family, accelerator in _A_FAMILIES.items():
        yield from ((f"{family}-{count}g", (accelerator, count)) for count in (1, 2, 4, 8))
    yield "a2-megagpu-16g", ("A100-40GB SXM", 16)
    yield from ((f"a3-highgpu-{count}g", ("H100 SXM", count)) for count in (1, 2, 4, 8))
    for size, count in ((4, 1), (8, 1), (12, 1), (16, 1), (24, 2), (32, 1), (48, 4), (96, 8)):
        yield f"g2-standard-{size}", ("L4", count)
    for name, accelerator in (
        ("p3dn.24xlarge", "V100-32GB SXM"),
        ("p4d.24xlarge", "A100-40GB SXM"),
        ("p4de.24xlarge", "A100-80GB SXM"),
        ("p5.48xlarge", "H100 SXM"),
        ("p5e.48xlarge", "H200 SXM"),
        ("p5en.48xlarge", "H200 SXM"),
        ("p6-b200.48xlarge", "B200 SXM"),
        ("p6-b300.48xlarge", "B300 SXM"),
        ("a3-megagpu-8g", "H100 SXM"),
        ("a3-ultragpu-8g", "H200 SXM"),
        ("a4-highgpu-8g", "B200 SXM"),
        ("standard_nd96asr_v4", "A100-40GB SXM"),
        ("standard_nd96amsr_a100_v4", "A100-80GB SXM"),
        ("standard_nd96isr_h100_v5", "H100 SXM"),
        ("standard_nd96isr_h200_v5", "H200 SXM"),
        ("standard_nd96isr_mi300x_v5", "MI300X"),
    ):
        yield name, (accelerator, 8)
    yield "p5.4xlarge", ("H100 SXM", 1)
    yield "a4x-highgpu-4g", ("GB200 NVL72", 4)


_TYPES: Mapping[str, tuple[str, int]] = MappingProxyType(dict(_types()))


def devices_of_instance(instance_type: str) -> tuple[str, int] | None:
    """Accelerator and number of devices of an instance type; ``None`` where it is not known."""
    return _TYPES.get(instance_type.strip().casefold())
