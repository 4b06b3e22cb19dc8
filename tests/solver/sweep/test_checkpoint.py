"""The journal behind every checkpoint, with records that are plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from solver.errors import ResultError
from solver.sweep.checkpoint import Journal
from solver.sweep.checkpoint_lines import DamageError, header_line, read_header, sealed, unsealed


class Words:
    """A codec of words."""

    def __init__(self, digest: str = "d" * 64, name: str = "words", road: str = "") -> None:
        self.digest, self.name, self.road = digest, name, road

    def header(self) -> bytes:
        return header_line(self.digest, self.name, ("length",), self.road)

    def write(self, record: str) -> bytes:
        return sealed({"word": record}, self.digest) + b"\n"

    def read(self, line: bytes) -> str:
        match unsealed(line, self.digest):
            case {"word": str(word)}:
                return word
            case _:
                raise DamageError("it holds no word")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "words.jsonl"


def write(path: Path, *words: str, **options: Any) -> None:
    with Journal(path, Words(**options)) as journal:
        journal.append(words)


def test_what_is_appended_is_read_back_in_its_order(path: Path) -> None:
    write(path, "one", "two")
    write(path, "three")
    with Journal(path, Words()) as journal:
        assert journal.records == ("one", "two", "three")


def test_a_line_cut_short_is_dropped_and_told(path: Path) -> None:
    write(path, "one", "two")
    path.write_bytes(path.read_bytes()[:-3])
    with Journal(path, Words()) as journal:
        assert journal.records == ("one",)
        assert "cut short" in journal.notes[0]


def test_another_problem_is_refused_by_name(path: Path) -> None:
    write(path, "one")
    with pytest.raises(ResultError, match=r"another problem, 'words'.*and not to 'others'"):
        Journal(path, Words(digest="e" * 64, name="others"))


def test_another_road_is_refused_with_both_named(path: Path) -> None:
    write(path, "one", road="--engine highs")
    with pytest.raises(
        ResultError, match="begun with --engine highs, and this run has --engine sc"
    ):
        Journal(path, Words(road="--engine scip"))


def test_a_damaged_line_is_refused_unless_recovered(path: Path) -> None:
    write(path, "one", "two")
    path.write_bytes(path.read_bytes().replace(b"one", b"eno"))
    with pytest.raises(ResultError, match="line 2: the line is damaged"):
        Journal(path, Words())
    with Journal(path, Words(), recover=True) as journal:
        assert journal.records == ("two",)


def test_nothing_is_appended_after_the_end(path: Path) -> None:
    journal = Journal(path, Words())
    journal.close()
    with pytest.raises(ValueError, match="closed"):
        journal.append(["late"])


def test_a_header_without_a_road_has_an_empty_one() -> None:
    assert read_header(Words().header().rstrip(b"\n")).road == ""
