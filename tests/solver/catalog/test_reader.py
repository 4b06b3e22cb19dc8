"""A user's catalog file: read on top of the shipped one, or refused with every fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.catalog import Catalog, read_catalog_file, shipped_catalog
from solver.errors import CatalogError

_OVERRIDE = """
schema = 1
[[accelerators]]
name = "H100 SXM"
extends = "H100 SXM"
hbm_gb = 94
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _refusal(path: Path) -> CatalogError:
    with pytest.raises(CatalogError) as caught:
        read_catalog_file(path)
    return caught.value


def test_a_file_changes_the_entry_it_overrides(tmp_path: Path) -> None:
    catalog = read_catalog_file(_write(tmp_path, _OVERRIDE))
    assert catalog.accelerator("H100 SXM").hbm_bytes == 94_000_000_000


def test_a_file_leaves_the_shipped_catalog_alone(tmp_path: Path) -> None:
    read_catalog_file(_write(tmp_path, _OVERRIDE))
    assert shipped_catalog().accelerator("H100 SXM").hbm_bytes == 80_000_000_000


def test_files_build_on_one_another(tmp_path: Path) -> None:
    first = read_catalog_file(_write(tmp_path, _OVERRIDE))
    text = 'schema = 1\n[[accelerators]]\nname = "X"\nextends = "H100 SXM"\nyear = 2024\n'
    second = read_catalog_file(_write(tmp_path, text), base=first)
    assert second.accelerator("X").hbm_bytes == 94_000_000_000


def test_a_file_can_stand_on_an_empty_base(tmp_path: Path) -> None:
    error: list[str] = []
    try:
        read_catalog_file(_write(tmp_path, _OVERRIDE), base=Catalog())
    except CatalogError as refused:
        error = [str(refused)]
    assert "no accelerators to choose from" in error[0]


def test_a_file_without_schema_is_refused(tmp_path: Path) -> None:
    error = _refusal(_write(tmp_path, _OVERRIDE.replace("schema = 1", "")))
    assert "schema: missing. Write schema = 1 at the top" in str(error)


@pytest.mark.parametrize("schema", ["2", "true", '"1"', "1.5"])
def test_another_schema_is_refused(tmp_path: Path, schema: str) -> None:
    error = _refusal(_write(tmp_path, _OVERRIDE.replace("schema = 1", f"schema = {schema}")))
    assert "unknown schema" in str(error)


def test_an_unknown_top_level_key_is_refused(tmp_path: Path) -> None:
    error = _refusal(_write(tmp_path, "schema = 1\n[[accelerator]]\nname = 'x'\n"))
    assert "accelerator: unknown key. Close names: 'accelerators'" in str(error)


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = _OVERRIDE.replace("94", "-94").replace("schema = 1", "schema = 3\ncolour = 1")
    assert len(_refusal(_write(tmp_path, text)).faults) == 3


def test_a_file_that_is_not_toml_says_where_it_breaks(tmp_path: Path) -> None:
    error = _refusal(_write(tmp_path, "schema = \n"))
    assert "not TOML" in str(error)
    assert "line 1" in str(error)


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000])
def test_a_file_no_parser_survives_is_a_fault(tmp_path: Path, value: str) -> None:
    assert "not TOML" in str(_refusal(_write(tmp_path, f"schema = {value}\n")))


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read" in str(_refusal(tmp_path / "none.toml"))


def test_a_folder_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read" in str(_refusal(tmp_path))


def test_a_file_that_is_not_text_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in str(_refusal(path))


def test_the_fault_names_file_table_and_key(tmp_path: Path) -> None:
    path = _write(tmp_path, _OVERRIDE.replace("94", "-94"))
    assert _refusal(path).faults[0].where == f"{path}: accelerators.0.hbm_gb"
