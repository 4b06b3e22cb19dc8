"""Files and words that a benchmark leaves behind."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from solver.bench.cases import groups_of
from solver.bench.page import bench_page
from solver.bench.plots import (
    gaps_csv,
    profiles_csv,
    render_gaps,
    render_overview,
    render_profile,
)
from solver.bench.registry import GROUPS, all_entries
from solver.bench.row import Row
from solver.bench.run import ROWS, BenchRun
from solver.bench.summary import Summary, summarise
from solver.bench.tables import print_summary, summary_csv, summary_markdown
from solver.result.writing import write_whole

__all__ = ["print_run", "summary_json", "summary_of", "textbooks", "write_run", "wrong_rows"]


def textbooks() -> dict[str, str]:
    """Group -> the formulation that others are measured against."""
    return {
        group: entry.name
        for group in GROUPS
        for entry in all_entries()
        if entry.group == group and entry.textbook
    }


def summary_of(run: BenchRun) -> Summary:
    """What the rows of a run come to."""
    return summarise(run.rows, textbook=textbooks())


def wrong_rows(summary: Summary) -> tuple[Row, ...]:
    """Rows with a wrong answer, or a missing one."""
    return tuple(row for row in summary.rows if row.verdict in ("wrong", "missing"))


def write_run(run: BenchRun, summary: Summary, folder: Path) -> None:
    """Tables, pictures and page of a run; the rows are in the folder already.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    groups = groups_of(summary.rows)
    contents: dict[Path, bytes] = {
        folder / "summary.csv": summary_csv(summary).encode(),
        folder / "summary.md": summary_markdown(summary).encode(),
        folder / "profiles.csv": profiles_csv(groups).encode(),
        folder / "gaps.csv": gaps_csv(groups).encode(),
        folder / "report.html": bench_page(
            summary, header=run.header, entries=all_entries()
        ).encode(),
    }
    books = textbooks()
    for group in groups:
        book = books.get(group.group, "")
        contents[folder / f"profile-{group.group}.png"] = render_profile(
            group, "png", textbook=book
        )
        contents[folder / f"profile-{group.group}.svg"] = render_profile(
            group, "svg", textbook=book
        )
        contents[folder / f"gaps-{group.group}.png"] = render_gaps(group, "png", textbook=book)
        contents[folder / f"gaps-{group.group}.svg"] = render_gaps(group, "svg", textbook=book)
    for suffix in ("png", "svg"):
        contents[folder / f"overview.{suffix}"] = render_overview(groups, summary.groups, suffix)
    write_whole(contents)


def summary_json(run: BenchRun, summary: Summary) -> str:
    """Header, summary and wrong rows of a run, for programs."""
    told: dict[str, Any] = {
        **run.header,
        "complete": run.complete,
        "groups": [asdict(group) for group in summary.groups],
        "wrong": [row.to_dict() for row in wrong_rows(summary)],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def print_run(run: BenchRun, summary: Summary, folder: Path, console: Console) -> None:
    """The summary for people, and where the rest is."""
    print_summary(summary, console)
    if not run.complete:
        console.print("Stopped before the end; the same command goes on from here.")
    console.print(
        f"{folder / ROWS}, summary.csv, profile-*.png, gaps-*.png, report.html",
        markup=False,
        soft_wrap=True,
    )
