"""Latency of one decode step over a family of layouts that differ only in tensor degree.

A family fixes the model, the accelerator, the precisions, the context, the tokens verified for each
sequence S, whether tensor parallelism is 1D or 2D, and the number of pipeline stages. What is left
is a rectangle: tensor degrees by batch sizes, evaluated with one set of array operations. The
scalar answer for a single design comes from the same operations on a 1 x 1 rectangle, so both give
the same float and the same integer picosecond.

    latency = launch + network + max(HBM traffic, arithmetic)

Source: *Inference economics of language models* (arXiv 2506.04645), sections 3.1 to 3.5, as
published. With mu = B / stages sequences in a microbatch and T = mu S tokens in it:

* HBM: stages x [KV of mu sequences + weights + activations of T tokens] / (N bandwidth);
* arithmetic: (2 active parameters + 4 head_dim heads layers context) S B / (N peak);
* network: two (1D) or four (2D) all-reduces a layer, and one hand-over between stages;
* launch: four kernels a layer.

Errata kept on purpose: query-key-value outputs count one byte a value (B1); 1D activation factors
are swapped (B3); expert activations scale with the share of experts touched (B4); experts are not
reduced locally before the all-reduce (B5); no pipeline bubble and no stage effect on launches (B9);
the arithmetic rate follows the weight bits (B12).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator
from solver.performance.epoch2025.collectives import Line, collective_lines
from solver.performance.epoch2025.counts import TransformerCounts

__all__ = ["FloatArray", "StepFamily", "StepSetting", "StepTerms"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

LAUNCHES_PER_LAYER = 4


@dataclass(frozen=True, slots=True)
class StepSetting:
    """Everything a step time depends on but the layout and the batch.

    Parameters
    ----------
    weight_bits, kv_bits
        Width of weights, and of activations and KV cache together.
    context_tokens
        Tokens held in the KV cache of every sequence.
    tokens_per_sequence
        S: 1 for plain decoding, draft length + 1 when a draft is verified.
    flop_efficiency, hbm_efficiency
        Share of the peak that is reached, over 0 up to 1.
    """

    counts: TransformerCounts
    accelerator: Accelerator
    weight_bits: int
    kv_bits: int
    context_tokens: int
    tokens_per_sequence: int = 1
    flop_efficiency: float = 1.0
    hbm_efficiency: float = 1.0

    @property
    def weight_bytes(self) -> float:
        """Bytes of one weight."""
        return self.weight_bits / 8

    @property
    def kv_bytes(self) -> float:
        """Bytes of one activation or cached value."""
        return self.kv_bits / 8


@dataclass(frozen=True, slots=True)
class StepTerms:
    """The terms of one step, in seconds (arrays or floats of one common shape)."""

    arithmetic_s: FloatArray
    hbm_s: FloatArray
    network_s: FloatArray
    launch_s: float

    @property
    def latency_s(self) -> FloatArray:
        """Step latency, seconds."""
        return self.launch_s + (self.network_s + np.maximum(self.hbm_s, self.arithmetic_s))


@dataclass(frozen=True, slots=True, eq=False)
class _Reduce:
    """One collective of every layout; line ``k`` takes ``latency[k] + slope[k] * batch`` s."""

    latency_s: tuple[FloatArray, ...]
    s_per_sequence: tuple[FloatArray, ...]

    def time_s(self, rows: IndexArray, batch: FloatArray) -> FloatArray:
        """Time of the fastest protocol; ``rows`` and ``batch`` broadcast together."""
        best: FloatArray | None = None
        for latency, slope in zip(self.latency_s, self.s_per_sequence, strict=True):
            line = latency[rows] + slope[rows] * batch
            best = line if best is None else np.minimum(best, line, out=best)
        assert best is not None  # a reduce has at least one line
        return best

    def fixed_s(self, rows: IndexArray, batch: FloatArray) -> FloatArray:
        """Latency part of the fastest protocol."""
        lines = [
            (latency[rows] + slope[rows] * batch, latency[rows] + 0 * batch)
            for latency, slope in zip(self.latency_s, self.s_per_sequence, strict=True)
        ]
        best, fixed = lines[0]
        for time_s, latency_s in lines[1:]:
            faster = time_s < best
            best, fixed = np.where(faster, time_s, best), np.where(faster, latency_s, fixed)
        return fixed


class StepFamily:
    """Step latency for ``tensor_degrees`` (n,) by ``batches`` (m,).

    Parameters
    ----------
    setting
        What all layouts share.
    tensor_degrees : (n,)
        Devices that share one stage; whole numbers for a deployable layout, any positive number
        where the published code is reproduced.
    batches : (m,)
        Sequences decoded together, positive.
    two_dimensional
        Shard every matrix on both axes, over sqrt(degree) devices each.
    stages
        Pipeline stages; the batch is split into as many microbatches.
    """

    def __init__(
        self,
        setting: StepSetting,
        *,
        tensor_degrees: npt.ArrayLike,
        batches: npt.ArrayLike,
        two_dimensional: bool,
        stages: int,
    ) -> None:
        self.setting = setting
        self.two_dimensional = two_dimensional
        self.stages = stages
        self.tensor_degrees: FloatArray = np.asarray(tensor_degrees, dtype=np.float64)
        self.batches: FloatArray = np.asarray(batches, dtype=np.float64)
        self.devices: FloatArray = self.tensor_degrees * stages
        self._lay_out_memory()
        self._lay_out_network()

    def _lay_out_memory(self) -> None:
        s, c = self.setting, self.setting.counts
        degree = self.tensor_degrees
        p_w, p_a = s.weight_bytes, s.kv_bytes
        if self.two_dimensional:
            t1 = t2 = np.sqrt(degree)
        else:
            t1, t2 = degree, np.ones_like(degree)
        d, f, heads_width = c.d_model, c.ff_width, c.head_dim * c.n_heads
        matrices = c.experts * (c.ff_up + c.ff_down)
        microbatch = self.batches / self.stages
        tokens = microbatch * s.tokens_per_sequence
        # Python's own power, once for each batch: array powers may differ in the last bit
        # between a vector lane and a lone element.
        idle = 1.0 - 1.0 / c.sparsity
        touched = np.ones_like(tokens)
        if c.sparsity > 1:
            touched = np.array([1.0 - idle**t for t in tokens.tolist()])
        bytes_per_s = self.devices * (s.accelerator.hbm_bytes_per_s * s.hbm_efficiency)
        fixed = c.layers * (p_w * d * c.qkv_width + p_w * heads_width * d) + p_w * c.vocab * d
        kv = p_a * c.kv_values_per_token * s.context_tokens
        expert_weights = c.layers * matrices * p_w * d * f
        # Depends on the batch alone: bytes of one pass of one microbatch through all stages.
        self._weight_bytes: FloatArray = self.stages * (
            kv * microbatch + fixed + touched * expert_weights
        )
        self._expert_tokens: FloatArray = self.stages * (touched * tokens)
        self._stage_tokens: FloatArray = self.stages * tokens
        self._bytes_per_expert_token: FloatArray = (
            c.layers * matrices * (p_a / c.sparsity) * (t2 * d + t1 * f)
        )
        self._bytes_per_token: FloatArray = c.layers * (
            t2 * (p_a * d) + t1 * c.qkv_width + p_a * (t2 * d + t1 * heads_width)
        )
        self._s_per_byte: FloatArray = 1.0 / bytes_per_s
        flop_per_s = s.accelerator.flop_per_s[s.weight_bits] * s.flop_efficiency
        flop = 2.0 * c.active_params + 4.0 * c.head_dim * c.n_heads * c.layers * s.context_tokens
        self._flop_per_sequence = flop * s.tokens_per_sequence
        self._s_per_flop: FloatArray = 1.0 / (self.devices * flop_per_s)
        self.launch_s: float = LAUNCHES_PER_LAYER * c.layers * s.accelerator.kernel_launch_s

    def _lay_out_network(self) -> None:
        s, c = self.setting, self.setting.counts
        accelerator = s.accelerator
        node = accelerator.node_devices
        words: tuple[int, ...] = (c.top_k * c.ff_down * c.d_model, c.d_model)
        bytes_per_word = s.kv_bytes * s.tokens_per_sequence / self.stages
        if self.two_dimensional:
            words = (c.d_model, c.qkv_width, c.top_k * c.ff_up * c.ff_width, words[0])
        lines_by_degree: list[tuple[Line, ...]] = []
        shard: list[float] = []
        for degree in self.tensor_degrees.tolist():
            ranks, nodes = degree, float(np.ceil(degree / node))
            if self.two_dimensional:
                ranks, nodes = float(np.sqrt(ranks)), float(np.sqrt(nodes))
            lines_by_degree.append(
                collective_lines("allreduce", ranks=ranks, nodes=nodes, accelerator=accelerator)
            )
            shard.append(ranks if self.two_dimensional else 1.0)
        self._words = words
        self._reduces = tuple(
            self._reduce(
                lines_by_degree, [count * bytes_per_word / part for part in shard], c.layers
            )
            for count in words
        )
        self._hand_over: _Reduce | None = None
        if self.stages > 1:
            lines = collective_lines("p2p", ranks=2.0, nodes=2.0, accelerator=accelerator)
            sizes = (c.d_model * bytes_per_word / self.tensor_degrees).tolist()
            self._hand_over = self._reduce([lines] * len(sizes), sizes, self.stages - 1)

    @staticmethod
    def _reduce(
        lines: list[tuple[Line, ...]], bytes_per_sequence: list[float], times: int
    ) -> _Reduce:
        """``times`` repetitions of one collective whose message grows with the batch."""
        n_lines = max(len(entry) for entry in lines)
        n_lines = max(n_lines, 1)
        latency = np.zeros((n_lines, len(lines)))
        slope = np.zeros((n_lines, len(lines)))
        for column, (entry, size) in enumerate(zip(lines, bytes_per_sequence, strict=True)):
            for k, line in enumerate(entry):
                latency[k, column] = times * line.latency_s
                slope[k, column] = times * (line.s_per_byte * size)
        return _Reduce(tuple(latency), tuple(slope))

    def network_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Time of all collectives of one step."""
        batch = self.batches[columns]
        # Equal messages (both 1D all-reduces of a dense model) are timed once.
        timed: dict[int, FloatArray] = {}
        total: FloatArray | None = None
        for words, reduce in zip(self._words, self._reduces, strict=True):
            if words not in timed:
                timed[words] = reduce.time_s(rows, batch)
            total = timed[words] if total is None else total + timed[words]
        assert total is not None  # every family has all-reduces
        if self._hand_over is not None:
            total = total + self._hand_over.time_s(rows, batch)
        return total

    def memory_bytes(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Bytes read and written in one step over all devices."""
        expert = self._bytes_per_expert_token[rows] * self._expert_tokens[columns]
        expert += self._bytes_per_token[rows] * self._stage_tokens[columns]
        expert += self._weight_bytes[columns]
        return expert

    def flop(self, columns: IndexArray) -> FloatArray:
        """Arithmetic of one step over all devices (a multiply-add counts two)."""
        return self._flop_per_sequence * self.batches[columns]

    def terms(self, rows: IndexArray, columns: IndexArray) -> StepTerms:
        """All terms for index arrays ``rows`` and ``columns`` that broadcast together."""
        return StepTerms(
            arithmetic_s=self._s_per_flop[rows] * self.flop(columns),
            hbm_s=self._s_per_byte[rows] * self.memory_bytes(rows, columns),
            network_s=self.network_s(rows, columns),
            launch_s=self.launch_s,
        )

    def latency_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Step latency in seconds, before any question of memory."""
        return self.terms(rows, columns).latency_s

    def network_latency_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Part of ``network_s`` that no message is too small to pay, of the protocols chosen."""
        batch = self.batches[columns]
        total: FloatArray | None = None
        for part in (*self._reduces, *([self._hand_over] if self._hand_over else [])):
            fixed = part.fixed_s(rows, batch)
            total = fixed if total is None else total + fixed
        assert total is not None  # every family has all-reduces
        return total
