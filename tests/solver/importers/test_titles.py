"""Titles of drafts say what is served where, and never replace one that a person wrote."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from solver.importers.drafting import draft
from solver.importers.findings import Figure, Findings, Tables
from solver.importers.titles import title_of


@pytest.mark.parametrize(
    ("tables", "title"),
    [
        ({"kind": "fleet"}, "What to serve, and where"),
        ({"kind": "fleet", "machines": [{"name": "a"}]}, "What to serve on a"),
        ({"kind": "fleet", "workloads": [{"name": "chat"}]}, "Where to serve chat"),
        (
            {
                "kind": "fleet",
                "machines": [{"name": name} for name in "abc"],
                "workloads": [{"name": "x", "model": "M"}, {"name": "y", "model": "M"}],
            },
            "M on a and 2 others",
        ),
        (
            {"kind": "replica", "workload": {"model": "M"}, "design": {"accelerator": "L4"}},
            "M on L4",
        ),
        ({"kind": "replica", "workload": "broken", "design": []}, "What to serve, and where"),
    ],
)
def test_a_title_names_models_and_machines(tables: dict[str, Any], title: str) -> None:
    assert title_of(tables) == title


def added(found: Tables, text: str | None) -> str:
    return draft(Findings("fleet", found), existing=text, name="x", where="x.toml").text


def test_a_title_of_ours_grows_and_one_of_a_person_stays() -> None:
    first = added({"machines": [{"name": Figure("a")}]}, None)
    assert tomllib.loads(first)["title"] == "What to serve on a"
    more: Tables = {"workloads": [{"name": Figure("chat"), "model": Figure("M")}]}
    assert tomllib.loads(added(more, first))["title"] == "M on a"
    mine = first.replace("What to serve on a", "Autumn")
    assert tomllib.loads(added(more, mine))["title"] == "Autumn"
    without = first.replace('title = "What to serve on a"\n', "")
    assert "title" not in tomllib.loads(added(more, without))
