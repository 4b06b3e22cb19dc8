"""A job (a test set) of so many requests: seconds and US$ of every layout worth having."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from solver.report.economics_words import table_of
from solver.report.numbers import aligned, clean

__all__ = ["job_parts"]


def job_parts(
    document: Mapping[str, Any], *, width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    """One table over all models and machines."""
    rows = [(group, job) for group in document["groups"] for job in group["jobs"]]
    if not rows:
        return
    jobs = [job for _, job in rows]
    answer = document["answer_tokens"]
    yield Text("")
    yield Text(
        f"A job of {document['job_requests']:,} requests, answers of {answer:,} tokens",
        style="bold",
    )
    several = len({(group["model"], group["machine"]) for group, _ in rows}) > 1
    yield table_of(
        [
            ("model", 0 if several else 3, False),
            ("machine", 0 if several else 2, False),
            ("layout", 0, False),
            ("devices", 0, True),
            ("at\nonce", 0, True),
            ("seconds", 0, True),
            ("US$", 0, True),
            ("", 0, False),
        ],
        [
            [
                clean(group["model"]),
                clean(group["machine"]),
                clean(job["layout"]),
                str(job["devices"]),
                f"{job['concurrency']:,}",
                seconds,
                usd,
                clean(job["aim"]),
            ]
            for (group, job), seconds, usd in zip(
                rows,
                aligned([job["seconds"] for job in jobs]),
                aligned([job["usd"] for job in jobs]),
                strict=True,
            )
        ],
        width=width,
        ascii_only=ascii_only,
    )
    yield Text("US$ = price of an hour x seconds / 3600; what users are promised is left out.")
