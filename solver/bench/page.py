"""A benchmark as one self-contained HTML page, without scripts; it loads nothing and prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jinja2

from solver.bench.cases import GroupRows, groups_of
from solver.bench.kinds.kind import Entry
from solver.bench.method import command_of, facts_of, method_of
from solver.bench.page_tables import (
    bounds_table,
    cases_table,
    headline_table,
    not_applicable_lines,
    sides_table,
)
from solver.bench.plots import render_gaps, render_overview, render_profile
from solver.bench.profiles import Measure, Profile, profiles_of, work_engines
from solver.bench.statements import statements_of
from solver.bench.summary import GroupSummary, Summary
from solver.bench.tables import COLUMNS, fault_line, group_heading, ratio_text
from solver.report.numbers import clean
from solver.report.page_parts import svg_address, templates

__all__ = ["bench_page"]

_WORK: Mapping[Measure, str] = {"ticks": "deterministic time", "nodes": "nodes"}


@cache
def _template() -> jinja2.Template:
    environment = templates().overlay(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader("solver", "bench"),
                # Style sheets are those of all pages.
                jinja2.PackageLoader("solver", "report"),
            ]
        )
    )
    return environment.get_template("bench.html.j2")


def _profile_alt(group: GroupRows, profiles: Sequence[Profile], textbook: str) -> str:
    """The profile figure in words: the sides that solve most, and the textbook ones."""
    rank = sorted(profiles, key=lambda one: (-one.shares[-1], -one.shares[0], one.side))
    chosen = [
        one for place, one in enumerate(rank) if place < 3 or one.side.formulation == textbook
    ]
    told = "; ".join(
        f"{one.side.label} is fastest on {100 * one.shares[0]:.0f} % and solves "
        f"{100 * one.shares[-1]:.0f} %"
        for one in chosen
    )
    return f"Performance profiles of {group.title} over {len(group.cases)} cases. {told}."


def _best_sentence(group: GroupSummary) -> str:
    """What a reader takes home of a group, in one sentence."""
    best, base = group.best, group.baseline
    if best is None:
        return "No case was solved."
    text = f"Best is {best.side.label} with {best.solved} of {best.cases} cases solved"
    if base is None:
        return f"{text}; no textbook formulation was run."
    if best is base:
        return f"{text}: the textbook formulation itself."
    text += f"; the textbook formulation ({base.side.label}) solves {base.solved}"
    if best.ratio is None:
        return f"{text}."
    return (
        f"{text}. Its mean time is {ratio_text(best.ratio)} times that of the textbook, over the "
        f"{best.ratio_cases} cases that both ran."
    )


def _work_figures(group: GroupRows, textbook: str) -> list[dict[str, str]]:
    figures = []
    for engine, measure, sides in work_engines(group):
        drawing = render_profile(group, "svg", textbook=textbook, measure=measure, sides=sides)
        profiles = profiles_of(group, measure=measure, sides=sides)
        figures.append(
            {
                "svg": svg_address(drawing),
                "alt": _profile_alt(group, profiles, textbook),
                "caption": f"Formulations on {engine} by {_WORK[measure]}: the same on every "
                "machine, comparable on this engine only.",
            }
        )
    return figures


def _group_view(
    group: GroupRows, summary: GroupSummary, entries: Sequence[Entry]
) -> dict[str, Any]:
    textbook = summary.textbook
    statements = statements_of(entries, group.group)
    return {
        "key": group.group,
        "title": group.title,
        "heading": group_heading(summary),
        "sentence": _best_sentence(summary),
        "sides": sides_table(summary),
        "profile": svg_address(render_profile(group, "svg", textbook=textbook)),
        "profile_alt": _profile_alt(group, profiles_of(group), textbook),
        "gaps": svg_address(render_gaps(group, "svg", textbook=textbook)),
        "gaps_alt": f"Share of the {len(group.cases)} cases of {group.title} known to within "
        "100 %, 10 % and 1 %, and proved, against wall time, a line for each side.",
        "work": _work_figures(group, textbook),
        "bounds": bounds_table(summary),
        "statements": statements,
        "cases": cases_table(group, summary),
        "not_applicable": not_applicable_lines(group),
    }


def _verdict(summary: Summary) -> tuple[str, str, str]:
    """Class, first word and sentence of the status line."""
    bad = [
        row for row in summary.rows if row.verdict in ("wrong", "missing") or row.status == "failed"
    ]
    if not summary.sound:
        return (
            "infeasible",
            "Not sound:",
            f"{len(bad)} of {len(summary.rows)} solves are wrong, miss a point or "
            "failed; see Faults.",
        )
    right = sum(row.solved for row in summary.rows)
    return (
        "complete",
        "Sound:",
        f"no answer is wrong and none is missing; {right} of {len(summary.rows)} lines are proved "
        "and right.",
    )


def bench_page(
    summary: Summary, *, header: Mapping[str, Any], entries: Sequence[Entry] = ()
) -> str:
    """The whole report as one HTML text (UTF-8); equal rows and headers give equal bytes.

    Parameters
    ----------
    header
        Of the run: at least ``set``, ``seeds`` and ``time_limit_s``; everything in it is told.
    entries
        What there is to run; their texts are told.

    Raises
    ------
    ValueError
        If an entry has no module.
    """
    groups = groups_of(summary.rows)
    status, word, sentence = _verdict(summary)
    context = {
        "title": f"Benchmark: {clean(header['set'])}",
        "status": status,
        "status_word": word,
        "status_sentence": sentence,
        "facts": [(clean(name), clean(value, limit=600)) for name, value in facts_of(header)],
        "command": command_of(header, summary.rows, entries),
        "headline": headline_table(summary),
        "overview": svg_address(render_overview(groups, summary.groups, "svg")) if groups else "",
        "overview_alt": "Performance profiles of every group, small: "
        + " ".join(f"{one.title}: {_best_sentence(one)}" for one in summary.groups),
        "groups": [
            _group_view(group, one, entries)
            for group, one in zip(groups, summary.groups, strict=True)
        ],
        "faults": [
            {"grave": row.verdict in ("wrong", "missing"), "line": fault_line(row)}
            for row in summary.faults
        ],
        "contradictions": [clean(one.what, limit=1000) for one in summary.contradictions],
        "doubtful": [clean(line, limit=400) for line in summary.doubtful],
        "method": method_of(header),
        "columns": [(column.header, column.meaning) for column in COLUMNS],
    }
    return _template().render(context)
