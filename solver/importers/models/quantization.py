"""Quantisation of a checkpoint: the format of its weights, and of its cache where that is stated.

Read from ``quantization_config`` of a config.json, or from ModelOpt's ``hf_quant_config.json``
beside it. Only what is understood is accepted; any other method, width or mixture is refused by
name, for weights half understood would give memory and speeds that are quietly wrong.

Sources: the *transformers* and *compressed-tensors* libraries' names of keys, and what vLLM 0.33.0
reads of them (``model_executor/layers/quantization``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from solver.catalog.weight_formats import FORMAT_BITS
from solver.errors import InstanceError
from solver.importers.visible import visible

__all__ = ["Quantization", "read_quantization", "read_sidecar"]

_MEND = "Write the model as a [[models]] entry and say design.weight_format"


@dataclass(frozen=True, slots=True)
class Quantization:
    """What a checkpoint's weights and cache are stored in.

    Parameters
    ----------
    weight_format
        One of ``FORMAT_BITS``.
    source
        File and keys that say so.
    kv_bits
        Width of a cached number where the file states one.
    unquantized
        Names of modules that stay in 16 bits.
    notes
        What the format does not carry.
    """

    weight_format: str
    source: str
    kv_bits: int | None = None
    unquantized: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def weight_bits(self) -> int:
        """Bits of one stored weight."""
        return FORMAT_BITS[self.weight_format]


class _Keys:
    """A quantisation table with its place, for faults and sources."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self.table = table
        self.where = where

    def get(self, key: str) -> Any:
        return self.table.get(key)

    def refused(self, key: str, what: str, mend: str = _MEND) -> InstanceError:
        return InstanceError.one(what, where=f"{self.where}.{key}", mend=mend)

    def unknown(self, key: str, known: str) -> InstanceError:
        shown = visible(repr(self.get(key)))
        return self.refused(key, f"{shown} is not understood", f"Known: {known}. {_MEND}")

    def listed(self, *names: str) -> tuple[str, ...]:
        """Texts of the first of these lists that is given."""
        for name in names:
            value = self.get(name)
            if value is None:
                continue
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise self.refused(name, "should be a list of texts", "Give the published file")
            return tuple(value)
        return ()

    def inner(self, key: str) -> _Keys | None:
        """A table inside; None where it is not given."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.refused(key, "should be an object", "Give the published file")
        return _Keys(value, f"{self.where}.{key}")

    def flag(self, key: str) -> bool:
        """A switch; off where it is not given."""
        value = self.get(key)
        if not isinstance(value, bool | None):
            raise self.refused(key, "should be true or false", "Give the published file")
        return value is True


def _fp8(keys: _Keys) -> Quantization:
    block = keys.get("weight_block_size")
    if block is None:
        return Quantization("fp8", f"{keys.where}: quant_method fp8, one scale a tensor")
    if block != [128, 128]:
        raise keys.unknown("weight_block_size", "[128, 128]")
    return Quantization("fp8_block", f"{keys.where}: fp8, weight_block_size 128 x 128")


def _fbgemm_fp8(keys: _Keys) -> Quantization:
    return Quantization("fp8", f"{keys.where}: quant_method fbgemm_fp8")


def _integers(keys: _Keys) -> Quantization:
    """GPTQ and AWQ: integers of stated width, activations in 16 bits."""
    method = keys.get("quant_method")
    bits = keys.get("bits") if keys.get("bits") is not None else keys.get("w_bit")
    if type(bits) is not int or bits not in (4, 8):
        raise keys.unknown("bits", "4, 8")
    return Quantization(f"int{bits}", f"{keys.where}: {method}, bits {bits}")


def _mxfp4(keys: _Keys) -> Quantization:
    return Quantization("mxfp4", f"{keys.where}: quant_method mxfp4")


def _bitsandbytes(keys: _Keys) -> Quantization:
    eight, four = keys.flag("load_in_8bit"), keys.flag("load_in_4bit")
    if eight == four:
        raise keys.refused("load_in_4bit", "names neither or both of 4 and 8 bits")
    if eight:
        return Quantization("int8", f"{keys.where}: bitsandbytes, load_in_8bit")
    kind = keys.get("bnb_4bit_quant_type")
    if kind not in (None, "nf4", "fp4"):
        raise keys.unknown("bnb_4bit_quant_type", "nf4, fp4")
    note = (
        "4-bit weights of bitsandbytes are counted as int4: their bytes are the same, and its "
        "kernels were measured nowhere; expect them to be slower."
    )
    return Quantization("int4", f"{keys.where}: bitsandbytes, load_in_4bit", notes=(note,))


_ALGORITHMS = {
    "FP8": "fp8",
    "FP8_PER_CHANNEL_PER_TOKEN": "fp8",
    "FP8_PB_WO": "fp8_block",
    "NVFP4": "nvfp4",
    "W4A16_AWQ": "int4",
    "W8A16": "int8",
    "W4A16": "int4",
}


def _modelopt(keys: _Keys) -> Quantization:
    algorithm = keys.get("quant_algo")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise keys.unknown("quant_algo", ", ".join(_ALGORITHMS))
    source = f"{keys.where}: quant_algo {algorithm}"
    cache = keys.get("kv_cache_quant_algo")
    if cache not in (None, "FP8"):
        raise keys.unknown("kv_cache_quant_algo", "FP8")
    return Quantization(_ALGORITHMS[algorithm], source, kv_bits=None if cache is None else 8)


def _compressed_tensors(keys: _Keys) -> Quantization:
    groups = keys.inner("config_groups")
    if groups is None or not groups.table:
        raise keys.refused("config_groups", "is missing")
    found: dict[str, Quantization] = {}
    for name in groups.table:
        group = groups.inner(name)
        weights = group.inner("weights") if group is not None else None
        if group is None or weights is None:
            raise groups.refused(name, "says nothing of weights")
        one = _group(weights, group.inner("input_activations"))
        found[one.weight_format] = one
    if len(found) > 1:
        names = " and ".join(sorted(found))
        raise keys.refused("config_groups", f"weights in {names} side by side are not supported")
    return next(iter(found.values()))


def _group(weights: _Keys, activations: _Keys | None) -> Quantization:
    """One group of compressed-tensors: kind and width of weights, and of what they meet."""
    bits, kind = weights.get("num_bits"), weights.get("type")
    strategy, size = weights.get("strategy"), weights.get("group_size")
    met = None if activations is None else activations.get("num_bits")
    source = f"{weights.where}: {kind} of {bits} bits"
    if (kind, bits) == ("float", 8):
        if strategy == "block":
            if weights.get("block_structure") not in ([128, 128], None):
                raise weights.unknown("block_structure", "[128, 128]")
            return Quantization("fp8_block", f"{source} in blocks")
        return Quantization("fp8", source, notes=_widened(met, 8))
    if (kind, bits) == ("float", 4):
        if size not in (16, 32):
            raise weights.unknown("group_size", "16 (nvfp4), 32 (mxfp4)")
        name = "nvfp4" if size == 16 else "mxfp4"
        return Quantization(name, f"{source}, groups of {size}", notes=_widened(met, 4))
    if kind == "int" and type(bits) is int and bits in (4, 8):
        notes: tuple[str, ...] = ()
        if met is not None:
            notes = (
                f"Activations of {met} bits are not modelled: weights of {bits} bits are widened "
                "to 16 bits before they are multiplied, which is the slower way.",
            )
        return Quantization(f"int{bits}", source, notes=notes)
    raise weights.unknown("num_bits", "float of 8 or 4 bits, int of 8 or 4 bits")


def _widened(met: object, bits: int) -> tuple[str, ...]:
    if met is not None:
        return ()
    return (
        f"Activations stay in 16 bits in this file; arithmetic is modelled in {bits} bits where "
        "the machine has it, which is the faster way.",
    )


_METHODS: dict[str, Callable[[_Keys], Quantization]] = {
    "awq": _integers,
    "bitsandbytes": _bitsandbytes,
    "compressed-tensors": _compressed_tensors,
    "fbgemm_fp8": _fbgemm_fp8,
    "fp8": _fp8,
    "gptq": _integers,
    "modelopt": _modelopt,
    "modelopt_fp4": _modelopt,
    "mxfp4": _mxfp4,
}


def read_quantization(table: Mapping[str, Any], *, where: str) -> Quantization:
    """What a ``quantization_config`` says.

    Parameters
    ----------
    where
        File and key, for faults and sources: ``config.json: quantization_config``.

    Raises
    ------
    InstanceError
        With the key whose value is not understood, and those that are.
    """
    keys = _Keys(table, where)
    method = keys.get("quant_method")
    if not isinstance(method, str) or method not in _METHODS:
        raise keys.unknown("quant_method", ", ".join(_METHODS))
    return _completed(_METHODS[method](keys), keys)


def read_sidecar(document: Any, *, where: str) -> Quantization:
    """What ModelOpt's ``hf_quant_config.json`` says; raises as ``read_quantization``."""
    keys = _Keys(document, where).inner("quantization") if isinstance(document, Mapping) else None
    if keys is None:
        raise InstanceError.one(
            "is missing", where=f"{where}: quantization", mend="Give the published file"
        )
    return _completed(_modelopt(keys), keys)


def _completed(found: Quantization, keys: _Keys) -> Quantization:
    """With the cache's width and the modules that were left out, wherever the method says them."""
    scheme = keys.inner("kv_cache_scheme")
    kv_bits = found.kv_bits
    if scheme is not None:
        if scheme.get("num_bits") != 8 or scheme.get("type") != "float":
            raise scheme.unknown("num_bits", "float of 8 bits")
        kv_bits = 8
    left_out = keys.listed("ignore", "modules_to_not_convert", "ignored_layers", "exclude_modules")
    return Quantization(found.weight_format, found.source, kv_bits, left_out, found.notes)
