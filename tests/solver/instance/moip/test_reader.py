"""Files: which layout, packed or not, and those that cannot be read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.moip import reader
from solver.instance.moip.reader import read_program

Changed = Callable[..., dict[str, Any]]

MPS = """NAME t
ROWS
 N f
 N g
 L r
COLUMNS
 M MARKER INTORG
 x f 1 g -1
 x r 1
 M MARKER INTEND
RHS
 r 3
ENDATA
"""


def refused(path: Path) -> str:
    with pytest.raises(InstanceError) as caught:
        read_program(path)
    (fault,) = caught.value.faults
    assert fault.where == str(path)
    return str(fault)


@pytest.mark.parametrize("name", ["a.json", "a.JSON", "a.txt", "a"])
def test_a_json_file_is_read(name: str, tmp_path: Path, changed: Changed) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(changed()))
    assert read_program(path).name == "a"


@pytest.mark.parametrize("name", ["a.mps", "a.MPS", "a.txt", "a"])
def test_an_mps_file_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(MPS)
    assert read_program(path).column_names == ("x",)


@pytest.mark.parametrize("name", ["a.mps.gz", "a.gz", "a.mps"])
def test_a_packed_mps_file_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(MPS.encode()))
    assert read_program(path).name == "t"


def test_a_packed_json_file_is_read(tmp_path: Path, changed: Changed) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(changed()).encode()))
    assert read_program(path).milp.n_rows == 2


def test_a_byte_order_mark_is_passed_over(tmp_path: Path, changed: Changed) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(changed()), encoding="utf-8-sig")
    assert read_program(path).milp.n_rows == 2


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "none.json")


def test_a_path_with_a_zero_byte_is_refused() -> None:
    assert "cannot be read" in refused(Path("a\0b.json"))


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert "is a directory" in refused(tmp_path)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"name": "\xe9"}')
    assert "is not UTF-8 text (byte 10)" in refused(path)


def test_a_json_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(MPS)
    assert "is not JSON" in refused(path)


@pytest.mark.parametrize("keep", [12, -4])
def test_a_packed_file_cut_short_is_refused(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mps.gz"
    path.write_bytes(gzip.compress(MPS.encode())[:keep])
    assert "cannot be unpacked" in refused(path)


def test_a_packed_file_with_damaged_bytes_is_refused(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(MPS.encode()))
    data[20] ^= 0xFF
    path = tmp_path / "a.mps.gz"
    path.write_bytes(data)
    assert "cannot be unpacked" in refused(path)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_too_large_is_refused(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (MPS + "* more\n" * 1000).encode()
    path = tmp_path / "a.mps"
    path.write_bytes(gzip.compress(data) if packed else data)
    monkeypatch.setattr(reader, "MAX_BYTES", 2000)
    assert "holds more than 2000 bytes" in refused(path)
