"""Default figures of wires and machines, each with its source and date, or marked as an assumption.

Bandwidths are of one direction. Vendors state NVLink in both directions together; half is used.
Latencies of links are assumptions where no source is named: round figures for planning, of the
order that a small RDMA message shows, to be replaced by measured ones.
"""

from __future__ import annotations

from solver.topology.elements import Host, Wire

__all__ = [
    "DGX_H100",
    "ETHERNET_100G",
    "FIBRE_PS_PER_KM",
    "GB200_TRAY",
    "HDR_200G",
    "NDR_400G",
    "NVLINK_4",
    "NVLINK_5",
    "fibre",
]

_MICROSECOND_PS = 10**6
_GBIT = 10**9 // 8

NVLINK_4 = Wire(bytes_per_s=25 * 10**9, latency_ps=_MICROSECOND_PS // 2)
"""One NVLink of an H100: 900 GB/s both ways over 18 links (NVIDIA H100 data sheet, 2022).
Latency: assumption."""

NVLINK_5 = Wire(bytes_per_s=50 * 10**9, latency_ps=_MICROSECOND_PS // 2)
"""One NVLink of a B200: 1.8 TB/s both ways over 18 links (NVIDIA GB200 NVL72 data sheet, 2024).
Latency: assumption."""

NDR_400G = Wire(bytes_per_s=400 * _GBIT, latency_ps=_MICROSECOND_PS)
"""One port of 400 Gbit/s (NVIDIA DGX H100 data sheet, 2022: one for each GPU).
Latency: assumption."""

HDR_200G = Wire(bytes_per_s=200 * _GBIT, latency_ps=_MICROSECOND_PS)
"""One port of 200 Gbit/s (NVIDIA DGX A100 data sheet, 2020: one for each GPU).
Latency: assumption."""

ETHERNET_100G = Wire(bytes_per_s=100 * _GBIT, latency_ps=5 * _MICROSECOND_PS)
"""One port of 100 Gbit/s (IEEE 802.3ba, 2010). Latency: assumption."""

FIBRE_PS_PER_KM = 4_897_388
"""Delay of single-mode fibre, ps a km: group index 1.4682 at 1550 nm (Corning SMF-28 Ultra data
sheet) over 299792.458 km/s, rounded up."""

DGX_H100 = Host(
    name="dgx",
    accelerator="H100 SXM",
    devices=8,
    hbm_bytes=80 * 10**9,
    device_bytes_per_s=18 * NVLINK_4.bytes_per_s,
    device_latency_ps=NVLINK_4.latency_ps,
)
"""NVIDIA DGX H100 data sheet (2022): 8 GPUs of 80 GB on NVSwitch."""

GB200_TRAY = Host(
    name="tray",
    accelerator="GB200 NVL72",
    devices=4,
    hbm_bytes=186 * 10**9,
    device_bytes_per_s=18 * NVLINK_5.bytes_per_s,
    device_latency_ps=NVLINK_5.latency_ps,
)
"""NVIDIA GB200 NVL72 data sheet (2024): a rack of 18 trays, 72 GPUs and 13.4 TB of HBM in all."""


def fibre(kilometres: int, bytes_per_s: int) -> Wire:
    """A long-haul link by the length of its fibre; routers and detours are left out."""
    return Wire(bytes_per_s, kilometres * FIBRE_PS_PER_KM)
