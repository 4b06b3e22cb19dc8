"""Findings become the text of an instance, and another import of the same changes nothing."""

from __future__ import annotations

import tomllib
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.importers.drafting import draft, plain_name
from solver.importers.findings import Figure, Findings, Missing, Tables
from solver.importers.merging import merge, same_value
from solver.importers.titles import title_of

HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd()",
    "\x1b[31mred\x1b[0m",
    'three """ quotes',
    "two\nlines\r\nmore",
    "'''",
    'name"\n[[machines]]\nname = "b',
    "# missing: everything",
    "\\",
    "\x7f\x00\u2028\ufeff",
)
WHERE = "plan.toml"

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
figures = st.builds(
    Figure,
    st.one_of(
        texts,
        st.integers(-(10**12), 10**12),
        st.booleans(),
        st.lists(st.integers(0, 99), max_size=3),
        st.lists(texts, max_size=3),
    ),
    texts,
)
keys = st.text("abcxyz_0123456789", min_size=1, max_size=6).filter(
    lambda key: key not in ("name", "kind", "schema")
)


def entries(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    named = st.builds(
        lambda name, rest: {"name": Figure(name), **rest},
        texts,
        st.dictionaries(keys, inner, max_size=3),
    )
    return st.lists(named, min_size=1, max_size=3, unique_by=lambda entry: entry["name"].value)


tables = st.dictionaries(
    keys,
    st.one_of(
        figures,
        st.dictionaries(keys, figures, min_size=1, max_size=3),
        entries(st.one_of(figures, entries(figures))),
    ),
    max_size=4,
)


def plain(part: Any) -> Any:
    if isinstance(part, Figure):
        return part.value
    if isinstance(part, list):
        return [plain(entry) for entry in part]
    return {key: plain(value) for key, value in part.items()}


def drafted(found: Tables, existing: str | None = None, *missing: Missing) -> str:
    findings = Findings("replica", found, missing)
    return draft(findings, existing=existing, name="plan", where=WHERE).text


@given(tables)
@settings(max_examples=30, deadline=None)
def test_what_is_found_is_read_back(found: dict[str, Any]) -> None:
    read = tomllib.loads(drafted(found))
    head = {key: read.pop(key) for key in ("schema", "kind", "name", "title")}
    assert head == {"schema": 1, "kind": "replica", "name": "plan", "title": title_of(read)}
    assert read == plain(found)


@given(tables)
@settings(max_examples=15, deadline=None)
def test_importing_twice_changes_nothing(found: dict[str, Any]) -> None:
    once = drafted(found)
    assert drafted(found, once) == once


@given(tables, tables)
@settings(max_examples=15, deadline=None)
def test_the_order_of_two_imports_does_not_matter(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    one = {f"one_{key}": value for key, value in one.items()}
    other = {f"other_{key}": value for key, value in other.items()}
    there = tomllib.loads(drafted(other, drafted(one)))
    back = tomllib.loads(drafted(one, drafted(other)))
    assert there == back


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_held_as_text(name: str) -> None:
    found = {"machines": [{"name": Figure(name, name), "accelerator": Figure(name, name)}]}
    text = drafted(found, None, Missing(f"machines.{name}.usd_per_hour", name, "--x", name))
    assert tomllib.loads(text)["machines"] == [{"name": name, "accelerator": name}]
    assert {letter for letter in text if unicodedata.category(letter) == "Cc"} == {"\n"}


WRITTEN = """\
# Mine.
schema = 1
kind = "replica"
name = "mine"          # keep this

[workload]
context_tokens = 4096  # said by hand

# About the design.
[design]
accelerator = "H100 SXM"
batch = [
    1,   # one
    2,
]
"""


def test_what_a_person_wrote_stays_as_it_is() -> None:
    found: Tables = {
        "workload": {"context_tokens": Figure(4096), "model": Figure("A", "config.json")},
        "limits": {"max_devices": Figure(8)},
    }
    text = drafted(found, WRITTEN)
    left = [line for line in text.splitlines() if line in WRITTEN.splitlines()]
    assert [line for line in left if line] == [line for line in WRITTEN.splitlines() if line]
    assert 'model = "A"            # config.json' in text
    # The remark on the next table stays with it.
    assert "# About the design.\n[design]\n" in text


def test_ends_of_lines_stay_those_of_the_file() -> None:
    text = drafted({"workload": {"model": Figure("A")}}, WRITTEN.replace("\n", "\r\n"))
    assert text.count("\n") == text.count("\r\n") > WRITTEN.count("\n")


def test_a_figure_that_differs_is_refused_with_both_values() -> None:
    with pytest.raises(InstanceError) as caught:
        drafted({"workload": {"context_tokens": Figure(8192, "--context-tokens")}}, WRITTEN)
    (fault,) = caught.value.faults
    assert fault.where == "plan.toml: workload.context_tokens"
    assert fault.what == "is 4096, where 8192 was found (--context-tokens)"


def test_every_contradiction_is_told_at_once() -> None:
    found: Tables = {
        "workload": {"context_tokens": Figure(1)},
        "design": {"accelerator": Figure("H200 SXM")},
    }
    with pytest.raises(InstanceError) as caught:
        drafted(found, WRITTEN)
    assert len(caught.value.faults) == 2


def test_a_decimal_in_quotes_is_the_number() -> None:
    assert same_value("2.50", 2.5)
    assert same_value(2, "2.0")
    assert not same_value("2.50", "2.51")
    assert not same_value(True, 1)
    assert not same_value([1], [1, 2])


def test_a_table_written_inline_is_not_taken_apart() -> None:
    with pytest.raises(InstanceError, match="is written inline"):
        drafted(
            {"workload": {"model": Figure("A")}},
            WRITTEN.replace("[workload]\ncontext_tokens = 4096", "[other]\nx = 1").replace(
                'name = "mine"', 'name = "mine"\nworkload = { context_tokens = 4096 }'
            ),
        )


def test_a_value_where_a_table_belongs_is_refused() -> None:
    with pytest.raises(InstanceError, match="is not a table"):
        drafted({"name": {"x": Figure(1)}}, WRITTEN)


def test_another_kind_of_question_is_refused() -> None:
    with pytest.raises(InstanceError, match="belong to a fleet question"):
        draft(Findings("fleet", {}), existing=WRITTEN, name="x", where=WHERE)


@pytest.mark.parametrize("text", ["schema = ", "a = [" * 5000, "=", "[a]\n[a]\n"])
def test_text_that_is_no_toml_is_refused(text: str) -> None:
    with pytest.raises(InstanceError, match="not a TOML file"):
        drafted({}, text)


PRICE = Missing("design.price", "What does it cost?", "--usd-per-hour", "2.50")


def test_what_is_missing_stands_where_it_belongs() -> None:
    text = drafted({}, WRITTEN, Missing("workload.model", "Which model?", "--model", "A"))
    line = '# missing: Which model? (--model)\n# model = "A"'
    assert f"context_tokens = 4096  # said by hand\n{line}\n" in text


def test_a_line_of_what_is_missing_goes_once_it_is_given() -> None:
    text = drafted({}, WRITTEN, Missing("workload.model", "Which model?", "--model", "A"))
    filled = drafted({"workload": {"model": Figure("B")}}, text)
    assert "missing" not in filled
    assert tomllib.loads(filled)["workload"]["model"] == "B"


def test_what_was_missing_before_is_still_told() -> None:
    asked = Missing("workload.model", "Which model?", "--model", "A")
    text = drafted({}, WRITTEN, asked)
    later = draft(Findings("replica", {}), existing=text, name="x", where=WHERE)
    assert later.missing == (asked,)


def test_a_key_that_stands_in_place_of_another_answers_it() -> None:
    fleet = 'schema = 1\nkind = "fleet"\nname = "f"\n[[machines]]\nname = "a.b"\ntier = "spot"\n'
    asked = Missing("machines.a.b.usd_per_hour", "What does it cost?", "--usd-per-hour", "2.50")
    made = draft(Findings("fleet", {}, (asked,)), existing=fleet, name="x", where=WHERE)
    assert [one.key for one in made.missing] == ["workloads"]
    assert made.text == fleet


def test_what_no_line_can_hold_is_told_and_not_written() -> None:
    fleet = 'schema = 1\nkind = "fleet"\nname = "f"\n[[workloads]]\nname = "a"\n'
    asked = Missing("workloads.a.machine", "Where did it run?", "--machine", "h100")
    made = draft(Findings("fleet", {}, (asked,)), existing=fleet, name="x", where=WHERE)
    assert [one.key for one in made.missing] == ["workloads.a.machine", "machines"]
    assert made.text == fleet


@pytest.mark.parametrize(
    "file",
    [
        "../x.csv",
        "a/b.csv",
        "",
        ".hidden",
        "x\n.csv",
        "nul.csv",
        "..",
        "C:x.csv",
        "a\\b.csv",
        "x" * 200 + ".csv",
    ],
)
def test_a_further_file_has_a_plain_name(file: str) -> None:
    findings = Findings("replica", {}, files={file: b""})
    with pytest.raises(InstanceError, match="no plain file name"):
        draft(findings, existing=None, name="x", where=WHERE)


@pytest.mark.parametrize("text", ["../../etc/passwd", "a b", "", "<script>", "x" * 500, "…"])
def test_a_name_made_plain_is_one_that_instances_take(text: str) -> None:
    name = plain_name(text)
    assert 0 < len(name) <= 80
    assert all(character.isalnum() or character in "_.+-" for character in name)
    assert not name.startswith(".")


def test_entries_without_any_name_are_an_importers_slip() -> None:
    with pytest.raises(ValueError, match="without a name"):
        merge({}, {"machines": [{"x": Figure(1)}]}, where=WHERE)
