"""The workbook of every kind of result, read back."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from solver.api import read_instance, solve
from solver.report.workbook import render_workbook
from solver.report.workbook.bill import bill_of_point
from tests.oracles import fleet_documents as fleets
from tests.solver.report import economy_documents as economies
from tests.solver.report import placement_documents as placements

ROOT = Path(__file__).parents[4]
SOLVED = {
    "replica": ROOT / "instances/replica/llama-3.1-8b-bf16-a100.toml",
    "infeasible": ROOT / "instances/replica/llama-3.1-405b-impossible-h100.toml",
    "fleet": ROOT / "instances/fleet/one-model-one-pool.toml",
    "owned": ROOT / "instances/fleet/owned-against-rented.toml",
    "placement": ROOT / "instances/placement/two-mixed-racks.toml",
}
MADE = {
    "economy": economies.three_models,
    "fleet of three goals": fleets.three,
    "partial fleet": fleets.partial,
    "infeasible fleet": fleets.infeasible,
    "flow": placements.flow_on_racks,
}


@cache
def _text(name: str) -> str:
    if name in SOLVED:
        return json.dumps(solve(read_instance(SOLVED[name])).to_dict())
    return json.dumps(MADE[name]())


def document(name: str) -> dict[str, Any]:
    """A copy that a test may change."""
    found: dict[str, Any] = json.loads(_text(name))
    return found


def opened(content: bytes, *, values: bool = True) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


@cache
def _book(name: str) -> Any:
    return opened(render_workbook(document(name)))


def cells(book: Any) -> Iterator[Any]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from (cell for cell in row if cell.value is not None)


def table(sheet: Any, first: str) -> list[dict[str, Any]]:
    """Rows of the first table whose first header is ``first``, by header; ends at an empty row."""
    rows = list(sheet.iter_rows(values_only=True))
    top = next(place for place, row in enumerate(rows) if row[0] == first)
    found = []
    for row in rows[top + 1 :]:
        if row[0] is None:
            break
        found.append(dict(zip(rows[top], row, strict=True)))
    return found


EVERY = [*SOLVED, *MADE]


@pytest.mark.parametrize("name", EVERY)
def test_every_kind_of_result_makes_a_workbook(name: str) -> None:
    names = _book(name).sheetnames
    assert names[0] == "Summary"
    assert {"Assumptions", "Inputs"} <= set(names)


@pytest.mark.parametrize("name", EVERY)
def test_sheets_of_points_are_there_where_there_are_points(name: str) -> None:
    names = set(_book(name).sheetnames)
    assert ({"Bill of materials", "Frontier"} <= names) == bool(document(name)["points"])
    assert {"Bill of materials", "Frontier", "Sensitivities"}.isdisjoint(names) or document(name)[
        "points"
    ]


@pytest.mark.parametrize("name", EVERY)
def test_no_sheet_is_empty_but_for_its_title(name: str) -> None:
    for sheet in _book(name).worksheets:
        assert sum(cell.parent is sheet for cell in cells(_book(name))) > 1


@pytest.mark.parametrize("name", EVERY)
def test_the_same_result_makes_the_same_bytes(name: str) -> None:
    assert render_workbook(document(name)) == render_workbook(document(name))


@pytest.mark.parametrize("name", ["replica", "economy", "fleet", "placement"])
def test_the_frontier_has_a_row_for_every_point_with_numbers_as_numbers(name: str) -> None:
    rows = table(_book(name)["Frontier"], "point")
    told = document(name)
    assert [row["point"] for row in rows] == list(range(1, len(told["points"]) + 1))
    for goal in told["objectives"]:
        header = next(key for key in rows[0] if key.split(" [")[0] == goal["name"])
        assert [row[header] for row in rows] == pytest.approx(
            [point["objectives"][goal["name"]] for point in told["points"]], rel=1e-12
        )


@pytest.mark.parametrize("name", ["replica", "fleet", "placement"])
def test_headers_carry_units(name: str) -> None:
    headers = [cell.value for cell in _book(name)["Frontier"][1]]
    assert "speed [tok/s/user]" in headers
    assert any(header.startswith("cost [US$/") for header in headers)


def test_the_exact_cost_stands_beside_the_decimal() -> None:
    rows = table(_book("fleet")["Frontier"], "point")
    for row, point in zip(rows, document("fleet")["points"], strict=True):
        assert row["cost exact [US$/h]"] == point["exact"]["cost"]
        assert float(Fraction(row["cost exact [US$/h]"])) == row["cost [US$/h]"]


def test_a_design_keeps_every_key_of_the_contract() -> None:
    headers = {cell.value for cell in _book("replica")["Frontier"][1]}
    assert {"tensor parallel", "batch", "weight bits [bits]", "step latency [s]"} <= headers
    assert {"terms: hbm [s]", "price [US$/h]", "output [tok/s]", "HBM in use [bytes]"} <= headers


@pytest.mark.parametrize("name", ["fleet", "owned"])
def test_the_lines_of_a_bill_sum_to_the_exact_cost_of_the_result(name: str) -> None:
    told = document(name)
    for index, point in enumerate(told["points"]):
        bill = bill_of_point(told, index)
        stated = Fraction(bill.exact_usd_per_hour or str(point["design"]["usd_per_hour"]))
        assert bill.usd_per_hour == stated


def test_a_price_of_the_question_is_exact_and_names_its_source() -> None:
    (line,) = bill_of_point(document("fleet"), 0).lines
    assert line.usd_per_unit_hour == Fraction(59, 20)
    assert line.exact
    assert "mercatus-ai.com" in line.source


def test_electricity_of_owned_machines_is_a_line_of_its_own() -> None:
    *devices, rest = bill_of_point(document("owned"), 0).lines
    assert "electricity" in rest.machine
    assert not rest.unit
    assert {line.contract for line in devices} >= {"owned", "spot"}


def test_a_contract_held_by_day_costs_the_hours_of_the_day() -> None:
    lines = bill_of_point(document("owned"), 0).lines
    spot = next(line for line in lines if line.contract == "spot")
    assert spot.hours_a_day == 10
    assert spot.usd_per_hour == spot.count * Fraction(177, 100) * Fraction(10, 24)


def test_hosts_of_a_placement_are_counted_once() -> None:
    told = document("placement")
    bill = bill_of_point(told, 0)
    assert sum(line.count for line in bill.lines) == told["points"][0]["design"]["hosts"]
    assert float(bill.usd_per_hour) == told["points"][0]["design"]["usd_per_hour"]


def test_cost_per_token_at_the_prices_of_the_bill_is_that_of_the_result() -> None:
    told = document("replica")
    for index in (0, len(told["points"]) - 1):
        bill = bill_of_point(told, index)
        assert bill.tok_per_s is not None
        assert bill.exact_usd_per_mtok is not None
        per_mtok = bill.usd_per_hour * 10**6 / 3600 / bill.tok_per_s
        assert float(per_mtok) == pytest.approx(float(Fraction(bill.exact_usd_per_mtok)), rel=1e-9)


def test_totals_are_live_formulas_with_their_values_cached() -> None:
    content = render_workbook(document("fleet"))
    live, cached = (opened(content, values=v)["Bill of materials"] for v in (False, True))
    place = next(cell.row for cell in live["A"] if cell.value == "total")
    headers = {cell.value: cell.column for row in live.iter_rows() for cell in row}
    hourly, yearly = headers["cost [US$/h]"], headers["cost [US$/year]"]
    assert str(live.cell(place, hourly).value).startswith("=SUM(")
    told = document("fleet")["points"][0]
    assert cached.cell(place, hourly).value == pytest.approx(told["design"]["usd_per_hour"])
    assert cached.cell(place, yearly).value == pytest.approx(8760 * told["design"]["usd_per_hour"])


@pytest.mark.parametrize("name", EVERY)
def test_only_the_bill_holds_formulas_and_only_ours(name: str) -> None:
    book = opened(render_workbook(document(name)), values=False)
    for cell in cells(book):
        if cell.data_type == "f":
            assert cell.parent.title == "Bill of materials"
            assert re.fullmatch(r"=(SUM\([A-Z]\d+:[A-Z]\d+\)|[A-Z$0-9*/+()]+)", cell.value)


HOSTILE = "=cmd|'/c calc'!A1"
NAMES = [
    HOSTILE,
    "+1+1",
    "-1-1",
    "@SUM(A1)",
    "\t=1+1",
    "<script>alert(1)</script>",
    "[a]:*?/\\b" * 9,
]


@pytest.mark.parametrize("text", NAMES)
def test_hostile_names_are_text(text: str) -> None:
    told = document("fleet")
    told["instance"]["name"] = told["instance"]["resolved"]["title"] = text
    for machine in told["instance"]["resolved"]["machines"]:
        machine["name"] = text
        for contract in machine["contracts"]:
            contract["source"] = text
    for point in told["points"]:
        for entry in point["design"]["replicas"]:
            entry["machine"] = entry["workload"] = entry["layout"] = text
    told["answers"] = {"limits": [{"limit": text, "text": text}]}
    told["provenance"]["warnings"] = [text]
    content = render_workbook(told)
    book = opened(content, values=False)
    ours = [c for c in cells(book) if c.data_type == "f" and c.parent.title == "Bill of materials"]
    assert [c for c in cells(book) if c.data_type == "f"] == ours
    assert all("cmd" not in str(c.value) and "A1)" not in str(c.value) for c in ours)
    shown = text.strip()
    assert any(isinstance(c.value, str) and c.value.startswith(shown[:40]) for c in cells(book))
    assert all(len(name) <= 31 for name in book.sheetnames)


def test_text_that_tempts_a_spreadsheet_carries_the_quote_prefix() -> None:
    told = document("fleet")
    for point in told["points"]:
        point["design"]["replicas"][0]["workload"] = HOSTILE
    sheet = opened(render_workbook(told), values=False)["Plans"]
    assert sheet["B2"].value == HOSTILE
    assert sheet["B2"].quotePrefix


def test_addresses_in_sources_are_no_links() -> None:
    told = document("fleet")
    contract = told["instance"]["resolved"]["machines"][0]["contracts"][0]
    contract["source"] = "https://example.com/price"
    content = render_workbook(told)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any("hyperlink" in archive.read(name).decode() for name in archive.namelist())
        assert not any("externalLink" in name for name in archive.namelist())


def test_a_name_that_looks_like_a_number_stays_a_name() -> None:
    told = document("fleet")
    told["instance"]["resolved"]["machines"][0]["name"] = "100"
    rows = table(opened(render_workbook(told))["Inputs"], "input")
    (row,) = (row for row in rows if row["input"] == "machines[100].name")
    assert (row["value"], row["in words"]) == (None, "100")


def test_every_input_carries_its_unit_exact_value_and_source() -> None:
    rows = {row["input"]: row for row in table(_book("fleet")["Inputs"], "input")}
    price = rows["machines[h100].contracts[on_demand].usd_per_hour"]
    assert (price["value"], price["exact"], price["unit"]) == (2.95, "59/20", "US$/h")
    assert "mercatus-ai.com" in price["source"]
    memory = rows["machines[h100].accelerator.hbm_bytes"]
    assert (memory["unit"], bool(memory["source"])) == ("bytes", True)


def test_prices_name_their_sources() -> None:
    rows = table(_book("owned")["Assumptions"], "of")
    assert [row["contract"] for row in rows] == ["owned", "reserved", "on_demand", "spot"]
    assert all(row["source"] for row in rows)


def test_break_even_prices_of_a_fleet_are_numbers() -> None:
    rows = table(_book("owned")["Sensitivities"], "machine")
    assert rows[0]["above: break even"] == pytest.approx(20364883 / 600)
    assert rows[0]["above: break even exact"] == "20364883/600"


def test_what_was_not_asked_is_named_with_what_would_give_it() -> None:
    told = [cell.value for cell in cells(_book("owned")) if isinstance(cell.value, str)]
    assert any("Write limits = true under [answers]" in text for text in told)


def test_what_binds_a_replica_is_told_in_milliseconds() -> None:
    rows = table(_book("replica")["Sensitivities"], "point")
    told = document("replica")["points"][rows[0]["point"] - 1]["design"]
    assert rows[0]["HBM [ms]"] == pytest.approx(1000 * told["terms"]["hbm_s"])
    assert rows[0]["step [ms]"] == pytest.approx(1000 * told["step_latency_s"])


def test_the_next_point_is_told_exactly() -> None:
    rows = table(_book("fleet")["Sensitivities"], "from point")
    points = document("fleet")["points"]
    row = rows[0]
    costs = [Fraction(points[row[key] - 1]["exact"]["cost"]) for key in ("to point", "from point")]
    assert f"cost {costs[0] - costs[1]}" in row["exactly"]


def test_plans_list_every_replica_of_every_fleet() -> None:
    rows = table(_book("owned")["Plans"], "point")
    told = document("owned")["points"]
    assert len(rows) == sum(len(point["design"]["replicas"]) for point in told)
    assert {row["contract"] for row in rows} >= {"owned"}


def test_plans_list_every_stage_of_every_pipeline() -> None:
    rows = table(_book("placement")["Plans"], "point")
    first = [row for row in rows if row["point"] == 1]
    stages = document("placement")["points"][0]["design"]["stages"]
    assert [row["host"] for row in first] == [stage["host"] for stage in stages]
    assert first[-1]["last layer"] == 80


def test_an_infeasible_result_has_a_sheet_of_its_conflict() -> None:
    for name in ("infeasible", "infeasible fleet"):
        told = [cell.value for cell in cells(_book(name)) if cell.parent.title == "Conflict"]
        assert "Conflict" in _book(name).sheetnames
        assert any("limit" in str(text) for text in told)


def test_a_partial_result_lists_its_open_regions() -> None:
    book = _book("partial fleet")
    assert "Open regions" in book.sheetnames
    rows = table(book["Open regions"], "in words")
    assert len(rows) == len(document("partial fleet")["open_boxes"])
    summary = [str(cell.value) for cell in cells(book) if cell.parent.title == "Summary"]
    assert any(text.startswith("partial:") for text in summary)


def width_of(sheet: Any) -> float:
    """Characters abreast; columns of one width are stored together."""
    return float(
        sum(each.width * (each.max - each.min + 1) for each in sheet.column_dimensions.values())
    )


@pytest.mark.parametrize("name", ["fleet", "owned", "replica", "placement"])
def test_sheets_print_landscape_as_wide_as_can_be_read(name: str) -> None:
    for sheet in _book(name).worksheets:
        assert sheet.page_setup.orientation == "landscape"
        fitted = sheet.sheet_properties.pageSetUpPr
        if fitted is not None and fitted.fitToPage:
            assert (sheet.page_setup.fitToWidth or 1, int(sheet.page_setup.fitToHeight)) == (1, 0)
            assert width_of(sheet) < 280
        else:
            assert sheet.page_setup.scale == 65


def test_a_wide_frontier_repeats_the_number_of_the_point_on_every_page() -> None:
    frontier = _book("replica")["Frontier"]
    assert frontier.print_title_cols == "$A:$A"


def test_a_row_is_as_high_as_its_wrapped_text_needs() -> None:
    sheet = _book("owned")["Frontier"]
    replicas = next(cell for cell in sheet[1] if cell.value == "replicas").column
    for row in range(2, sheet.max_row + 1):
        text = sheet.cell(row, replicas).value
        width = sheet.column_dimensions[sheet.cell(1, replicas).column_letter].width
        if len(text) > width:
            assert sheet.row_dimensions[row].height >= 15 * len(text) / width


def test_headers_repeat_and_filter() -> None:
    frontier = _book("fleet")["Frontier"]
    assert frontier.freeze_panes == "A2"
    assert frontier.print_title_rows == "$1:$1"
    assert frontier.auto_filter.ref is not None


def test_two_goals_have_a_native_chart() -> None:
    with zipfile.ZipFile(io.BytesIO(render_workbook(document("replica")))) as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert "scatterChart" in chart
    assert "Frontier!" in chart


def test_the_title_of_a_chart_is_no_reference() -> None:
    told = document("fleet")
    told["instance"]["resolved"]["title"] = HOSTILE
    with zipfile.ZipFile(io.BytesIO(render_workbook(told))) as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert "calc'!\u2060A1</a:t>" in chart
    assert "calc" not in "".join(part.split("</c:f>")[0] for part in chart.split("<c:f>")[1:])


def test_a_flow_of_one_goal_has_no_chart() -> None:
    assert "Chart" not in _book("flow").sheetnames


def test_a_result_of_an_unknown_kind_is_refused() -> None:
    told = document("fleet")
    told["instance"]["kind"] = "garden"
    with pytest.raises(ValueError, match="garden"):
        render_workbook(told)


def test_owned_machines_are_priced_exactly_from_what_they_cost_to_buy() -> None:
    (line,) = (each for each in bill_of_point(document("owned"), 0).lines if each.owned)
    assert line.usd_per_unit_hour == Fraction(27500, 4 * 8760) + Fraction(27500, 20 * 8760)
    assert line.exact


def pairs(sheet: Any) -> dict[str, Any]:
    """Names and values of two cells side by side, the first of each name."""
    found: dict[str, Any] = {}
    for row in sheet.iter_rows(values_only=True):
        found.setdefault(row[0], row[1])
    return found


def test_a_cost_over_years_is_told_with_its_years_and_follows_the_prices() -> None:
    told = pairs(_book("owned")["Bill of materials"])
    stated = float(Fraction(document("owned")["points"][0]["exact"]["cost"]))
    assert told["hours the question looks ahead [h]"] == 26280
    assert told["cost in the result [US$ in all hours ahead]"] == stated
    assert told["cost at these prices [US$ in all hours ahead]"] == pytest.approx(stated, rel=1e-9)
    assert "cost [US$ in 3 years]" in {cell.value for cell in _book("owned")["Frontier"][1]}


def test_what_has_to_be_paid_at_once_is_told() -> None:
    told = pairs(_book("owned")["Bill of materials"])
    (line,) = (each for each in bill_of_point(document("owned"), 0).lines if each.owned)
    assert told["to buy what is owned, at once [US$]"] == line.count * 27500


def test_the_price_of_an_owned_hour_follows_the_purchase_price() -> None:
    sheet = opened(render_workbook(document("owned")), values=False)["Bill of materials"]
    rows = list(sheet.iter_rows(values_only=True))
    place = next(k for k, row in enumerate(rows, 1) if row[0] == "h100" and row[2] == 27500)
    assert rows[place - 1][6] == f"=C{place}/(D{place}*$B$5*E{place})+C{place}*F{place}/$B$5"
    assert any(f"=$G${place}" in row for row in rows)


def test_columns_that_no_line_needs_are_left_out_of_a_bill() -> None:
    told = {cell.value for cell in cells(_book("fleet")) if cell.parent.title[:4] == "Bill"}
    assert "region or rack" not in told
    assert "unit price [US$/h]" in told


def test_inputs_of_many_magnitudes_are_readable_each() -> None:
    sheet = _book("fleet")["Inputs"]
    shown = {row[0].value: row[1].number_format for row in sheet.iter_rows(min_row=2)}
    assert shown["machines[h100].contracts[on_demand].usd_per_hour"] == "General"
    assert shown["machines[h100].accelerator.hbm_bytes"] == "#,##0"


def test_money_shows_cents_even_where_all_of_it_is_whole() -> None:
    sheet = _book("placement")["Bill of materials"]
    headers = next(row for row in sheet.iter_rows() if row[0].value == "machine")
    hourly = next(cell for cell in headers if cell.value == "cost [US$/h]")
    assert "." in sheet.cell(hourly.row + 1, hourly.column).number_format


def test_a_price_without_source_or_date_says_so() -> None:
    told = document("fleet")
    del told["instance"]["resolved"]["machines"][0]["contracts"][0]["source"]
    (row,) = table(opened(render_workbook(told))["Assumptions"], "of")
    assert (row["source"], row["as of"]) == ("not stated", "not stated")


def test_names_of_points_of_a_partial_frontier_claim_no_more_than_was_found() -> None:
    told = [str(cell.value) for cell in cells(_book("partial fleet"))]
    assert any("compare the points found" in text for text in told)
    assert not any("no point of the frontier is missing" in text for text in told)


def test_open_regions_hold_no_coordinates_of_the_search() -> None:
    headers = [cell.value for cell in _book("partial fleet")["Open regions"][1]]
    assert headers == ["in words", "reason"]


def test_half_a_character_in_a_name_makes_a_file_all_the_same() -> None:
    told = json.loads(_text("fleet").replace("h100", "h\\ud800"))
    assert any("h\ufffd" in str(c.value) for c in cells(opened(render_workbook(told))))


def test_nothing_of_the_file_stands_in_footers_or_names_of_sheets() -> None:
    told = document("fleet")
    told["instance"]["name"] = told["instance"]["resolved"]["title"] = "&A&F&D[x]"
    book = opened(render_workbook(told))
    for sheet in book.worksheets:
        assert sheet.oddFooter.left.text == "&A"
        assert "[x]" not in sheet.title


@pytest.mark.parametrize("name", ["fleet", "owned", "replica", "placement", "economy"])
def test_a_bill_prints_one_page_wide(name: str) -> None:
    fitted = _book(name)["Bill of materials"].sheet_properties.pageSetUpPr
    assert fitted is not None
    assert fitted.fitToPage
