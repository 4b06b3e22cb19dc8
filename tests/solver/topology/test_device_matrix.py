"""The output of nvidia-smi topo -m: what is read, and how its faults read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.topology.device_matrix import DeviceMatrix, parse_device_matrix, read_device_matrix
from tests.oracles.small_topologies import patient

LEGEND = """
Legend:

  X    = Self
  SYS  = Connection over the sockets' interconnect
  NV#  = Connection over # NVLinks

NIC Legend:

  NIC0: mlx5_0
  NIC1: mlx5_bond_1
"""
TWO = """\
\x1b[4mGPU0\tGPU1\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m
GPU0\t X \tNV18\tPIX\tSYS\t0-51\t0\t\tN/A
GPU1\tNV18\t X \tSYS\tPXB\t52-103\t1\t\tN/A
NIC0\tPIX\tSYS\t X \tSYS
NIC1\tSYS\tPXB\tSYS\t X
"""


def faults(text: str) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        parse_device_matrix(text, where="topo.txt")
    return [str(fault) for fault in caught.value.faults]


def test_devices_codes_and_affinities_are_read() -> None:
    found = parse_device_matrix(TWO + LEGEND)
    assert (found.gpus, found.nics) == (("GPU0", "GPU1"), ("NIC0", "NIC1"))
    assert found.code("GPU1", "NIC1") == "PXB"
    assert found.cpu_affinity == {"GPU0": "0-51", "GPU1": "52-103"}
    assert found.numa_affinity == {"GPU0": "0", "GPU1": "1"}
    assert found.nic_names == {"NIC0": "mlx5_0", "NIC1": "mlx5_bond_1"}


def test_nvlinks_are_counted_and_pcie_has_none() -> None:
    found = parse_device_matrix(TWO)
    assert (found.nvlinks("GPU0", "GPU1"), found.nvlinks("GPU0", "NIC0")) == (18, 0)


def test_the_nearest_nic_crosses_least() -> None:
    found = parse_device_matrix(TWO)
    assert (found.nearest_nics("GPU0"), found.nearest_nics("GPU1")) == (("NIC0",), ("NIC1",))


def test_spaces_a_prompt_and_a_following_prompt_change_nothing() -> None:
    pasted = "user@node:~$ nvidia-smi topo -m\n" + re.sub(r"\t+", "    ", TWO) + "user@node:~$\n"
    assert parse_device_matrix(pasted) == parse_device_matrix(TWO)


def test_columns_by_kernel_name_and_the_old_socket_code_are_known() -> None:
    found = parse_device_matrix("GPU0 mlx5_0 CPU Affinity\nGPU0 X SOC 0-7\nmlx5_0 SOC X\n")
    assert (found.nics, found.code("GPU0", "mlx5_0")) == (("mlx5_0",), "SYS")


def test_a_single_gpu_is_a_matrix() -> None:
    found = parse_device_matrix("\tGPU0\tCPU Affinity\nGPU0\t X \t0-7\n")
    assert found == DeviceMatrix(("GPU0",), (("X",),), {"GPU0": "0-7"})


def test_an_unknown_column_is_named_with_the_cure() -> None:
    text = TWO.replace("NIC1", "TPU1")
    assert faults(text)[0] == (
        "topo.txt: column TPU1: 'TPU1' is not a known column. Known are GPU#, NIC# or a NIC's "
        "kernel name, CPU Affinity, NUMA Affinity, GPU NUMA ID."
    )


def test_an_unknown_code_is_named_with_its_row_and_column() -> None:
    (fault,) = faults(TWO.replace("PXB\t52", "ABC\t52"))
    assert fault == (
        "topo.txt: row GPU1, column NIC1: 'ABC' is not a known code. "
        "Known are X, NV#, PIX, PXB, PHB, NODE, SYS."
    )


def test_a_bond_of_no_nvlinks_is_no_code() -> None:
    assert "'NV0' is not a known code" in faults(TWO.replace("NV18", "NV0"))[0]


def test_cells_that_disagree_are_named() -> None:
    (fault,) = faults(TWO.replace("GPU1\tNV18", "GPU1\tNV12"))
    assert fault.startswith("topo.txt: row GPU1, column GPU0: 'NV12' cannot be, with 'NV18' in row")


def test_a_diagonal_without_x_is_named() -> None:
    (fault,) = faults(TWO.replace("GPU0\t X ", "GPU0\tSYS"))
    assert fault.startswith("topo.txt: row GPU0, column GPU0: 'SYS' cannot be")


def test_a_missing_row_is_named() -> None:
    (fault,) = faults(TWO.replace("NIC1\tSYS\tPXB\tSYS\t X\n", "") + LEGEND)
    assert fault.startswith("topo.txt: row NIC1: it is missing")


def test_a_short_row_is_named() -> None:
    (fault,) = faults(TWO.replace("NIC1\tSYS\tPXB\tSYS\t X\n", "NIC1\tSYS\tPXB\n"))
    assert "it has 2 codes for 4 devices" in fault


def test_a_row_without_column_is_named() -> None:
    (fault,) = faults(TWO + "NIC2\tSYS\tPXB\tSYS\t X\n")
    assert fault.startswith("topo.txt: row NIC2: the row 'NIC2' has no column")


def test_a_row_that_is_there_twice_is_named() -> None:
    (fault,) = faults(TWO + "NIC1\tSYS\tPXB\tSYS\t X\n")
    assert fault.startswith("topo.txt: row NIC1: it is there twice")


@pytest.mark.parametrize("text", ["", "No devices were found\n", TWO.split("\n", 1)[1]])
def test_text_without_a_header_is_refused(text: str) -> None:
    assert faults(text)[0].startswith("topo.txt: there is no line of column names")


def test_every_fault_is_reported() -> None:
    assert len(faults(TWO.replace("NV18", "??").replace("NIC1\tSYS", "NIC1\t!!"))) == 3


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "topo.txt"
    path.write_text(TWO + LEGEND)
    assert read_device_matrix(path) == parse_device_matrix(TWO + LEGEND)


CODES = st.sampled_from(["NV1", "NV18", "PIX", "PXB", "PHB", "NODE", "SYS"])


@patient
@given(st.integers(1, 5), st.integers(0, 3), st.data())
def test_any_symmetric_matrix_is_read_back(n_gpus: int, n_nics: int, data: st.DataObject) -> None:
    names = [f"GPU{i}" for i in range(n_gpus)] + [f"NIC{i}" for i in range(n_nics)]
    codes = [["X"] * len(names) for _ in names]
    for i in range(len(names)):
        for j in range(i):
            codes[i][j] = codes[j][i] = data.draw(CODES)
    lines = ["\t".join(["", *names, "CPU Affinity"])]
    lines += ["\t".join([name, *row]) for name, row in zip(names, codes, strict=True)]
    found = parse_device_matrix("\n".join(lines) + LEGEND)
    assert found.devices == tuple(names)
    assert found.codes == tuple(tuple(row) for row in codes)


def test_an_unknown_column_is_one_fault_and_not_one_a_row() -> None:
    (fault,) = faults(TWO.replace("NIC1\tCPU", "NIC1\tFOO\tCPU"))
    assert "column FOO: 'FOO' is not a known column" in fault
