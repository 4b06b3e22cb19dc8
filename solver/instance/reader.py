"""From a TOML file to a question: parse, change, validate, look up; every fault at once."""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from solver.catalog import (
    Catalog,
    model_from_config,
    parse_entries,
    read_catalog_file,
    shipped_catalog,
)
from solver.catalog.domain import Accelerator, Model, Price
from solver.errors import Fault, FleetError, InstanceError
from solver.instance.domain import (
    DesignSpace,
    Draft,
    Limits,
    Machine,
    Performance,
    ReplicaInstance,
    Rules,
)
from solver.instance.records import ModelFromConfig, PriceRecord, ReplicaFile

__all__ = ["KINDS", "parse_setting", "read_replica_instance", "replica_instance_from_raw"]

KINDS = ("replica",)
MAX_BYTES = 10_000_000
PRICE_MAX_AGE_DAYS = 366
_HELP = "See 'fleetfront init' for a commented file"
_TYPES = {
    "missing": ("is missing", "Add it"),
    "extra_forbidden": ("is not a known key", "Remove it, or check its spelling"),
}


def parse_setting(text: str) -> tuple[str, Any]:
    """Split ``KEY=VALUE`` of a what-if; the value is TOML where it can be read so, else plain text.

    Raises
    ------
    InstanceError
        If there is no ``=`` or no key.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not re.fullmatch(r"[\w-]+(\.[\w -]+)*", key):
        raise InstanceError.one(
            f"{text!r} is not KEY=VALUE",
            where="--set",
            mend="Write for example --set workload.context_tokens=8192",
        )
    try:
        return key, tomllib.loads(f"value = {value}", parse_float=Decimal)["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return key, value.strip()


def _apply(raw: dict[str, Any], settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        *path, last = key.split(".")
        table: Any = raw
        for depth, part in enumerate(path):
            if not isinstance(table, dict):
                where = ".".join(path[:depth])
                raise InstanceError.one(
                    f"{where} is not a table",
                    where=f"--set {key}",
                    mend="Name a key as the file does, such as limits.max_devices",
                )
            table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise InstanceError.one(
                f"{'.'.join(path)} is not a table",
                where=f"--set {key}",
                mend="Name a key as the file does, such as limits.max_devices",
            )
        table[last] = value


def _load(path: Path) -> tuple[dict[str, Any], bytes]:
    where = str(path)
    if path.is_dir():
        raise InstanceError.one("is a directory", where=where, mend="Name a .toml file inside it")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InstanceError.one(
            f"cannot be read ({error.strerror})", where=where, mend="Check the path"
        ) from error
    if len(data) > MAX_BYTES:
        raise InstanceError.one(
            f"holds {len(data)} bytes, more than {MAX_BYTES}",
            where=where,
            mend="Give an instance file",
        )
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=Decimal), data
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InstanceError.one(f"is not a TOML file ({error})", where=where, mend=_HELP) from error


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _validation_faults(error: ValidationError, where: str) -> list[Fault]:
    faults = []
    for entry in error.errors():
        key = ".".join(str(part) for part in entry["loc"] if not str(part).startswith("<"))
        what, mend = _TYPES.get(entry["type"], (entry["msg"].removeprefix("Value error, "), ""))
        if entry["type"] not in _TYPES:
            what, mend = f"{what} (got {_shown(entry.get('input'))})", "Correct the value"
        elif entry["type"] == "extra_forbidden":
            what += f" (value {_shown(entry.get('input'))})"
        faults.append(Fault(where=f"{where}: {key}", what=what, mend=mend + "; " + _HELP.lower()))
    return faults


def _validated(raw: Mapping[str, Any], where: str) -> tuple[ReplicaFile, list[Fault]]:
    """The record of a file, and the faults of the keys it had to be read without.

    Raises
    ------
    InstanceError
        If the file cannot be read without its faulty keys either.
    """
    try:
        return ReplicaFile.model_validate(raw), []
    except ValidationError as error:
        faults = _validation_faults(error, where)
        rest = copy.deepcopy(dict(raw))
        for entry in error.errors():
            place: Any = rest
            *path, last = [part for part in entry["loc"] if not str(part).startswith("<")]
            for part in path:
                place = place.get(part) if isinstance(place, dict) else None
            if isinstance(place, dict):
                place.pop(last, None)
        try:
            return ReplicaFile.model_validate(rest), faults
        except ValidationError:
            raise InstanceError.all_of(faults) from error


class _Lookup:
    """Catalog look-ups for one file that gather faults instead of stopping at the first."""

    def __init__(self, catalog: Catalog, where: str, folder: Path) -> None:
        self.catalog = catalog
        self.where = where
        self.folder = folder
        self.faults: list[Fault] = []

    def fault(self, key: str, what: str, mend: str) -> None:
        self.faults.append(Fault(where=f"{self.where}: {key}", what=what, mend=mend))

    def _failed(self, key: str, error: FleetError) -> None:
        self.faults.extend(
            Fault(where=f"{self.where}: {key}", what=fault.what, mend=fault.mend)
            for fault in error.faults
        )

    def model(self, key: str, choice: str | ModelFromConfig) -> Model | None:
        try:
            if isinstance(choice, ModelFromConfig):
                return model_from_config(self.folder / choice.config)
            return self.catalog.model(choice)
        except FleetError as error:
            self._failed(key, error)
            return None

    def accelerator(self, key: str, name: str) -> Accelerator | None:
        try:
            return self.catalog.accelerator(name)
        except FleetError as error:
            self._failed(key, error)
            return None

    def price(self, record: PriceRecord, accelerator: Accelerator) -> Price | None:
        name = accelerator.name
        stated = record.usd_per_hour
        if isinstance(stated, dict):
            if name not in stated:
                self.fault(
                    "price.usd_per_hour",
                    f"no price for {name!r}",
                    "Add it to the table, or name a tier instead",
                )
                return None
            stated = stated[name]
        if stated is not None:
            return Price(
                accelerator=name,
                tier=record.tier or "stated",
                usd_per_hour=stated,
                as_of=record.as_of,
                source=record.source or "instance file",
            )
        try:
            return self.catalog.price(name, record.tier or "on-demand")
        except FleetError as error:
            self._failed("price.tier", error)
            return None


def _merged_catalog(record: ReplicaFile, where: str, folder: Path) -> tuple[Catalog, list[Fault]]:
    catalog = shipped_catalog()
    faults: list[Fault] = []
    for position, name in enumerate(record.catalog):
        try:
            catalog = read_catalog_file(folder / name, base=catalog)
        except FleetError as error:
            faults.extend(
                Fault(f"{where}: catalog.{position}: {fault.where}", fault.what, fault.mend)
                for fault in error.faults
            )
    own = {
        "accelerators": record.accelerators,
        "models": record.models,
        "prices": record.prices,
    }
    if any(own.values()):
        catalog, more = parse_entries(
            {key: value for key, value in own.items() if value}, where=where, base=catalog
        )
        faults.extend(more)
    return catalog, faults


def _today() -> datetime.date:
    return datetime.date.today()


def _price_age_warnings(machines: list[Machine], today: datetime.date) -> tuple[str, ...]:
    warnings = []
    for machine in machines:
        price = machine.price
        if not price.as_of:
            continue
        # A price given by month, or by year, counts from the end of it.
        year, month, day = ([int(part) for part in price.as_of.split("-")] + [12, 28])[:3]
        age = today - datetime.date(year, month if "-" in price.as_of else 12, min(day, 28))
        if age.days > PRICE_MAX_AGE_DAYS:
            warnings.append(
                f"the price of {machine.accelerator.name} ({price.tier}) is of {price.as_of}, "
                "more than a year old: check it before you rely on a cost"
            )
    return tuple(warnings)


def replica_instance_from_raw(
    raw: Mapping[str, Any],
    *,
    where: str = "instance",
    folder: Path = Path(),
    sha256: str = "",
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> ReplicaInstance:
    """Build a question from the tables of an instance file.

    Raises
    ------
    InstanceError
        With every fault found.
    """
    record, faults = _validated(raw, where)
    catalog, more = _merged_catalog(record, where, folder)
    lookup = _Lookup(catalog, where, folder)
    lookup.faults.extend([*faults, *more])

    model = lookup.model("workload.model", record.workload.model)
    machines = []
    for name in record.design.accelerator:
        accelerator = lookup.accelerator("design.accelerator", name)
        price = lookup.price(record.price, accelerator) if accelerator else None
        if accelerator and price:
            machines.append(Machine(accelerator, price))
    draft = _draft(record, lookup)
    if model is not None:
        _check_context(record, model, lookup)
        if draft and draft.model.max_context_tokens is not None:
            _check_context(record, draft.model, lookup)
        weight_bits = record.design.weight_bits or (model.native_weight_bits,)
        kv_bits = record.design.kv_bits or (model.native_kv_bits,)
        for machine in machines:
            _check_bits(machine.accelerator, weight_bits, "design.weight_bits", lookup)
            if draft:
                _check_bits(machine.accelerator, (draft.weight_bits,), "draft.weight_bits", lookup)
    if not record.design.tensor_parallel and not record.design.tensor_parallel_2d:
        lookup.fault(
            "design.tensor_parallel", "the design space is empty: no tensor degree", "List one"
        )
    if lookup.faults or model is None:
        raise InstanceError.all_of(lookup.faults)
    return ReplicaInstance(
        name=record.name,
        title=record.title or record.name,
        model=model,
        context_tokens=record.workload.context_tokens,
        machines=tuple(machines),
        design=DesignSpace(
            tensor_parallel=record.design.tensor_parallel,
            tensor_parallel_2d=record.design.tensor_parallel_2d,
            pipeline_parallel=record.design.pipeline_parallel,
            expert_parallel=record.design.expert_parallel,
            attention_data_parallel=record.design.attention_data_parallel,
            batch=record.design.batch,
            weight_bits=weight_bits,
            kv_bits=kv_bits,
        ),
        limits=Limits(**dict(record.limits)),
        rules=Rules(**dict(record.rules)),
        performance=Performance(**dict(record.performance)),
        draft=draft,
        expected_exit_status=record.expected_exit_status,
        source=where,
        sha256=sha256,
        warnings=_price_age_warnings(machines, today or _today()),
        settings=dict(settings or {}),
    )


def _draft(record: ReplicaFile, lookup: _Lookup) -> Draft | None:
    if record.draft is None:
        return None
    model = lookup.model("draft.model", record.draft.model)
    if model is None:
        return None
    return Draft(
        model=model,
        acceptance=record.draft.acceptance,
        tokens=record.draft.tokens,
        weight_bits=record.draft.weight_bits or model.native_weight_bits,
        pipeline_parallel=record.draft.pipeline_parallel,
    )


def _check_context(record: ReplicaFile, model: Model, lookup: _Lookup) -> None:
    longest, asked = model.max_context_tokens, record.workload.context_tokens
    if longest is not None and asked > longest:
        lookup.fault(
            "workload.context_tokens",
            f"{asked} is beyond the {longest} tokens of {model.name}",
            f"Ask for at most {longest}, or add a model entry with a longer context",
        )


def _check_bits(accelerator: Accelerator, bits: tuple[int, ...], key: str, lookup: _Lookup) -> None:
    offered = sorted(accelerator.flop_per_s)
    for width in bits:
        if width not in accelerator.flop_per_s:
            lookup.fault(
                key,
                f"{accelerator.name} has no {width}-bit arithmetic",
                f"Choose from {', '.join(map(str, offered))}, or another accelerator",
            )


def read_replica_instance(
    path: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> ReplicaInstance:
    """Read an instance file, with ``settings`` (dotted key to value) laid over it.

    Raises
    ------
    InstanceError
        With every fault of the file.
    """
    raw, data = _load(path)
    if settings:
        _apply(raw, settings)
    where = str(path)
    kind = raw.get("kind")
    if kind not in KINDS:
        raise InstanceError.one(
            f"kind is {kind!r}" if kind is not None else "kind is missing",
            where=f"{where}: kind",
            mend=f"Write one of: {', '.join(KINDS)}",
        )
    digest = hashlib.sha256(data)
    if settings:
        digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
    instance = replica_instance_from_raw(
        raw,
        where=where,
        folder=path.parent,
        sha256=digest.hexdigest(),
        settings=settings,
        today=today,
    )
    return replace(instance, source=where)
