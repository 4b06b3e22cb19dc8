from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import BaseModel

from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.instance.quality import QualityPenalty, ServedModel
from solver.instance.quality_records import QualityPenaltyRecord, ServedModelRecord
from solver.instance.validation import validated


def fault_of(kind: type[BaseModel], keys: dict[str, Any]) -> str:
    try:
        faults = validated(kind, keys, "bad.toml")[1]
    except InstanceError as error:
        faults = list(error.faults)
    (fault,) = faults
    return str(fault)


def test_a_score_with_a_source_is_kept_exactly() -> None:
    model = shipped_catalog().model("Llama-3.1-8B")
    record = ServedModelRecord.model_validate(
        {"model": "Llama-3.1-8B", "quality": Decimal("69.4"), "source": "card"}
    )
    assert record.to_domain(model) == ServedModel(model, Fraction(694, 10), "card")


@pytest.mark.parametrize("source", [{}, {"source": ""}, {"source": "  "}])
def test_a_score_without_a_source_is_refused_with_the_cure(source: dict[str, str]) -> None:
    fault = fault_of(ServedModelRecord, {"model": "m", "quality": "69.4", **source})
    for words in ("bad.toml: quality", "69.4", "no source", "source = "):
        assert words in fault


def test_a_model_without_a_score_needs_no_source() -> None:
    assert ServedModelRecord.model_validate({"model": "m"}).quality is None


def test_a_negative_score_is_refused() -> None:
    fault = fault_of(ServedModelRecord, {"model": "m", "quality": -1, "source": "card"})
    assert "quality" in fault
    assert "-1" in fault


def test_a_penalty_is_read_exactly() -> None:
    record = QualityPenaltyRecord.model_validate(
        {"points": Decimal("0.35"), "source": "card", "weight_format": "fp8", "model": "m"}
    )
    assert record.to_domain() == QualityPenalty(
        points=Fraction(35, 100), source="card", weight_format="fp8", model="m"
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"points": 1, "weight_bits": 8}, ["source", "is missing"]),
        ({"points": 1, "weight_bits": 8, "source": " "}, ["source", "no source", "measured"]),
        ({"points": -1, "weight_bits": 8, "source": "x"}, ["points", "-1"]),
        ({"points": 1, "source": "x"}, ["no precision", "weight_bits", "kv_bits"]),
        ({"points": 1, "source": "x", "model": "m"}, ["no precision"]),
        ({"points": 1, "source": "x", "weight_format": "fp7"}, ["weight_format", "'fp7'"]),
        ({"points": 1, "source": "x", "kv_bits": 0}, ["kv_bits", "0"]),
        ({"points": 1, "source": "x", "weight_bits": True}, ["weight_bits", "true"]),
        ({"weight_bits": 8, "source": "x"}, ["points", "is missing"]),
    ],
)
def test_a_faulty_penalty_names_key_value_and_cure(keys: dict[str, Any], words: list[str]) -> None:
    fault = fault_of(QualityPenaltyRecord, keys)
    for word in words:
        assert word in fault


@pytest.mark.parametrize(
    "keys", [{"points": Fraction(-1), "source": "x"}, {"points": Fraction(1), "source": " "}]
)
def test_a_penalty_in_memory_is_no_bonus_and_has_a_source(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"below zero|source"):
        QualityPenalty(**keys, weight_bits=8)
