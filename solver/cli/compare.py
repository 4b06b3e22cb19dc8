"""``fleetfront compare``: what changed between two results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from solver.cli.exits import COMPLETE

__all__ = ["compare_command"]


def compare_command(
    before: Annotated[Path, typer.Argument(help="A result file.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> int:
    """What changed between two results: the question, the points, cost at equal speed.

    Example: fleetfront compare monday.json tuesday.json
    """
    import json

    from rich.console import Console

    from solver.errors import ResultError
    from solver.report import compare_results, print_comparison
    from solver.result import kind_of, read_document, read_result

    documents = [read_document(path) for path in (before, after)]
    kinds = {kind_of(document) for document in documents}
    for kind in ("fleet", "placement"):
        if kind in kinds:
            return _compare_kind(kind, documents, kinds, f"{before} and {after}", as_json=as_json)
    if any(_is_economic(document) for document in documents):
        return _compare_economic(documents, f"{before} and {after}", as_json=as_json)
    results = read_result(before)[0], read_result(after)[0]
    try:
        changes = compare_results(*results)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResultError.one(
            f"a value is of the wrong kind ({error})",
            where=f"{before} or {after}",
            mend="Check both with 'fleetfront verify'",
        ) from error
    if as_json:
        print(json.dumps(changes.as_dict(), indent=1))
    else:
        print_comparison(changes, Console(highlight=False))
    return COMPLETE


def _compare_kind(
    kind: str,
    documents: list[Mapping[str, Any]],
    kinds: set[str | None],
    where: str,
    *,
    as_json: bool,
) -> int:
    from solver.errors import ResultError

    if kinds != {kind}:
        raise ResultError.one(
            f"a {kind} cannot be compared with another kind of result",
            where=where,
            mend="Give two results of the same kind",
        )
    sentences = _fleet_changes(documents) if kind == "fleet" else _placement_changes(documents)
    _print_changes(sentences, as_json=as_json)
    return COMPLETE


def _is_economic(document: Any) -> bool:
    """Whether a replica result weighs more than speed and cost, or claims as those do."""
    from solver.economy_api import is_economic_document

    return is_economic_document(document)


def _compare_economic(documents: list[Mapping[str, Any]], where: str, *, as_json: bool) -> int:
    from solver.errors import ResultError
    from solver.report.economy_compare import compare_economies

    if not all(_is_economic(document) for document in documents):
        raise ResultError.one(
            "one weighs speed and cost alone, the other weighs or limits more",
            where=where,
            mend="Give two results that weigh the same",
        )
    try:
        sentences = compare_economies(*documents)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResultError.one(
            f"cannot be compared ({error})",
            where=where,
            mend="Give two results that weigh the same; check both with 'fleetfront verify'",
        ) from error
    _print_changes(sentences, as_json=as_json)
    return COMPLETE


def _print_changes(sentences: list[str], *, as_json: bool) -> None:
    import json

    from rich.console import Console

    if as_json:
        print(json.dumps({"changes": sentences}, indent=1))
        return
    console = Console(highlight=False)
    for sentence in sentences:
        console.print(sentence, markup=False)


def _fleet_changes(documents: list[Mapping[str, Any]]) -> list[str]:
    from solver.report.fleet_compare import compare_fleets
    from solver.sweep.fleet.reading import outcome_from_dict, space_of

    for document in documents:
        outcome_from_dict(document, space_of(document))  # refuses what is no result
    return compare_fleets(*documents)


def _placement_changes(documents: list[Mapping[str, Any]]) -> list[str]:
    from solver.report.placement_compare import compare_placements
    from solver.sweep.placement.reading import answer_from_dict, instance_of

    for document in documents:
        answer_from_dict(document, instance_of(document))  # refuses what is no result
    return compare_placements(*documents)
