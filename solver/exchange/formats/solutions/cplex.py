"""Solution files of CPLEX: XML with a header and one element a column."""

from __future__ import annotations

from xml.etree import ElementTree

from solver.exchange.formats.solutions.solution import Solution, SolutionError, claim_of, number_at
from solver.instance.moip.numerals import Number

__all__ = ["read_cplex"]

_MEND = "Write the solution again with CPLEX, as .sol"


def read_cplex(text: str, *, where: str) -> Solution:
    """One ``CPLEXSolution``; of a pool of several the first.

    Raises
    ------
    SolutionError
        If it is not such a document, or a column has no name or value.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        # A document type can make a small file unpack without end; CPLEX writes none.
        raise SolutionError.one("states a document type", where=where, mend=_MEND)
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise SolutionError.one(f"is not XML ({error})", where=where, mend=_MEND) from error
    one = root if root.tag == "CPLEXSolution" else root.find("CPLEXSolution")
    header = None if one is None else one.find("header")
    if one is None or header is None:
        raise SolutionError.one("holds no CPLEXSolution with a header", where=where, mend=_MEND)
    values: dict[str, Number] = {}
    for element in one.iterfind("variables/variable"):
        name, value = element.get("name"), element.get("value")
        if name is None or value is None:
            raise SolutionError.one("a variable has no name or value", where=where, mend=_MEND)
        values[name] = number_at(value, where=f"{where}: {name}", line=0)
    status = header.get("solutionStatusString", "")
    objective = header.get("objectiveValue")
    return Solution(
        "CPLEX", values or None, status=status, claim=claim_of(status),
        objective=None
        if objective is None or not values
        else number_at(objective, where=f"{where}: header", line=0),
    )  # fmt: skip
