"""YAML with comments: what is written comes back as it was, by every version's rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from solver.deploy.formats.yaml_text import Hole, Remark, hole_of, yaml_document, yaml_tree

LOOKALIKES = [
    "yes", "No", "on", "OFF", "y", "true", "null", "~", "", " ", "1", "0x1F", "0o7", "017", "1e3",
    "1_000", ".inf", "12:30:45", "2026-11-22", "=", "<<", "- a", "a: b", "a #b", "#a", "[a]", "{a}",
    "{{a}}", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "a\nb: c", "---", "...", "'", '"', "\\",
    "\u2028", "\u202e", "é", "🙂",
]  # fmt: skip


def _read(text: str, version: tuple[int, int]) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = version
    return reader.load(text)


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
def test_texts_that_look_like_something_else_stay_texts(version: tuple[int, int]) -> None:
    tree = {"list": LOOKALIKES, "keys": {text: text for text in LOOKALIKES}}
    assert _read(yaml_tree(tree), version) == tree


@settings(max_examples=100)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x01")))
def test_any_text_comes_back(text: str) -> None:
    tree = {"key": text, text: ["entry", text]}
    for version in ((1, 1), (1, 2)):
        assert _read(yaml_tree(tree), version) == tree


def test_remarks_stand_above_their_line_in_its_column() -> None:
    tree = {"a": {Remark("Of b."): None, "b": [Remark("Of c."), "c"]}}
    assert yaml_tree(tree) == "a:\n  # Of b.\n  b:\n    # Of c.\n    - c\n"


def test_a_remark_with_a_line_break_stays_a_remark() -> None:
    tree = {Remark("one\ntwo: 2\u2028three: 3"): None, "a": 1}
    assert _read(yaml_tree(tree), (1, 2)) == {"a": 1}


def test_two_remarks_of_the_same_words_are_both_kept() -> None:
    text = yaml_tree({Remark("Same."): None, "a": 1, Remark("Same."): None, "b": 2})
    assert text.count("# Same.") == 2


def test_a_remark_cannot_open_an_entry_of_a_list() -> None:
    with pytest.raises(ValueError, match="cannot open an entry"):
        yaml_tree([{Remark("lost"): None, "a": 1}])


def test_a_text_cannot_pass_for_a_remark() -> None:
    with pytest.raises(ValueError, match="control character"):
        yaml_tree(["\x01r0", Remark("real")])


def test_a_hole_is_found_again() -> None:
    lines = yaml_tree({"urls": [Hole("decode-1")]}).splitlines()
    assert [hole_of(line) for line in lines] == [None, ("  ", "decode-1")]


def test_several_documents_are_set_apart() -> None:
    text = yaml_document(["# head"], [{"a": 1}, {"b": 2}])
    assert list(YAML(typ="safe").load_all(text)) == [{"a": 1}, {"b": 2}]
    assert text.startswith("# head\n---\n")
