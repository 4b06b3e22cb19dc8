"""What can be measured: one dataclass a kernel, with the arithmetic and the bytes of one call.

Field names are the columns of the kernel tables that the operator families are fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass

from solver.performance.operators.gemm import OPERANDS

__all__ = [
    "KV_BFLOAT16",
    "Case",
    "CollectiveCase",
    "ContextCase",
    "CopyCase",
    "DecodeCase",
    "GemmCase",
    "LaunchCase",
]

KV_BFLOAT16 = "bfloat16/kv_bfloat16"
"""Precision of the attention cases, as the kernel tables name it."""

_VALUE_BYTES = 2


@dataclass(frozen=True, slots=True)
class GemmCase:
    """``(m, k)`` activations times ``(k, n)`` weights."""

    precision: str
    m: int
    n: int
    k: int

    @property
    def flop(self) -> float:
        """Operations of a call; a multiply-add counts two."""
        return 2.0 * self.m * self.n * self.k

    @property
    def set_bytes(self) -> float:
        """Bytes that another set of operands takes: the weights."""
        return OPERANDS[self.precision].weight * self.n * self.k

    @property
    def fixed_bytes(self) -> float:
        """Bytes shared by all sets: 16-bit activations, a narrow copy of them, and the result."""
        return 2.0 * _VALUE_BYTES * self.m * self.k + _VALUE_BYTES * self.m * self.n


@dataclass(frozen=True, slots=True)
class DecodeCase:
    """One query a sequence over a cache of ``kv_len`` tokens."""

    batch: int
    kv_len: int
    heads: int
    kv_heads: int
    head_dim: int

    @property
    def flop(self) -> float:
        """Operations of a call."""
        return 4.0 * self.batch * self.kv_len * self.heads * self.head_dim

    @property
    def set_bytes(self) -> float:
        """Bytes of the KV cache."""
        return 2.0 * _VALUE_BYTES * self.batch * self.kv_len * self.kv_heads * self.head_dim

    @property
    def fixed_bytes(self) -> float:
        """Bytes of queries and outputs."""
        return 2.0 * _VALUE_BYTES * self.batch * self.heads * self.head_dim


@dataclass(frozen=True, slots=True)
class ContextCase:
    """Causal attention over whole prompts of ``kv_len`` tokens, and the write of their cache."""

    batch: int
    kv_len: int
    heads: int
    kv_heads: int
    head_dim: int

    @property
    def flop(self) -> float:
        """Operations of a call, over the causal half."""
        return 2.0 * self.batch * self.kv_len**2 * self.heads * self.head_dim

    @property
    def set_bytes(self) -> float:
        """Nothing is kept from the cache: in serving, too, its operands were just written."""
        return 0.0

    @property
    def fixed_bytes(self) -> float:
        """Queries and outputs, keys and values twice."""
        width = 2 * self.heads + 4 * self.kv_heads
        return float(_VALUE_BYTES * self.batch * self.kv_len * width * self.head_dim)


@dataclass(frozen=True, slots=True)
class CopyCase:
    """A copy of so many bytes inside the main memory, or from pinned host memory into it."""

    message_bytes: int
    from_host: bool = False

    @property
    def flop(self) -> float:
        """None."""
        return 0.0

    @property
    def set_bytes(self) -> float:
        """Source and destination."""
        return 2.0 * self.message_bytes

    @property
    def fixed_bytes(self) -> float:
        """Nothing is shared."""
        return 0.0

    @property
    def moved_bytes(self) -> float:
        """Bytes that pass the main memory: read and written, or written alone."""
        return self.message_bytes * (1.0 if self.from_host else 2.0)


@dataclass(frozen=True, slots=True)
class LaunchCase:
    """A chain of tiny kernels, each waiting for the one before; its time is per kernel."""

    elements: int = 1024

    @property
    def flop(self) -> float:
        """So little that it does not count."""
        return 0.0

    @property
    def set_bytes(self) -> float:
        """Nothing worth rotating."""
        return 0.0

    @property
    def fixed_bytes(self) -> float:
        """A few kilobytes."""
        return 4.0 * self.elements


@dataclass(frozen=True, slots=True)
class CollectiveCase:
    """An all-reduce of a vector of ``message_bytes`` over ``world`` devices."""

    world: int
    message_bytes: int


Case = GemmCase | DecodeCase | ContextCase | CopyCase | LaunchCase
"""Everything one device runs on its own."""
