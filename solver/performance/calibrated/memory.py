"""HBM of the fullest device of a layout: weights, KV cache in pages, activations, the engine.

The KV cache holds ``b`` sequences of an attention group at their full length, rounded up to pages;
local layers keep no more than their window. KV heads beyond the tensor degree are split, fewer are
copied; a latent cache is whole on every device of the group. Weights follow the layout; norms and
biases are left out (below a thousandth). Activations are those of the largest pass.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.architecture import ModelShape
from solver.performance.calibrated.constants import ServingConstants
from solver.performance.calibrated.cost import FloatArray
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import FORMAT_BYTES
from solver.performance.operators.formats import KV_VALUE_BYTES

__all__ = ["Memory"]

_HALF_BYTES = 2.0
_STATE_BYTES = 4.0


def _floats(value: npt.ArrayLike) -> FloatArray:
    return np.asarray(value, dtype=np.float64)


class Memory:
    """Bytes on the fullest device; arguments are arrays that broadcast together."""

    def __init__(self, shape: ModelShape, formats: Formats, serving: ServingConstants) -> None:
        self.shape = shape
        self.serving = serving
        self._weight = FORMAT_BYTES[formats.weight]
        self._expert = FORMAT_BYTES[formats.expert]
        self._kv = KV_VALUE_BYTES[formats.kv]

    def weight_bytes(
        self,
        tensor_parallel: npt.ArrayLike,
        stage_devices: npt.ArrayLike,
        pipeline_parallel: npt.ArrayLike = 1,
    ) -> FloatArray:
        """Weights: layers over the stages, embedding and head on the first and last."""
        p = _floats(pipeline_parallel)
        layers = self.layers_bytes(tensor_parallel, stage_devices)
        both = (p == 1) & (not self.shape.model.tied_embeddings)
        return np.asarray(layers / p + np.where(both, 2.0, 1.0) * self.table_bytes(tensor_parallel))

    def table_bytes(self, tensor_parallel: npt.ArrayLike) -> FloatArray:
        """One of the tables at the ends of the model, embedding or head, in 16 bits."""
        model = self.shape.model
        return np.asarray(_HALF_BYTES * model.vocab * model.d_model / _floats(tensor_parallel))

    def layers_bytes(
        self, tensor_parallel: npt.ArrayLike, stage_devices: npt.ArrayLike
    ) -> FloatArray:
        """Weights of all layers, where one stage holds them."""
        t, n = (_floats(x) for x in (tensor_parallel, stage_devices))
        model = self.shape.model
        d = model.d_model
        layers = np.zeros(np.broadcast_shapes(t.shape, n.shape))
        for group in self.shape.attention:
            if group.latent is not None:
                latent = group.latent
                rank, rotary = latent.kv_lora_rank, latent.qk_rope_head_dim
                nope, value = latent.qk_nope_head_dim, latent.v_head_dim
                whole = d * (rank + rotary + (latent.q_lora_rank or 0))
                query = (latent.q_lora_rank or d) * (nope + rotary)
                split = model.n_heads * (query + rank * (nope + value) + d * value)
                if group.indexer is not None:
                    indexer = group.indexer
                    keys = indexer.n_heads * indexer.head_dim
                    whole += keys * (latent.q_lora_rank or d) + d * indexer.head_dim
            elif group.linear is not None:
                linear = group.linear
                whole = 0
                split = d * 2 * linear.n_key_heads * linear.key_head_dim
                split += d * 3 * linear.n_value_heads * linear.value_head_dim
            else:
                queries = 3 if model.attention_output_gate else 2
                whole = 0
                split = d * model.head_dim * queries * model.n_heads
                kv = 2 * d * model.head_dim * model.n_kv_heads
                # Fewer KV heads than devices: each device keeps one of its own.
                copies = np.maximum(t / model.n_kv_heads, 1.0)
                layers = layers + group.layers * self._weight * kv * copies / t
            layers = layers + group.layers * self._weight * (whole + split / t)
        matrices = model.ff_up_matrices + model.ff_down_matrices
        for part in self.shape.feed_forward:
            shared = matrices * d * part.width * self._weight / t
            routed = matrices * d * part.expert_width * part.experts * self._expert / n
            layers = layers + part.layers * (shared + routed + _HALF_BYTES * d * part.experts)
        return np.asarray(layers)

    def kv_bytes(
        self,
        tensor_parallel: npt.ArrayLike,
        tokens: npt.ArrayLike,
        pipeline_parallel: npt.ArrayLike = 1,
    ) -> FloatArray:
        """KV cache (and recurrent state) of one sequence of ``tokens`` tokens."""
        t, n, p = (_floats(x) for x in (tensor_parallel, tokens, pipeline_parallel))
        page = self.serving.page_tokens
        model = self.shape.model
        held = np.zeros(np.broadcast_shapes(t.shape, n.shape))
        paged = np.ceil(n / page) * page
        for group in self.shape.attention:
            if group.latent is not None:
                row = (group.latent.kv_lora_rank + group.latent.qk_rope_head_dim) * self._kv
                if group.indexer is not None:
                    row += group.indexer.head_dim * (1.0 + 4.0 / 128.0)
                one = row * paged
            elif group.linear is not None:
                linear = group.linear
                values = np.maximum(linear.n_value_heads / t, 1.0) * linear.value_head_dim
                one = values * linear.key_head_dim * _STATE_BYTES
            else:
                kv_heads = np.maximum(model.n_kv_heads / t, 1.0)
                kept = paged
                if group.window:
                    kept = np.minimum(paged, np.ceil(group.window / page) * page + page)
                one = 2.0 * kv_heads * model.head_dim * self._kv * kept
            held = held + group.layers * one
        return np.asarray(held / p)

    def activation_bytes(
        self, tensor_parallel: npt.ArrayLike, tokens: npt.ArrayLike, rows: npt.ArrayLike
    ) -> FloatArray:
        """Activations of a pass of ``tokens`` tokens and the logits of ``rows`` of them."""
        t, m, r = (_floats(x) for x in (tensor_parallel, tokens, rows))
        model = self.shape.model
        widest = max(
            [
                (model.ff_up_matrices + 1) * max(part.width, part.top_k * part.expert_width)
                for part in self.shape.feed_forward
            ]
        )
        streams = 4.0 * _HALF_BYTES * model.d_model
        return np.asarray(m * (streams + _HALF_BYTES * widest / t) + _STATE_BYTES * r * model.vocab)
