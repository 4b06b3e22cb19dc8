"""Read a model from the ``config.json`` that Hugging Face checkpoints carry.

Only architectures whose every key is understood are accepted (``architectures``); any other is
refused by name, for a shape half understood would give costs that are quietly wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from solver.catalog.architectures import ARCHITECTURES
from solver.catalog.config_keys import ConfigKeys
from solver.catalog.domain import Model
from solver.errors import CatalogError
from solver.plain_files import special_file

__all__ = ["MAX_CONFIG_BYTES", "model_from_config", "model_from_document"]

MAX_CONFIG_BYTES = 5_000_000
"""A larger file is no config.json; it is refused unread."""

_DTYPE_BITS = {"float32": 32, "bfloat16": 16, "float16": 16, "float8_e4m3fn": 8}
_METHOD_BITS = {"fp8": 8, "fbgemm_fp8": 8, "mxfp4": 4}
_ALGORITHM_BITS = {"FP8": 8, "NVFP4": 4, "W4A8_AWQ": 4, "W4A16_AWQ": 4, "W8A8_SQ_PER_CHANNEL": 8}
_STATED_BITS = {"gptq": "bits", "awq": "bits"}
_GIVE_FILE = "Give a model's config.json"


def model_from_config(path: Path) -> Model:
    """The text decoder that a ``config.json`` describes.

    Parameters
    ----------
    path
        A JSON file of at most 5 MB. The model takes the name of its folder, or of the file where it
        is called anything but ``config.json``.

    Raises
    ------
    CatalogError
        If the file cannot be read, if its architecture is not supported (the cure lists those that
        are), or with every key that is missing, of the wrong kind or beyond what a model can carry.
    """
    return model_from_document(
        _read(path, str(path)),
        where=str(path),
        name=path.resolve().parent.name if path.name == "config.json" else path.stem,
        file=path.name,
    )


def model_from_document(
    document: Mapping[str, Any], *, where: str, name: str, file: str = "config.json"
) -> Model:
    """The text decoder that the JSON object of a ``config.json`` describes.

    Parameters
    ----------
    where
        What to call the file in faults.
    name
        Of the model.
    file
        What to call the file in the model's source.

    Raises
    ------
    CatalogError
        As ``model_from_config``.
    """
    architecture = _architecture(document, where)
    family, shape = ARCHITECTURES[architecture]
    keys = ConfigKeys(document, where=where)
    # Kimi K2 publishes DeepSeek's class under a name of its own.
    if family == "deepseek_v3" and document.get("model_type") == "kimi_k2":
        family = "kimi_k2"
    try:
        fields = shape(keys)
        bits = _weight_bits(keys)
        if keys.faults:
            raise CatalogError.all_of(keys.faults)
        return Model(
            name=name,
            family=family,
            native_weight_bits=bits,
            source=f"{file}, {architecture}, given by the user",
            confidence="as given",
            **fields,
        )
    except ValueError as error:
        # Keys that are sound one by one but do not go together, such as 8 experts and a top 9.
        keys.fault(architecture, str(error), "Give the file as published")
        raise CatalogError.all_of(keys.faults) from error


def _read(path: Path, where: str) -> Mapping[str, Any]:
    """The file's JSON object."""
    special = special_file(path, where=where)
    if special is not None:
        raise CatalogError(special)
    try:
        size = path.stat().st_size
        if size > MAX_CONFIG_BYTES:
            raise CatalogError.one(
                f"{size} bytes, more than the {MAX_CONFIG_BYTES} of any config",
                where=where,
                mend=_GIVE_FILE,
            )
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError.one(
            f"cannot be read: {error.strerror}", where=where, mend=_GIVE_FILE
        ) from error
    except (ValueError, RecursionError) as error:
        raise CatalogError.one(f"not JSON: {error}", where=where, mend=_GIVE_FILE) from error
    if not isinstance(document, Mapping):
        raise CatalogError.one("not a JSON object", where=where, mend=_GIVE_FILE)
    return document


def _architecture(document: Mapping[str, Any], where: str) -> str:
    """The class a checkpoint names; refused unless it is supported."""
    listed = document.get("architectures")
    named = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
    if isinstance(named, str) and named in ARCHITECTURES:
        return named
    if listed is None:
        what = "missing"
    elif isinstance(named, str):
        what = f"architecture {named!r} is not supported"
    else:
        what = f"should be a list with one name (got {listed!r:.60})"
    raise CatalogError.one(
        what,
        where=f"{where}: architectures",
        mend=f"Supported: {', '.join(sorted(ARCHITECTURES))}; write others as a [[models]] entry",
    )


def _weight_bits(keys: ConfigKeys) -> int:
    """Width of the published weights: that of the quantised ones where there are any."""
    quantization = keys.table("quantization_config")
    if not quantization:
        key = "dtype" if keys.get("dtype") is not None else "torch_dtype"
        name = keys.text(key, "bfloat16")
        if name not in _DTYPE_BITS:
            mend = f"Known: {', '.join(_DTYPE_BITS)}"
            keys.fault(keys.path(key), f"unknown number type {name!r}", mend)
        return _DTYPE_BITS.get(name, 16)
    found = _quantized_bits(quantization)
    if len(found) == 1:
        return found.pop()
    place = keys.path("quantization_config")
    if not found:
        what = f"cannot tell the width of weights (method {quantization.get('quant_method')!r:.40})"
        keys.fault(place, what, "Write the model as a [[models]] entry with native_weight_bits")
    else:
        widths = " and ".join(str(bits) for bits in sorted(found))
        what = f"weights of {widths} bits side by side are not supported"
        keys.fault(place, what, "Write the model as a [[models]] entry with native_weight_bits")
    return 16


def _quantized_bits(quantization: Mapping[str, Any]) -> set[int]:
    """Every width that a quantisation names; empty where it names none that is understood."""
    method = str(quantization.get("quant_method"))
    stated: list[object] = []
    if method in _METHOD_BITS:
        stated = [_METHOD_BITS[method]]
    elif method in _STATED_BITS:
        stated = [quantization.get(_STATED_BITS[method])]
    elif method == "modelopt":
        stated = [_ALGORITHM_BITS.get(str(quantization.get("quant_algo")))]
    elif method == "bitsandbytes":
        stated = [bits for bits in (4, 8) if quantization.get(f"load_in_{bits}bit") is True]
    elif method == "compressed-tensors":
        groups = quantization.get("config_groups")
        for group in groups.values() if isinstance(groups, Mapping) else ():
            weights = group.get("weights") if isinstance(group, Mapping) else None
            stated.append(weights.get("num_bits") if isinstance(weights, Mapping) else None)
    widths = [bits for bits in stated if type(bits) is int and 1 <= bits <= 32]
    # One unreadable width among several would hide a mixture.
    return set(widths) if len(widths) == len(stated) else set()
