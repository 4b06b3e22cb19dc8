"""The whole question as plain JSON, catalog entries included, and back.

A result carries this, so that it can be checked from itself alone, whatever the catalog says later.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from solver.catalog import (
    accelerator_from_dict,
    entry_as_dict,
    model_from_dict,
    price_from_dict,
)
from solver.catalog.domain import Model
from solver.catalog.prediction_layers import prediction_layer
from solver.catalog.weight_formats import FORMAT_BITS
from solver.errors import FleetError, ResultError
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.domain import (
    DesignSpace,
    Draft,
    Limits,
    Machine,
    NamedFile,
    Performance,
    ReplicaInstance,
    Rules,
    Traffic,
)
from solver.instance.ranges import format_integers, parse_integers
from solver.instance.resolved_economy import (
    clock_from_plain,
    economy_from_plain,
    economy_keys,
    machine_keys,
)

__all__ = ["instance_from_resolved", "resolved_instance"]

_DESIGN = tuple(DesignSpace.__dataclass_fields__)
_LIMITS = tuple(Limits.__dataclass_fields__)
_FIRST_LIMITS = _LIMITS[: _LIMITS.index("max_ttft_s")]
"""Limits that are written where they are not stated, too; those that came later are not."""


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def resolved_instance(instance: ReplicaInstance) -> dict[str, Any]:
    """Everything the answer depends on, as JSON; lists of whole numbers in their short form."""
    draft = instance.draft
    limits = {
        key: value
        for key in _LIMITS
        if (value := getattr(instance.limits, key)) is not None or key in _FIRST_LIMITS
    }
    return {
        "kind": instance.kind,
        "name": instance.name,
        "title": instance.title,
        "model": entry_as_dict(instance.model),
        "context_tokens": instance.context_tokens,
        **_calibrated_only(instance),
        "machines": [
            {
                "accelerator": entry_as_dict(machine.accelerator),
                "price": entry_as_dict(machine.price),
                **machine_keys(machine),
            }
            for machine in instance.machines
        ],
        "design": {key: format_integers(getattr(instance.design, key)) for key in _DESIGN},
        "draft": None
        if draft is None
        else {
            "model": entry_as_dict(draft.model),
            "acceptance": str(draft.acceptance),
            "tokens": format_integers(draft.tokens),
            "weight_bits": draft.weight_bits,
            "pipeline_parallel": format_integers(draft.pipeline_parallel),
            **({"own_layer": True} if draft.own_layer else {}),
        },
        "limits": {
            key: value if isinstance(value, int) else _text(value) for key, value in limits.items()
        },
        "rules": {
            "degrees_divide": instance.rules.degrees_divide,
            "stages_divide_batch": instance.rules.stages_divide_batch,
            "hbm_account": instance.rules.hbm_account,
            "hbm_reserve_fraction": str(instance.rules.hbm_reserve_fraction),
        },
        "performance": {
            "model": instance.performance.model,
            "flop_efficiency": str(instance.performance.flop_efficiency),
            "hbm_efficiency": str(instance.performance.hbm_efficiency),
        },
        **economy_keys(instance),
    }


def _calibrated_only(instance: ReplicaInstance) -> dict[str, Any]:
    """Keys that only questions to the calibrated model have; left out where they say nothing."""
    found: dict[str, Any] = {}
    if instance.traffic is not None:
        found["traffic"] = {
            "input_tokens": instance.traffic.input_tokens,
            "output_tokens": instance.traffic.output_tokens,
            "prefix_hit": str(instance.traffic.prefix_hit),
        }
    if instance.weight_formats:
        found["weight_formats"] = list(instance.weight_formats)
    if instance.constants is not None:
        # The text too: a check has to recompute the times where the file may be gone.
        found["constants"] = {
            "name": instance.constants.name,
            "sha256": instance.constants.sha256,
            "text": instance.constants.text,
        }
    return found


def _traffic(stated: Mapping[str, Any] | None) -> Traffic | None:
    if stated is None:
        return None
    return Traffic(
        input_tokens=int(stated["input_tokens"]),
        output_tokens=int(stated["output_tokens"]),
        prefix_hit=Fraction(stated["prefix_hit"]),
    )


def _machine(stated: Mapping[str, Any]) -> Machine:
    accelerator = accelerator_from_dict(stated["accelerator"])
    price = price_from_dict(stated["price"])
    return Machine(accelerator, price, clock_from_plain(stated, accelerator))


def _constants(stated: Mapping[str, Any] | None) -> NamedFile | None:
    if stated is None:
        return None
    name, text = stated["name"], stated["text"]
    if not isinstance(name, str) or not isinstance(text, str):
        raise TypeError("name and text of constants are texts")
    found = NamedFile(name, text)
    if found.sha256 != stated["sha256"]:
        raise ValueError("the text of the constants is not the one that was read")
    return found


def _draft(stated: Mapping[str, Any] | None, served: Model, performance: str) -> Draft | None:
    if stated is None:
        return None
    if not 0 <= Fraction(stated["acceptance"]) < 1:
        raise ValueError(f"acceptance is {stated['acceptance']}")
    own_layer = stated.get("own_layer", False)
    if not isinstance(own_layer, bool):
        raise TypeError("own_layer is true or false")
    model = model_from_dict(stated["model"])
    if own_layer and (performance != CALIBRATED or model != prediction_layer(served)):
        raise ValueError("the draft is not the prediction layer of the model")
    return Draft(
        model=model,
        acceptance=Fraction(stated["acceptance"]),
        tokens=_integers(stated["tokens"], minimum=0),
        weight_bits=int(stated["weight_bits"]),
        pipeline_parallel=_integers(stated["pipeline_parallel"]),
        own_layer=own_layer,
    )


def _formats(stated: object) -> tuple[str, ...]:
    if not isinstance(stated, list) or any(name not in FORMAT_BITS for name in stated):
        raise ValueError(f"weight formats are {stated!r}, each one of {', '.join(FORMAT_BITS)}")
    return tuple(stated)


def _integers(text: str, minimum: int = 1) -> tuple[int, ...]:
    return parse_integers(text, minimum=minimum) if text else ()


def instance_from_resolved(
    resolved: Mapping[str, Any], *, where: str = "result: instance.resolved", sha256: str = ""
) -> ReplicaInstance:
    """Rebuild the question from ``resolved_instance``'s output.

    Raises
    ------
    ResultError
        If anything is missing, unknown or of the wrong type.
    """
    try:
        if resolved["kind"] != "replica":
            raise ValueError(f"unknown kind {resolved['kind']!r}")
        model = model_from_dict(resolved["model"])
        limits: dict[str, Any] = {
            key: value if value is None or isinstance(value, int) else Fraction(value)
            for key, value in resolved["limits"].items()
        }
        for key, value in limits.items():
            if value is not None and (isinstance(value, bool) or value <= 0):
                raise ValueError(f"limit {key} is {value}")
        if not isinstance(resolved["title"], str) or not isinstance(resolved["name"], str):
            raise TypeError("name and title are texts")
        rules = dict(resolved["rules"])
        rules["hbm_reserve_fraction"] = Fraction(rules["hbm_reserve_fraction"])
        performance = resolved["performance"]
        return ReplicaInstance(
            name=resolved["name"],
            title=resolved["title"],
            model=model,
            context_tokens=int(resolved["context_tokens"]),
            machines=tuple(_machine(entry) for entry in resolved["machines"]),
            design=DesignSpace(**{key: _integers(resolved["design"][key]) for key in _DESIGN}),
            draft=_draft(resolved["draft"], model, performance["model"]),
            limits=Limits(**limits),
            rules=Rules(**rules),
            performance=Performance(
                model=performance["model"],
                flop_efficiency=Fraction(performance["flop_efficiency"]),
                hbm_efficiency=Fraction(performance["hbm_efficiency"]),
            ),
            weight_formats=_formats(resolved.get("weight_formats", [])),
            traffic=_traffic(resolved.get("traffic")),
            constants=_constants(resolved.get("constants")),
            **economy_from_plain(resolved, model),
            source=where,
            sha256=sha256,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise ResultError.one(
            f"is damaged ({error})", where=where, mend="Solve the instance again"
        ) from error
    except FleetError as error:
        raise ResultError(*error.faults) from error
