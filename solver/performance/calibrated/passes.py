r"""One pass of a model through its layers on the busiest device of a stage: a sum of operators.

A pass carries, in each attention group of the stage, ``b`` sequences that decode ``s`` tokens each
and ``c`` tokens of prompts: :math:`m = b s + c` tokens. With tensor degree t, every layer costs

* attention: the projections (GQA: one fused matrix for queries, keys and values and one for the
  output; MLA: the down projections, the up projection of the queries and two products with the
  latent's matrices for each head, DeepSeek-V2, arXiv 2405.04434, section 2.1), the attention of
  ``b`` sequences over their context and of the ``c`` prompt tokens;
* feed-forward: dense matrices over t devices, or router, shared experts and routed experts, whose
  tokens come from all attention groups;
* two kernels for norms and residuals, one that places keys and values, one for the activation;
* two all-reduces over the t devices (one where attention and feed-forward run side by side); where
  attention is data parallel, expert layers dispatch their tokens and combine the results instead
  of the second (DeepSeek-V3, arXiv 2412.19437, section 3.2).

Then the head: logits of one token a sequence, gathered over the t devices. The parts are apart
because each depends on few numbers: a rectangle of layouts and batches needs each only once.

Left out: the embedding look-up (one row a token), sampling (part of the host's time), and overlap
of collectives with kernels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.architecture import AttentionGroup, ModelShape
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.kernels import Kernels

__all__ = ["Passes"]

_HALF_BYTES = 2.0
_LOGIT_BYTES = 2.0
_STATE_BYTES = 4.0
"""Recurrent states are kept in 32 bits."""
_SUM_BYTES = 4.0
_INDEXER_KERNELS = 6
"""Norm, rotary positions, rotation and quantisation of queries and keys, write of the keys."""
_INDEX_BYTES = 1.0 + 4.0 / 128.0
"""A cached index key: 8 bits a value and a scale for 128 of them."""


def _floats(value: npt.ArrayLike) -> FloatArray:
    return np.asarray(value, dtype=np.float64)


class Passes:
    """Costs of the parts of a pass of one model through one machine's operators."""

    def __init__(self, kernels: Kernels, shape: ModelShape) -> None:
        self.kernels = kernels
        self.shape = shape

    def tokens(self, tensor_parallel: npt.ArrayLike, tokens: npt.ArrayLike) -> Cost:
        """Everything that depends on the tokens of an attention group alone, but collectives."""
        t, m = _floats(tensor_parallel), _floats(tokens)
        k, model = self.kernels, self.shape.model
        d = model.d_model
        cost = k.elementwise(3.0 * _HALF_BYTES * d * m).times(2 * model.layers)
        # Rotary positions and the write into the cache; norms of queries and keys if there are any.
        placing = {"none": 1, "head": 2, "projection": 3}[model.query_key_norm]
        cost += k.elementwise(0.0 * m, kernels=placing).times(model.layers)
        for group in self.shape.attention:
            cost += self._projections(group, t, m).times(group.layers)
        up = model.ff_up_matrices
        for part in self.shape.feed_forward:
            if part.routed:
                cost += k.linear(m, part.experts, d, plain=True).times(part.layers)
            if part.width:
                width = part.width / t
                one = k.linear(m, up * width, d) + k.linear(m, d, width)
                one += k.elementwise((up + 1) * _HALF_BYTES * m * width)
                cost += one.times(part.layers)
        return cost

    def _projections(self, group: AttentionGroup, t: FloatArray, m: FloatArray) -> Cost:
        k, model = self.kernels, self.shape.model
        d = model.d_model
        if group.latent is not None:
            latent = group.latent
            heads = np.maximum(model.n_heads / t, 1.0)
            rotary = latent.qk_rope_head_dim
            down = latent.kv_lora_rank + rotary + (latent.q_lora_rank or 0)
            query = heads * (latent.qk_nope_head_dim + rotary)
            cost = k.linear(m, down, d) + k.linear(m, query, latent.q_lora_rank or d)
            cost += k.linear(m, d, heads * latent.v_head_dim)
            cost += k.batched_heads(m, heads, latent.qk_nope_head_dim, latent.kv_lora_rank)
            cost += k.batched_heads(m, heads, latent.kv_lora_rank, latent.v_head_dim)
            if group.indexer is not None:
                indexer = group.indexer
                index = indexer.n_heads * indexer.head_dim
                cost += k.linear(m, index, latent.q_lora_rank or d)
                cost += k.linear(m, indexer.head_dim + indexer.n_heads, d, plain=True)
                cost += k.elementwise(0.0 * m, kernels=_INDEXER_KERNELS)
            return cost
        if group.linear is not None:
            linear = group.linear
            values = np.maximum(linear.n_value_heads / t, 1.0) * linear.value_head_dim
            keys = np.maximum(linear.n_key_heads / t, 1.0) * linear.key_head_dim
            mixed = 2.0 * keys + 2.0 * values
            cost = k.linear(m, mixed, d) + k.linear(m, d, values)
            return cost + k.elementwise(2.0 * _HALF_BYTES * m * mixed, kernels=2)
        heads = np.maximum(model.n_heads / t, 1.0)
        kv_heads = np.maximum(model.n_kv_heads / t, 1.0)
        queries = 2.0 if model.attention_output_gate else 1.0
        rows = (queries * heads + 2.0 * kv_heads) * model.head_dim
        return k.linear(m, rows, d) + k.linear(m, d, heads * model.head_dim)

    def decoding(
        self,
        tensor_parallel: npt.ArrayLike,
        sequences: npt.ArrayLike,
        context: npt.ArrayLike,
        *,
        tokens_per_sequence: int = 1,
    ) -> Cost:
        """Attention of ``sequences`` of one group over ``context`` tokens each, every layer."""
        t, b, n = np.broadcast_arrays(
            _floats(tensor_parallel), _floats(sequences), _floats(context)
        )
        some = b > 0
        b = np.where(some, b, 1.0)
        k, model = self.kernels, self.shape.model
        heads = np.maximum(model.n_heads / t, 1.0)
        cost = Cost()
        for group in self.shape.attention:
            if group.latent is not None:
                seen = n
                if group.indexer is not None:
                    indexer = group.indexer
                    seen = np.minimum(n, indexer.top_k)
                    scored = b * n * indexer.head_dim * _INDEX_BYTES
                    cost += k.elementwise(scored, kernels=2).times(group.layers)
                one = k.latent_decode(b, seen, heads * tokens_per_sequence)
            elif group.linear is not None:
                linear = group.linear
                state = np.maximum(linear.n_value_heads / t, 1.0) * linear.value_head_dim
                moved = 2.0 * b * state * linear.key_head_dim * _STATE_BYTES
                one = k.elementwise(moved * tokens_per_sequence, kernels=2)
            else:
                seen = n
                if group.window:
                    seen = np.minimum(n, group.window / 2 if group.chunked else group.window)
                one = k.attention_decode(
                    b,
                    seen,
                    heads * tokens_per_sequence,
                    np.maximum(model.n_kv_heads / t, 1.0),
                    model.head_dim,
                )
            cost += one.times(group.layers)
        return cost.where(some)

    def prompts(
        self, tensor_parallel: npt.ArrayLike, tokens: npt.ArrayLike, length: npt.ArrayLike
    ) -> Cost:
        """Attention of ``tokens`` prompt tokens of prompts of ``length`` in one group."""
        t, c, n = np.broadcast_arrays(_floats(tensor_parallel), _floats(tokens), _floats(length))
        k, model = self.kernels, self.shape.model
        heads = np.maximum(model.n_heads / t, 1.0)
        cost = Cost()
        for group in self.shape.attention:
            if group.latent is not None:
                one = k.latent_context(c, n, heads)
                if group.indexer is not None:
                    # Each token attends to top_k others instead of half the prompt.
                    one = one.times(np.minimum(1.0, 2.0 * group.indexer.top_k / n))
            elif group.linear is not None:
                linear = group.linear
                state = np.maximum(linear.n_value_heads / t, 1.0) * linear.value_head_dim
                one = k.recurrence(c, state, linear.key_head_dim)
            else:
                one = k.attention_context(
                    c,
                    n,
                    heads,
                    np.maximum(model.n_kv_heads / t, 1.0),
                    model.head_dim,
                    group.window,
                )
            cost += one.times(group.layers)
        return cost

    def reduces(
        self,
        tensor_parallel: npt.ArrayLike,
        tokens: npt.ArrayLike,
        *,
        dispatched: npt.ArrayLike,
    ) -> Cost:
        """All-reduces of a pass; where ``dispatched``, expert layers have one less."""
        model = self.shape.model
        each = 1 if model.parallel_block else 2
        count = np.where(
            np.asarray(dispatched, bool),
            each * model.layers - model.expert_layers,
            each * model.layers,
        )
        m = _floats(tokens)
        size = _HALF_BYTES * model.d_model * m
        cost = self.kernels.collective("all_reduce", tensor_parallel, size).times(count)
        if model.query_key_norm == "projection":
            # The norm runs over the whole projection, so its sums of squares are reduced.
            sums = self.kernels.collective("all_reduce", tensor_parallel, _SUM_BYTES * m)
            cost += sums.times(2 * model.layers)
        return cost

    def experts(
        self,
        stage_devices: npt.ArrayLike,
        attention_groups: npt.ArrayLike,
        expert_parallel: npt.ArrayLike,
        tokens: npt.ArrayLike,
    ) -> Cost:
        """Routed experts and their exchange; ``tokens`` of one attention group."""
        a, m = _floats(attention_groups), _floats(tokens)
        cost = self.routed(stage_devices, expert_parallel, m * a)
        if np.any(a > 1):
            cost += self.exchanges(stage_devices, expert_parallel, m * a).where(a > 1)
        return cost

    def routed(
        self,
        stage_devices: npt.ArrayLike,
        expert_parallel: npt.ArrayLike,
        stage_tokens: npt.ArrayLike,
    ) -> Cost:
        """Routed experts of all layers; ``stage_tokens`` of all attention groups together."""
        n, ep, m = _floats(stage_devices), _floats(expert_parallel), _floats(stage_tokens)
        cost = Cost()
        for part in self.shape.feed_forward:
            if part.routed:
                one = self.kernels.experts(
                    m,
                    hidden=self.shape.model.d_model,
                    width=part.expert_width,
                    top_k=part.top_k,
                    experts=part.experts,
                    tensor_parallel=n / ep,
                    expert_parallel=ep,
                )
                cost += one.times(part.layers)
        return cost

    def exchanges(
        self,
        stage_devices: npt.ArrayLike,
        expert_parallel: npt.ArrayLike,
        stage_tokens: npt.ArrayLike,
    ) -> Cost:
        """Dispatch and combine of all layers, where attention is data parallel."""
        n, ep, m = _floats(stage_devices), _floats(expert_parallel), _floats(stage_tokens)
        cost = Cost()
        for part in self.shape.feed_forward:
            if part.routed:
                # Devices of an attention group hold the same tokens and send a part of them each.
                one = self.kernels.exchange(
                    n,
                    ep,
                    top_k=part.top_k,
                    experts=part.experts,
                    hidden=self.shape.model.d_model,
                    tokens=m / n,
                )
                cost += one.times(part.layers)
        return cost

    def head(self, tensor_parallel: npt.ArrayLike, rows: npt.ArrayLike) -> Cost:
        """Logits of ``rows`` tokens of one attention group."""
        t, m = _floats(tensor_parallel), np.maximum(_floats(rows), 1.0)
        k, model = self.kernels, self.shape.model
        cost = k.linear(m, np.ceil(model.vocab / t), model.d_model, plain=True)
        cost += k.collective("all_gather", t, _LOGIT_BYTES * model.vocab * m)
        return cost + k.elementwise(2.0 * _STATE_BYTES * model.vocab * m)

    def between_steps(self, sequences: npt.ArrayLike) -> Cost:
        """The host's time for a step with ``sequences`` sequences in each group."""
        serving = self.kernels.serving
        return Cost(launch_s=serving.step_s + serving.sequence_s * _floats(sequences))
