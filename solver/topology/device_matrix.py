"""What ``nvidia-smi topo -m`` prints: how the GPUs and NICs of one machine are joined.

A cell says what the best route between two devices crosses, from near to far:

========  =====================================================================
``NV#``   a bond of # NVLinks
``PIX``   one PCIe switch at most
``PXB``   several PCIe switches, no host bridge
``PHB``   a PCIe host bridge
``NODE``  several host bridges of one NUMA node
``SYS``   the interconnect between sockets (``SOC`` in old drivers)
========  =====================================================================

The text may carry the terminal's underline codes, a prompt above and the legends below, and be
pasted with spaces in place of tabs. Devices are ``GPU#``, and NICs by number (``NIC#``) or by their
kernel name (``mlx5_0``); a legend of NICs gives the kernel names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from solver.errors import Fault, InstanceError
from solver.topology.text_files import read_text

__all__ = ["PCIE_CODES", "DeviceMatrix", "parse_device_matrix", "read_device_matrix"]

PCIE_CODES = ("PIX", "PXB", "PHB", "NODE", "SYS")
"""Codes of routes over PCIe, from near to far."""
SELF = "X"
_ALIASES = {"SOC": "SYS"}
_NVLINK = re.compile(r"NV([1-9]\d*)")
_GPU = re.compile(r"GPU\d+")
_NIC = re.compile(r"NIC\d+|(?:mlx\d|bnxt_re|hfi1|irdma|efa|rdmap|roce|ib)\w*")
_AFFINITIES = ("CPU Affinity", "NUMA Affinity", "GPU NUMA ID")
_AFFINITY = re.compile("|".join(word.replace(" ", r"\s+") for word in _AFFINITIES))
_TERMINAL_CODE = re.compile(r"\x1b\[[0-9;]*m")
_LEGEND_OF_NICS = re.compile(r"\s*(NIC\d+)\s*:\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class DeviceMatrix:
    """Devices of one machine and the code of the route between each two.

    Attributes
    ----------
    devices
        Names in the order of the columns, GPUs and NICs.
    codes
        Row by row: ``X`` on the diagonal, else ``NV#`` or one of ``PCIE_CODES``. Symmetric.
    cpu_affinity, numa_affinity
        GPU -> the text of its cell, where there is one; "N/A" is none.
    nic_names
        NIC# -> kernel name, from the legend.
    """

    devices: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    cpu_affinity: dict[str, str] = field(default_factory=dict)
    numa_affinity: dict[str, str] = field(default_factory=dict)
    nic_names: dict[str, str] = field(default_factory=dict)

    @property
    def gpus(self) -> tuple[str, ...]:
        """The GPUs, in order."""
        return tuple(name for name in self.devices if _GPU.fullmatch(name))

    @property
    def nics(self) -> tuple[str, ...]:
        """The NICs, in order."""
        return tuple(name for name in self.devices if not _GPU.fullmatch(name))

    def code(self, a: str, b: str) -> str:
        """Code of the route between two devices.

        Raises
        ------
        ValueError
            If one of them is not in the matrix.
        """
        return self.codes[self.devices.index(a)][self.devices.index(b)]

    def nvlinks(self, a: str, b: str) -> int:
        """NVLinks that join two devices; 0 where the route is PCIe."""
        match = _NVLINK.fullmatch(self.code(a, b))
        return int(match[1]) if match else 0

    def nearest_nics(self, gpu: str) -> tuple[str, ...]:
        """The NICs that cross least to reach this GPU."""
        far = {nic: PCIE_CODES.index(self.code(gpu, nic)) for nic in self.nics}
        return tuple(nic for nic in self.nics if far[nic] == min(far.values()))


@dataclass(slots=True)
class _Reading:
    where: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: str, what: str, mend: str) -> None:
        self.faults.append(Fault(f"{self.where}: {place}", what, mend))


def read_device_matrix(path: Path) -> DeviceMatrix:
    """Read a file that holds the output of ``nvidia-smi topo -m``.

    Raises
    ------
    InstanceError
        With every fault.
    """
    return parse_device_matrix(read_text(path), where=str(path))


def parse_device_matrix(text: str, *, where: str = "nvidia-smi topo -m") -> DeviceMatrix:
    """The matrix in the output of ``nvidia-smi topo -m``.

    Raises
    ------
    InstanceError
        With every fault: no matrix, an unknown column, row or code, a row that is missing, short or
        written twice, a device without ``X``, or two cells that disagree.
    """
    lines = _TERMINAL_CODE.sub("", text).splitlines()
    start = next((n for n, line in enumerate(lines) if _is_header(line)), None)
    if start is None:
        raise InstanceError.one(
            "there is no line of column names that begins with GPU0",
            where=where,
            mend="Give the whole output of 'nvidia-smi topo -m'",
        )
    reading = _Reading(where)
    affinities = [" ".join(word.split()) for word in _AFFINITY.findall(lines[start])]
    devices = tuple(_AFFINITY.sub(" ", lines[start]).split())
    for name in devices:
        if not _GPU.fullmatch(name) and not _NIC.fullmatch(name):
            reading.fault(
                f"column {name}",
                f"{name!r} is not a known column",
                f"Known are GPU#, NIC# or a NIC's kernel name, {', '.join(_AFFINITIES)}",
            )
    for name in sorted({name for name in devices if devices.count(name) > 1}):
        reading.fault(f"column {name}", "it is there twice", "Remove one")
    if reading.faults:
        # Which cell stands under which column is not known: every row would be a fault as well.
        raise InstanceError.all_of(reading.faults)
    rows, rest = _rows(lines[start + 1 :], devices, reading)
    _check_symmetric(devices, rows, reading)
    if reading.faults:
        raise InstanceError.all_of(reading.faults)
    cells = {name: dict(zip(affinities, rest[name], strict=False)) for name in devices}
    known = {
        column: {
            name: cells[name][column]
            for name in devices
            if cells[name].get(column, "N/A") not in ("", "N/A")
        }
        for column in _AFFINITIES
    }
    legend = (_LEGEND_OF_NICS.fullmatch(line) for line in lines[start + 1 :])
    return DeviceMatrix(
        devices=devices,
        codes=tuple(rows[name] for name in devices),
        cpu_affinity=known["CPU Affinity"],
        numa_affinity=known["NUMA Affinity"],
        nic_names={match[1]: match[2] for match in legend if match and match[1] in devices},
    )


def _is_header(line: str) -> bool:
    words = line.split()
    # A row begins with its own name and a code; the header with two names, or one and an affinity.
    return bool(words) and words[0] == "GPU0" and (len(words) == 1 or not _is_code(words[1]))


def _is_code(word: str) -> bool:
    return word == SELF or word in PCIE_CODES or word in _ALIASES or bool(_NVLINK.fullmatch(word))


def _looks_like_row(word: str) -> bool:
    return bool(_GPU.fullmatch(word) or _NIC.fullmatch(word))


def _rows(
    lines: list[str], devices: tuple[str, ...], reading: _Reading
) -> tuple[dict[str, tuple[str, ...]], dict[str, list[str]]]:
    rows: dict[str, tuple[str, ...]] = {}
    rest: dict[str, list[str]] = {}
    for line in lines:
        words = line.split()
        if not words:
            continue
        complete = len(rows) == len(set(devices))
        if words[0] == "Legend:" or (complete and not _looks_like_row(words[0])):
            break
        name, cells = words[0], words[1 : len(devices) + 1]
        if name not in devices:
            what = "has no column" if _looks_like_row(name) else "is unknown"
            reading.fault(f"row {name}", f"the row {name!r} {what}", "Give the output unchanged")
            continue
        if name in rows:
            reading.fault(f"row {name}", "it is there twice", "Remove one")
            continue
        for column, code in zip(devices, cells, strict=False):
            if not _is_code(code):
                reading.fault(
                    f"row {name}, column {column}",
                    f"{code!r} is not a known code",
                    f"Known are X, NV#, {', '.join(PCIE_CODES)}",
                )
        if len(cells) < len(devices):
            reading.fault(
                f"row {name}",
                f"it has {len(cells)} codes for {len(devices)} devices",
                "Give the output unchanged",
            )
        rows[name] = tuple(_ALIASES.get(code, code) for code in cells)
        # Cells are padded with more tabs than one, so that an empty cell cannot be told by them.
        rest[name] = words[len(devices) + 1 :]
    for name in devices:
        if name not in rows:
            reading.fault(f"row {name}", "it is missing", "Give the output unchanged")
    return rows, rest


def _check_symmetric(
    devices: tuple[str, ...], rows: dict[str, tuple[str, ...]], reading: _Reading
) -> None:
    if reading.faults:
        return
    for i, a in enumerate(devices):
        for j, b in enumerate(devices[: i + 1]):
            one, other = rows[a][j], rows[b][i]
            if one != other or (one == SELF) != (i == j):
                reading.fault(
                    f"row {a}, column {b}",
                    f"{one!r} cannot be, with {other!r} in row {b}, column {a}",
                    "Give the output unchanged: X joins a device with itself, and both ways agree",
                )
