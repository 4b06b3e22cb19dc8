"""Which of four forms a result document has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.result import Result, kind_of, result_from_dict

__all__ = ["is_economic", "plain_result"]


def is_economic(document: Mapping[str, Any]) -> bool:
    """Whether a replica result weighs or limits more than speed and cost of one model."""
    return kind_of(document) == "replica" and "claims" in document


def plain_result(document: Mapping[str, Any]) -> Result:
    """A replica result of speed and cost as its domain object.

    Raises
    ------
    ResultError
        If the document is no such result.
    """
    return result_from_dict(document)
