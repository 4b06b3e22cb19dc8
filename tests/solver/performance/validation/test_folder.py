from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.errors import FleetError
from solver.performance.validation import (
    FileComparison,
    ValidationReport,
    validate_file,
    validate_folder,
    validate_path,
)

WriteTable = Callable[..., Path]
EXACT = "Llama_3_70B_8bit__H100__il5.csv"
COLLECTIVES = "gpu,coll,n_ranks,n_nodes,bytes,time_s,latency_part_s,bandwidth_part_s,chosen_algo\n"
EIGHT_RANKS = "H100,allreduce,8,1,0,1.52e-05,1.52e-05,0.0,LL\n"


def named(report: ValidationReport, file: str) -> FileComparison:
    return next(comparison for comparison in report.files if comparison.file == file)


def change_cell(path: Path, line: int, column: str, change: Callable[[str], str]) -> None:
    """Rewrite one cell; ``line`` counts from 1, the header being line 1."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    at = rows[0].index(column)
    rows[line - 1][at] = change(rows[line - 1][at])
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def other_digit(text: str) -> str:
    """Change the sixth digit of a number."""
    places = [at for at, character in enumerate(text.split("e")[0]) if character.isdigit()]
    at = places[min(5, len(places) - 1)]
    return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]


def fault_of(path: Path) -> str:
    with pytest.raises(FleetError) as caught:
        validate_path(path)
    return str(caught.value)


def test_every_kind_of_file_is_recognised(reference_folder: Path) -> None:
    report = validate_folder(reference_folder)
    assert {comparison.file: comparison.rows for comparison in report.files} == {
        "collectives.csv": 5,
        "speculative.csv": 12,
        "token_latency_components.csv": 48,
        "token_latency_paper.csv": 6,
        "toy_closed_form.json": 2,
        f"exact/{EXACT}": 3,
    }


def test_files_written_by_the_scalar_functions_pass(reference_folder: Path) -> None:
    report = validate_folder(reference_folder)
    assert report.passed
    assert report.rows == 76


@pytest.mark.parametrize("file", ["token_latency_components.csv", "speculative.csv"])
def test_rows_evaluated_together_equal_those_evaluated_alone_bit_for_bit(
    reference_folder: Path, file: str
) -> None:
    assert named(validate_folder(reference_folder), file).worst_relative_error == 0.0


def test_the_small_folder_holds_designs_that_do_not_fit(reference_folder: Path) -> None:
    # Otherwise "inf equals inf" would not be tried above.
    assert ",inf," in (reference_folder / "token_latency_components.csv").read_text()
    assert ",inf," in (reference_folder / "token_latency_paper.csv").read_text()
    assert ",inf," in (reference_folder / "speculative.csv").read_text()


@pytest.mark.parametrize(
    ("file", "line", "column"),
    [
        ("collectives.csv", 4, "time_s"),
        ("collectives.csv", 2, "latency_part_s"),
        ("collectives.csv", 4, "bandwidth_part_s"),
        ("speculative.csv", 13, "latency_s"),
        ("speculative.csv", 12, "best_gamma"),
        ("speculative.csv", 8, "base_latency_s"),
        ("speculative.csv", 9, "draft_latency_s"),
        ("token_latency_components.csv", 2, "latency_s"),
        ("token_latency_components.csv", 7, "network_time_s"),
        ("token_latency_components.csv", 12, "memory_rw_bytes"),
        ("token_latency_components.csv", 22, "flop"),
        ("token_latency_components.csv", 32, "memory_time_s"),
        ("token_latency_components.csv", 42, "arithmetic_time_s"),
        ("token_latency_components.csv", 49, "kernel_launch_time_s"),
        ("token_latency_paper.csv", 3, "network_latency_part_s"),
        ("token_latency_paper.csv", 4, "network_bandwidth_part_s"),
        ("token_latency_paper.csv", 5, "total_params"),
        ("token_latency_paper.csv", 6, "active_params"),
        ("token_latency_paper.csv", 7, "kv_bytes_per_token"),
        ("token_latency_paper.csv", 2, "fits"),
        (f"exact/{EXACT}", 2, "tok_s_per_request"),
        (f"exact/{EXACT}", 3, "gpu_s_per_token"),
        (f"exact/{EXACT}", 4, "usd_per_mtok"),
        (f"exact/{EXACT}", 4, "n_gpu"),
    ],
)
def test_one_changed_digit_fails_and_is_found(
    reference_folder: Path, file: str, line: int, column: str
) -> None:
    change_cell(reference_folder / file, line, column, other_digit)
    report = validate_folder(reference_folder)
    comparison = named(report, file)
    assert not report.passed
    assert (comparison.worst.place, comparison.worst.column) == (f"line {line}", column)
    assert comparison.worst_relative_error > 1e-7


def test_only_the_changed_file_fails(reference_folder: Path) -> None:
    change_cell(reference_folder / "collectives.csv", 4, "time_s", other_digit)
    failed = [item.file for item in validate_folder(reference_folder).files if not item.passed]
    assert failed == ["collectives.csv"]


def test_a_changed_digit_of_the_closed_form_is_found(reference_folder: Path) -> None:
    path = reference_folder / "toy_closed_form.json"
    entries = json.loads(path.read_text())
    entries[1]["v_star"] *= 1 + 1e-6
    path.write_text(json.dumps(entries))
    worst = validate_file(path).files[0].worst
    assert (worst.place, worst.column) == ("entry 2", "v_star")


def test_the_worst_row_tells_its_arguments_as_written(reference_folder: Path) -> None:
    path = reference_folder / "collectives.csv"
    change_cell(path, 4, "time_s", other_digit)
    assert validate_file(path).files[0].worst.keys == {
        "gpu": "A100",
        "coll": "allgather",
        "n_ranks": "32",
        "n_nodes": "4",
        "bytes": "1000000000",
    }


def test_a_latency_where_nothing_fits_is_infinitely_wrong(reference_folder: Path) -> None:
    path = reference_folder / "token_latency_paper.csv"
    change_cell(path, 2, "latency_s", lambda _: "0.01")
    found = validate_file(path).files[0]
    assert found.worst_relative_error == math.inf
    assert (found.worst.stated, found.worst.computed) == (0.01, math.inf)


def test_no_latency_where_the_model_fits_is_infinitely_wrong(reference_folder: Path) -> None:
    path = reference_folder / "token_latency_paper.csv"
    change_cell(path, 4, "latency_s", lambda _: "inf")
    assert validate_file(path).files[0].worst_relative_error == math.inf


def test_another_protocol_is_infinitely_wrong(reference_folder: Path) -> None:
    path = reference_folder / "collectives.csv"
    change_cell(path, 2, "chosen_algo", lambda _: "Simple")
    found = validate_file(path).files[0]
    assert found.worst_relative_error == math.inf
    assert (found.worst.stated, found.worst.computed) == ("Simple", "LL")


def test_a_hand_computed_row_passes(tmp_path: Path) -> None:
    path = tmp_path / "collectives.csv"
    path.write_text(COLLECTIVES + EIGHT_RANKS)
    assert validate_file(path).passed


def test_columns_may_come_in_any_order(reference_folder: Path, write_table: WriteTable) -> None:
    path = reference_folder / "collectives.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row[::-1] for row in csv.reader(file)]
    write_table(path, rows[0], rows[1:])
    assert validate_file(path).passed


def test_a_design_beyond_the_cap_of_its_file_is_refused(reference_folder: Path) -> None:
    path = reference_folder / "exact" / EXACT
    capped = path.with_name("Llama_3_70B_8bit__H100__il5__cap1k.csv")
    path.rename(capped)
    # The first row makes 157 tok/s, the others beyond a thousand.
    found = validate_file(capped).files[0]
    assert found.worst.computed == math.inf
    assert found.worst.place == "line 3"


def test_the_cap_of_a_file_may_be_told_in_thousands_or_in_full(reference_folder: Path) -> None:
    path = reference_folder / "exact" / EXACT
    for cap in ("cap1000k", "cap1000000"):
        path = path.rename(path.with_name(f"Llama_3_70B_8bit__H100__il5__{cap}.csv"))
        assert validate_file(path).passed


def test_another_context_in_the_file_name_is_noticed(reference_folder: Path) -> None:
    path = reference_folder / "exact" / EXACT
    renamed = path.rename(path.with_name("Llama_3_70B_8bit__H100__il500.csv"))
    assert not validate_file(renamed).passed


def test_a_missing_column_is_named_and_the_file_ignored(reference_folder: Path) -> None:
    path = reference_folder / "collectives.csv"
    path.write_text("gpu,coll,n_ranks,n_nodes,bytes,time_s,latency_part_s,extra\n1,2\n")
    report = validate_folder(reference_folder)
    assert [entry.file for entry in report.ignored] == ["collectives.csv"]
    assert report.ignored[0].reason == (
        "its columns are not those of its name: "
        "it lacks 'bandwidth_part_s', 'chosen_algo'; it has also 'extra'"
    )


def test_a_repeated_column_is_named_and_the_file_ignored(reference_folder: Path) -> None:
    path = reference_folder / "collectives.csv"
    path.write_text(COLLECTIVES.replace("\n", ",bytes\n"))
    assert "it repeats 'bytes'" in validate_folder(reference_folder).ignored[0].reason


def test_familiar_columns_under_another_name_are_ignored_and_recognised(
    reference_folder: Path,
) -> None:
    path = reference_folder / "collectives.csv"
    path.rename(path.with_name("measured.csv"))
    ignored = validate_folder(reference_folder).ignored
    assert [(entry.file, entry.reason) for entry in ignored] == [
        ("measured.csv", "its columns are those of collectives.csv, but its name is not")
    ]


@pytest.mark.parametrize("name", ["notes.md", "other.csv", "data.json"])
def test_a_foreign_file_is_listed_as_ignored(reference_folder: Path, name: str) -> None:
    (reference_folder / name).write_text("hello")
    ignored = validate_folder(reference_folder).ignored
    assert [(entry.file, entry.reason) for entry in ignored] == [
        (name, "its name is none of those known")
    ]


def test_a_file_without_rows_is_ignored_not_passed(reference_folder: Path) -> None:
    (reference_folder / "collectives.csv").write_text(COLLECTIVES)
    ignored = validate_folder(reference_folder).ignored
    assert ignored[0].reason == "it holds no rows"


def test_an_empty_list_is_ignored_not_passed(reference_folder: Path) -> None:
    (reference_folder / "toy_closed_form.json").write_text("[]")
    assert validate_folder(reference_folder).ignored[0].reason == "it holds no rows"


def test_an_empty_file_is_ignored(reference_folder: Path) -> None:
    (reference_folder / "collectives.csv").write_text("")
    assert "it lacks 'gpu'" in validate_folder(reference_folder).ignored[0].reason


def test_folders_are_searched_one_level_deep(reference_folder: Path) -> None:
    (reference_folder / "exact" / "older").mkdir()
    ignored = validate_folder(reference_folder).ignored
    assert [(entry.file, entry.reason) for entry in ignored] == [
        ("exact/older/", "only one level of folders is searched")
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(reference_folder: Path) -> None:
    (reference_folder / "collectives.csv").unlink()
    os.mkfifo(reference_folder / "collectives.csv")
    assert validate_folder(reference_folder).ignored[0].reason == "it is not a plain file"


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert f"{tmp_path / 'nowhere'}: is not a file" in fault_of(tmp_path / "nowhere")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="is not a folder"):
        validate_folder(tmp_path / "nowhere")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "holds no files" in fault_of(tmp_path)


def test_a_folder_with_nothing_to_compare_says_why(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello")
    fault = fault_of(tmp_path)
    assert "holds nothing to compare (notes.md: its name is none of those known)" in fault
    assert "token_latency_paper.csv" in fault


def test_a_single_file_that_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("hello")
    assert "cannot be compared: its name is none of those known" in fault_of(path)


def test_an_unknown_accelerator_is_named_with_line_and_cure(tmp_path: Path) -> None:
    path = tmp_path / "collectives.csv"
    path.write_text(COLLECTIVES + EIGHT_RANKS + EIGHT_RANKS.replace("H100", "H900"))
    fault = fault_of(path)
    assert fault.startswith(f"{path}: line 3: gpu: accelerator 'H900' is unknown. Known: H100,")
    assert "V100" in fault


def test_an_unknown_model_is_named_with_line_and_cure(reference_folder: Path) -> None:
    path = reference_folder / "token_latency_paper.csv"
    change_cell(path, 3, "model", lambda _: "GPT_9")
    fault = fault_of(path)
    assert f"{path}: line 3: model: model 'GPT_9' is unknown" in fault
    assert "Llama_3_405B_8_bit" in fault


@pytest.mark.parametrize(
    ("name", "unknown"),
    [("GPT_9__H100__il0.csv", "model 'GPT_9'"), ("GPT_3__H900__il0.csv", "accelerator 'H900'")],
)
def test_an_unknown_name_in_a_file_name_is_refused(
    reference_folder: Path, name: str, unknown: str
) -> None:
    path = reference_folder / "exact" / EXACT
    renamed = path.rename(path.with_name(name))
    assert f"{renamed}: file name: {unknown} is unknown" in fault_of(renamed)


def test_erratum_b12_a_missing_rate_is_refused_by_name(reference_folder: Path) -> None:
    path = reference_folder / "token_latency_components.csv"
    change_cell(path, 26, "model", lambda _: "Llama_3_70B_4_bit")
    fault = fault_of(path)
    assert "line 26: model: A100 has no arithmetic rate for the 4-bit weights" in fault
    assert "only for 8, 16 bits" in fault


def test_erratum_b12_a_missing_rate_is_refused_in_a_file_name(reference_folder: Path) -> None:
    path = reference_folder / "exact" / EXACT
    renamed = path.rename(path.with_name("Llama_3_70B_4_bit__V100__il0.csv"))
    assert "V100 has no arithmetic rate for the 4-bit weights" in fault_of(renamed)


@pytest.mark.parametrize(
    ("column", "text", "what"),
    [
        ("n_ranks", "many", "'many' is not a number"),
        ("n_ranks", "", "'' is not a number"),
        ("bytes", "-1", "-1 is out of range. Write a number at least 0"),
        ("n_nodes", "0", "0 is out of range. Write a number above 0"),
        ("bytes", "inf", "'inf' is not finite"),
        ("time_s", "nan", "'nan' is not a number"),
        ("coll", "broadcast", "'broadcast' is unknown. Known: allreduce, allgather, p2p"),
    ],
)
def test_a_malformed_cell_is_named_with_file_line_and_column(
    reference_folder: Path, column: str, text: str, what: str
) -> None:
    path = reference_folder / "collectives.csv"
    change_cell(path, 3, column, lambda _: text)
    assert f"{path}: line 3: {column}: {what}" in fault_of(path)


def test_faults_of_all_files_are_reported_at_once(reference_folder: Path) -> None:
    change_cell(reference_folder / "collectives.csv", 3, "bytes", lambda _: "x")
    change_cell(reference_folder / "collectives.csv", 4, "n_ranks", lambda _: "y")
    change_cell(reference_folder / "speculative.csv", 2, "acceptance", lambda _: "1")
    with pytest.raises(FleetError) as caught:
        validate_folder(reference_folder)
    assert len(caught.value.faults) == 3


def test_very_many_faults_are_counted_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "collectives.csv"
    path.write_text(COLLECTIVES + EIGHT_RANKS.replace("8,1,0", "x,1,0") * 100)
    with pytest.raises(FleetError) as caught:
        validate_file(path)
    assert len(caught.value.faults) == 21
    assert str(caught.value).endswith(f"{path}: 80 more faults. Mend those above first.")


def test_erratum_b15_certain_acceptance_is_refused(reference_folder: Path) -> None:
    path = reference_folder / "speculative.csv"
    change_cell(path, 2, "acceptance", lambda _: "1")
    assert "acceptance: 1 is out of range. Write a number at least 0 and below 1" in fault_of(path)


def test_a_line_of_another_width_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "collectives.csv"
    path.write_text(COLLECTIVES + EIGHT_RANKS + "H100,allreduce\n")
    assert f"{path}: line 3: has 2 values under 9 columns" in fault_of(path)


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"model": ', "nothing"])
def test_a_closed_form_that_is_no_list_of_objects_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "toy_closed_form.json"
    path.write_text(text)
    assert f"{path}: is not " in fault_of(path)


def test_entries_with_different_keys_are_refused(reference_folder: Path) -> None:
    path = reference_folder / "toy_closed_form.json"
    entries = json.loads(path.read_text())
    del entries[1]["gpu"]
    path.write_text(json.dumps(entries))
    assert "entry 2: its keys are not those of the first entry: gpu" in fault_of(path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "collectives.csv"
    path.write_bytes(b"\xff\xfe\x00")
    assert f"{path}: is not text" in fault_of(path)


def test_absurd_arguments_are_an_infinite_error_not_a_warning(reference_folder: Path) -> None:
    path = reference_folder / "token_latency_components.csv"
    change_cell(path, 2, "batch", lambda _: "1e308")
    change_cell(path, 2, "n_gpu", lambda _: "1e308")
    assert validate_file(path).files[0].worst_relative_error == math.inf


def test_the_report_as_a_dictionary_is_plain_json(reference_folder: Path) -> None:
    path = reference_folder / "token_latency_paper.csv"
    change_cell(path, 2, "latency_s", lambda _: "0.01")
    (reference_folder / "notes.md").write_text("hello")
    document = json.loads(json.dumps(validate_folder(reference_folder).as_dict(), allow_nan=False))
    assert document["passed"] is False
    assert document["rows"] == 76
    assert document["worst_relative_error"] == "inf"
    assert document["ignored"] == [
        {"file": "notes.md", "reason": "its name is none of those known"}
    ]
    worst = next(item for item in document["files"] if item["file"] == path.name)["worst"]
    assert (worst["place"], worst["stated"], worst["computed"]) == ("line 2", 0.01, "inf")


def test_a_report_needs_a_file_that_was_compared() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        ValidationReport("somewhere", "epoch2025", ())
