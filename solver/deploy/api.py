"""From a result file and the choice of a point to the text of its deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from solver.deploy.designs import replica_designs
from solver.deploy.engines.registry import ENGINES, build_deployment
from solver.deploy.formats.options import FORMS, Form, FormOptions
from solver.deploy.launch import Deployment
from solver.deploy.points import point_in_words, point_index
from solver.deploy.writing import write_deployment
from solver.errors import OutputError, ResultError
from solver.report.numbers import clean
from solver.result import canonical_digest, kind_of, read_document

__all__ = ["FORMS", "Deployed", "deploy", "known_engine", "known_form", "read_deployable"]

_KINDS = ("replica", "fleet", "placement")
_SOLVE = "Make one with 'fleetfront solve INSTANCE --out result.json'"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The text of a deployment, and what it is of.

    Parameters
    ----------
    point
        0-based index in the result.
    point_in_words
        The objectives of that point.
    """

    text: str
    deployment: Deployment
    point: int
    point_in_words: str


def read_deployable(path: Path) -> Mapping[str, Any]:
    """Read a result with at least one point whose digest is that of what it holds.

    Raises
    ------
    ResultError
        If the file is no result of ``fleetfront solve``, was changed after it was written, or
        holds no point.
    """
    where = str(path)
    if path.suffix.lower() == ".toml":
        raise ResultError.one(
            "is a question, and its answer is needed",
            where=where,
            mend=f"Make it with 'fleetfront solve {path} --out result.json'",
        )
    document = read_document(path)
    kind = kind_of(document)
    if kind not in _KINDS or not isinstance(document, Mapping):
        what = f"is of kind {kind!r}" if kind else "is no result"
        raise ResultError.one(
            f"{clean(what, limit=80)}, and only answers of 'fleetfront solve' name servers",
            where=where,
            mend=_SOLVE,
        )
    if document.get("digest") != canonical_digest(document):
        raise ResultError.one(
            "was changed after it was written: its digest is not that of what it holds",
            where=where,
            mend=f"{_SOLVE}; 'fleetfront verify' tells more",
        )
    points = document.get("points")
    if not isinstance(points, list):
        raise ResultError.one("is damaged: it has no points", where=where, mend=_SOLVE)
    if not points:
        status = clean(document.get("status"), limit=30)
        raise ResultError.one(
            f"is {status} and holds no point, so there is nothing to deploy",
            where=where,
            mend="Loosen a limit of the question, or give it more time, and solve again",
        )
    return document


def deploy(
    path: Path,
    point: str | None,
    *,
    engine: str,
    form: Form,
    weights: Mapping[str, str] | None = None,
    served_name: str | None = None,
    longest_tokens: int | None = None,
    options: FormOptions | None = None,
) -> Deployed:
    """The files that start the servers of one point of a result.

    Parameters
    ----------
    path
        A result file of ``fleetfront solve --out``.
    point
        The number of the point, counted from 1, or its name, such as ``knee``.
    weights
        The catalog's name of a model to the checkpoint to load: an id or an absolute path.
    longest_tokens
        The longest request to serve, output included; the plan's size where it is left out.

    Raises
    ------
    ResultError
        If the file is no unchanged result, or has no such point.
    FleetError
        If the engine or the form cannot express the design; the message says why.
    """
    document = read_deployable(path)
    where = str(path)
    index = point_index(document, point, where=where)
    given = dict(weights or {})
    deployment = build_deployment(
        document,
        index,
        engine=engine,
        weights=given,
        served_name=served_name,
        longest_tokens=longest_tokens,
    )
    _check_devices(document, index, deployment)
    options = options or FormOptions()
    options = replace(
        options,
        base_name=options.base_name or f"{document['instance']['name']}-p{index + 1}",
        weight_paths=_paths(given),
        remarks=(*_remarks(document), *options.remarks),
    )
    text = write_deployment(deployment, form=form, options=options)
    return Deployed(text, deployment, index, point_in_words(document, index))


def _paths(weights: Mapping[str, str]) -> tuple[str, ...]:
    """Checkpoints given as absolute paths, without the format that may follow an ``@``."""
    paths = (value.partition("@")[0] for value in weights.values())
    return tuple(sorted({path for path in paths if path.startswith("/")}))


def _remarks(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What the head of a file says of the result beside its digest and the point."""
    if document.get("status") != "partial":
        return ()
    return ("The frontier is partial: a better design may hide in a region that was not searched",)


def _check_devices(document: Mapping[str, Any], index: int, deployment: Deployment) -> None:
    """The roles together have the devices of the plan, no more and no fewer.

    Raises
    ------
    OutputError
        If not: the engine's builder has left something out.
    """
    planned = sum(each.count * each.devices for each in replica_designs(document, index))
    built = sum(role.replicas * role.nodes * role.devices_per_node for role in deployment.roles)
    if planned != built:
        raise OutputError.one(
            f"the servers would have {built} devices, and the plan has {planned}",
            where=f"point {index + 1}",
            mend="This is a fault of the program; report it with the result file",
        )


def known_form(form: str) -> Form:
    """``form`` as one of ``FORMS``.

    Raises
    ------
    OutputError
        If it is none of them.
    """
    for each in FORMS:
        if form == each:
            return each
    raise OutputError.one(
        f"{clean(form, limit=40)!r} is no form of a deployment",
        where="--format",
        mend=f"Choose from {', '.join(FORMS)}",
    )


def known_engine(engine: str) -> str:
    """``engine`` as a key of ``ENGINES``.

    Raises
    ------
    OutputError
        If it is none of them.
    """
    if engine in ENGINES:
        return engine
    raise OutputError.one(
        f"{clean(engine, limit=40)!r} is no engine that launch lines are known of",
        where="--engine",
        mend=f"Choose from {', '.join(ENGINES)}",
    )
