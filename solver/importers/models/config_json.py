"""Hugging Face ``config.json``: the model of a replica question, or a workload of a fleet."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from solver.catalog import parameter_count, shipped_catalog
from solver.catalog.domain import Model
from solver.catalog.huggingface import MAX_CONFIG_BYTES, model_from_document
from solver.errors import InstanceError
from solver.importers.findings import Answers, Figure, Findings
from solver.importers.models.figures import model_entry
from solver.importers.models.names import catalog_twin, folder_name
from solver.importers.models.quantization import (
    Quantization,
    read_quantization,
    read_sidecar,
)
from solver.importers.models.questions import fleet_parts, note_on_points, replica_parts
from solver.importers.models.unquantized import unquantized_share
from solver.importers.safe_reading import read_json
from solver.importers.visible import visible

__all__ = ["read_model"]

_WHAT = "a model's config.json"
_SIDECAR = "hf_quant_config.json"
_EXPERTS_ALONE = ("gpt_oss", "kimi_k2")
"""Families whose published 4-bit checkpoints hold the routed experts alone in 4 bits."""

_MOST_LEFT_WIDE = Fraction(1, 20)
"""A larger share of weights in 16 bits makes one format for all of them untrue."""


def read_model(path: Path, answers: Answers) -> Findings:
    """The model that a ``config.json`` describes, with its quantisation, as parts of a question.

    ModelOpt's ``hf_quant_config.json`` is read where it lies beside the file. The model enters as a
    ``[[models]]`` entry of the instance, each figure with the key it came from, so that the
    instance needs no other file.

    Parameters
    ----------
    answers
        ``question`` chooses between a replica and a workload of a fleet; left out, a demand makes
        it a fleet. ``model`` names the model; lengths, limits and price are taken where given.

    Raises
    ------
    InstanceError
        If a file cannot be read, or with a quantisation that is not understood.
    CatalogError
        If the architecture is not supported, with every key at fault.
    """
    document = read_json(path, what=_WHAT, max_bytes=MAX_CONFIG_BYTES)
    if not isinstance(document, Mapping):
        raise InstanceError.one(
            "is not a JSON object", where=visible(str(path), 200), mend=f"Name {_WHAT}"
        )
    file = visible(path.name)
    quantization = _quantization(document, path, file)
    # The widths are the business of the quantisation; the shape is read without it.
    bare = {key: value for key, value in document.items() if key != "quantization_config"}
    text = bare.get("text_config")
    if isinstance(text, Mapping):
        bare["text_config"] = {k: v for k, v in text.items() if k != "quantization_config"}
    hint = folder_name(path)
    where = visible(str(path), 200)
    model = model_from_document(bare, where=where, name=hint, file=file)
    twin = catalog_twin(model, shipped_catalog(), hint)
    source, as_of = _remarks(
        answers.model or (twin.name if twin else hint), document, file, answers
    )
    model = replace(
        model,
        name=answers.model or (twin.name if twin else hint),
        native_weight_bits=quantization.weight_bits if quantization else model.native_weight_bits,
        native_kv_bits=(quantization.kv_bits if quantization else None) or model.native_kv_bits,
        source=source,
        as_of=as_of,
    )
    wide = _left_wide(model, quantization) if quantization is not None else ()
    weights_source = quantization.source if quantization else _dtype_source(document, file)
    entry = model_entry(
        model,
        document,
        file=file,
        architecture=str(document["architectures"][0]),
        weights_source=weights_source,
        kv_source=quantization.source if quantization else "",
    )
    weight_format = Figure([quantization.weight_format if quantization else "bf16"], weights_source)
    notes = [*(quantization.notes if quantization else ()), *wide]
    if quantization is None and model.native_weight_bits != 16:
        notes.append(
            f"The weights are published in {model.native_weight_bits} bits; they are served in 16."
        )
    if twin is not None and twin.name == model.name:
        notes.append(
            f"The shape is that of the catalog's {twin.name}, whose name is used; --model gives "
            "another."
        )
    # Only a fleet has a demand to meet.
    usual: Literal["replica", "fleet"] = "fleet" if answers.requests_per_s else "replica"
    question = answers.question or usual
    parts = replica_parts if question == "replica" else fleet_parts
    if question == "fleet":
        notes += note_on_points(model, answers)
    tables, missing = parts(model, weight_format, answers)
    return Findings(
        question=question,
        tables={"models": [entry], **tables},
        missing=missing,
        notes=tuple(notes),
    )


def _dtype_source(document: Mapping[str, Any], file: str) -> str:
    """The key that tells the width of weights that are not quantised."""
    text = document.get("text_config")
    for outer, table in (("text_config.", text), ("", document)):
        for key in ("dtype", "torch_dtype"):
            if isinstance(table, Mapping) and table.get(key) is not None:
                return f"{file}: {outer}{key}"
    return f"{file} gives no dtype: 16 bits, as most are published"


def _quantization(document: Mapping[str, Any], path: Path, file: str) -> Quantization | None:
    """What config.json says, or ModelOpt's file beside it; where both speak they must agree."""
    text = document.get("text_config")
    inner = text.get("quantization_config") if isinstance(text, Mapping) else None
    stated = document.get("quantization_config") or inner
    found = None
    if stated is not None:
        where = f"{file}: quantization_config"
        if not isinstance(stated, Mapping):
            raise InstanceError.one("should be an object", where=where, mend="Give the full file")
        found = read_quantization(stated, where=where)
    sidecar = path.with_name(_SIDECAR)
    if not sidecar.exists():
        return found
    what = "ModelOpt's hf_quant_config.json"
    beside = read_sidecar(read_json(sidecar, what=what, max_bytes=MAX_CONFIG_BYTES), where=_SIDECAR)
    if found is not None and found.weight_format != beside.weight_format:
        raise InstanceError.one(
            f"says weights are in {beside.weight_format}, and {file} in {found.weight_format}",
            where=visible(str(sidecar), 200),
            mend="Move the file away that does not belong to this model",
        )
    return found if found is not None and found.kv_bits else beside


def _left_wide(model: Model, quantization: Quantization) -> tuple[str, ...]:
    """A remark on what stays in 16 bits; refused where it is much, but for families known so."""
    if model.family in _EXPERTS_ALONE and quantization.weight_format in ("mxfp4", "int4"):
        return ()
    share = unquantized_share(quantization.unquantized, model, where=quantization.source)
    if share > _MOST_LEFT_WIDE:
        raise InstanceError.one(
            f"leaves {float(share):.0%} of the weights in 16 bits, and one format stands for all",
            where=quantization.source,
            mend="Write the model as a [[models]] entry and choose design.weight_format: with the "
            "format of the rest memory is counted too low, with bf16 too high",
        )
    if not share:
        return ()
    more_gb = float(share * parameter_count(model) * (16 - quantization.weight_bits) / 8) / 1e9
    return (
        f"{float(share):.1%} of the weights stay in 16 bits in this checkpoint, and are counted in "
        f"{quantization.weight_format}: {more_gb:.1f} GB a copy too little. "
        "rules.hbm_reserve_fraction keeps room for them.",
    )


def _remarks(
    name: str, document: Mapping[str, Any], file: str, answers: Answers
) -> tuple[str, str]:
    """Source and date of the entry; those of an earlier import of the same model stay."""
    for entry in (answers.existing_tables or {}).get("models", []):
        if isinstance(entry, dict) and entry.get("name") == name:
            source, as_of = entry.get("source"), entry.get("as_of")
            if isinstance(source, str) and isinstance(as_of, str):
                return source, as_of
    month = datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m")
    return f"{file}, {document['architectures'][0]}, read {month}", month
