from __future__ import annotations

import csv
import io
from fractions import Fraction

from solver.report.rows import frontier_rows, write_csv
from solver.result import Result


def read_back(result: Result) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    write_csv(result, stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_every_point_has_its_row(big_result: Result) -> None:
    assert len(frontier_rows(big_result)[1]) == 4643


def test_objectives_come_first_with_their_units(small_result: Result) -> None:
    header, _ = frontier_rows(small_result)
    assert header[:4] == [
        "speed_tok_per_s_per_user",
        "cost_usd_per_mtok",
        "exact_latency_ps",
        "exact_cost",
    ]


def test_no_column_is_named_twice(small_result: Result) -> None:
    header, _ = frontier_rows(small_result)
    assert len(set(header)) == len(header)


def test_time_terms_are_columns_of_their_own(small_result: Result) -> None:
    header, rows = frontier_rows(small_result)
    terms = small_result.points[0].design["terms"]
    assert {name: rows[0][header.index(name)] for name in terms} == terms


def test_floats_come_back_from_csv_unchanged(small_result: Result) -> None:
    speeds = [float(row["speed_tok_per_s_per_user"]) for row in read_back(small_result)]
    assert speeds == [point.objectives["speed"] for point in small_result.points]


def test_exact_costs_come_back_from_csv_unchanged(small_result: Result) -> None:
    costs = [Fraction(row["exact_cost"]) for row in read_back(small_result)]
    assert costs == [Fraction(str(point.exact["cost"])) for point in small_result.points]


def test_recommended_points_are_marked_in_csv(small_result: Result) -> None:
    rows = read_back(small_result)
    assert "fastest" in rows[0]["recommended"].split()
    assert "cheapest" in rows[-1]["recommended"].split()


def test_an_empty_frontier_is_a_header(infeasible_result: Result) -> None:
    stream = io.StringIO(newline="")
    write_csv(infeasible_result, stream)
    assert stream.getvalue().count("\n") == 1
