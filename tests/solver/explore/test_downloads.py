from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest

from solver.api import solve
from solver.errors import ResultError
from solver.explore.downloads import csv_bytes, html_bytes, json_bytes, png_bytes, xlsx_bytes
from solver.report import write_csv
from solver.result import read_result
from tests.solver.explore.asked import ANSWERED, README, answer

KINDS = [
    "replica/llama-3.1-70b-fp8-h100",
    "replica/quality-speed-cost-h100",
    "fleet/one-model-one-pool",
    "placement/helix-t4x12_l30b",
]


@pytest.mark.parametrize("name", ANSWERED)
def test_the_table_has_a_row_for_every_point(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_bytes(answer(name)).decode())))
    assert len(rows) >= len(answer(name)["points"])


def test_the_table_is_the_one_that_solve_writes() -> None:
    stream = io.StringIO(newline="")
    write_csv(solve(README).result, stream)  # type: ignore[union-attr]
    assert csv_bytes(answer("replica/llama-3.1-70b-fp8-h100")).decode() == stream.getvalue()


def test_the_result_file_reads_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("result") / "result.json"
    path.write_bytes(json_bytes(answer("replica/llama-3.1-70b-fp8-h100")))
    assert json.loads(path.read_text()) == answer("replica/llama-3.1-70b-fp8-h100")
    assert read_result(path)[0].status == "complete"


@pytest.mark.parametrize("name", KINDS)
def test_the_picture_is_a_png(name: str) -> None:
    assert png_bytes(answer(name)).startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("name", KINDS)
def test_the_page_is_whole(name: str) -> None:
    page = html_bytes(answer(name)).decode()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert len(page) < 2_000_000


@pytest.mark.parametrize("name", KINDS)
def test_the_workbook_is_a_workbook(name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(answer(name)))) as book:
        assert "xl/workbook.xml" in book.namelist()


def test_a_damaged_result_is_refused() -> None:
    with pytest.raises(ResultError, match="cannot be shown"):
        csv_bytes({"instance": {"kind": "fleet"}, "points": [{}], "objectives": []})
