"""All names that the benchmark knows, on one page."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from solver.bench.families.catalogue import families
from solver.bench.listing import print_listing
from solver.bench.registry import ENGINES, GROUPS, all_entries
from solver.bench.set_files import members_of_sets, set_names


@pytest.fixture(scope="module")
def text() -> str:
    stream = io.StringIO()
    print_listing(Console(file=stream, width=300, highlight=False))
    return stream.getvalue()


def test_every_set_comes_with_its_number_of_instances(text: str) -> None:
    for name in set_names():
        line = next(line for line in text.splitlines() if line.split()[:1] == [name])
        assert line.split()[1:] == [str(len(members_of_sets([name]))), "instances"]


def test_every_family_comes_with_its_parameters(text: str) -> None:
    for name, family in families().items():
        assert f"  {name} ({family.group}): {family.summary}" in text
        for parameter in family.parameters.model_fields:
            assert f"{parameter}=" in text


def test_every_formulation_comes_with_its_summary_and_textbooks_are_marked(text: str) -> None:
    for entry in all_entries():
        mark = " (textbook)" if entry.textbook else ""
        assert f"  {entry.name}{mark} " in text
        assert entry.summary in text
    assert text.count("(textbook)") == len(GROUPS)


def test_engines_come_last(text: str) -> None:
    assert text.rstrip().splitlines()[-1] == f"Engines: {', '.join(ENGINES)}"
