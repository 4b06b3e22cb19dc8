"""The result document: what a run found, what it proved, and what it left open."""

from solver.result.document import Conflict, ConflictingLimit, OpenBox, Point, Result, Status
from solver.result.files import (
    canonical_digest,
    document_text,
    kind_of,
    read_document,
    read_result,
    result_from_dict,
    result_to_dict,
)

__all__ = [
    "Conflict",
    "ConflictingLimit",
    "OpenBox",
    "Point",
    "Result",
    "Status",
    "canonical_digest",
    "document_text",
    "kind_of",
    "read_document",
    "read_result",
    "result_from_dict",
    "result_to_dict",
]
