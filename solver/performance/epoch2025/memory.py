"""What has to fit into HBM, by two accounts.

*Published* (the reference): weights and KV cache of the whole replica against the HBM of all its
devices together (erratum B6: nothing else counts, every cache can be cut in any number of pieces).

*Deployable* (the default): the fullest single device. It holds its share of one stage's weights
(the larger embedding stage counts; embeddings and output head in 16 bits at least, as quantised
checkpoints keep them), its share of the KV cache of the whole batch, and the activations of one
microbatch (16 bits at least, and the logits of the whole vocabulary); KV heads are copied where the
degree exceeds their number. In a 2D layout heads are cut on one axis and sequences on the other
(Pope et al. 2022, *Efficiently Scaling Transformer Inference*, section 3.3). Fragmentation and the
engine's own reserve are left out: say them as ``rules.hbm_reserve_fraction``.
"""

from __future__ import annotations

import numpy as np

from solver.performance.epoch2025.step import FloatArray, IndexArray, StepFamily

__all__ = [
    "LEAST_BYTES",
    "LOGIT_BYTES",
    "deployable_bytes_per_device",
    "published_bytes",
    "weight_bytes_per_device",
]

LOGIT_BYTES = 4
LEAST_BYTES = 2
"""Embeddings, output head and activations stay in 16 bits where weights or cache are narrower."""


def published_bytes(family: StepFamily, columns: IndexArray) -> FloatArray:
    """Weights and KV cache of the whole replica, bytes; shape of ``columns``."""
    setting, counts = family.setting, family.setting.counts
    kv = setting.kv_bytes * counts.kv_values_per_token * setting.context_tokens
    return np.asarray(kv * family.batches[columns] + setting.weight_bytes * counts.params)


def _axes(family: StepFamily) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Cuts of the heads, cuts of the sequences, and copies of each KV head, by layout."""
    degree = family.tensor_degrees
    head_cuts = np.sqrt(degree) if family.two_dimensional else degree
    sequence_cuts = degree / head_cuts
    copies = np.maximum(1.0, head_cuts / family.setting.counts.n_kv_heads)
    return head_cuts, sequence_cuts, copies


def weight_bytes_per_device(family: StepFamily) -> FloatArray:
    """Weights on the fullest device by the deployable account, bytes, shape (layouts,)."""
    setting, c = family.setting, family.setting.counts
    degree = family.tensor_degrees
    _, _, copies = _axes(family)
    qkv = c.d_model * c.head_dim * (c.n_heads + 2 * c.n_kv_heads * copies)
    layer = qkv + c.head_dim * c.n_heads * c.d_model
    layer = layer + c.experts * (c.ff_up + c.ff_down) * c.d_model * c.ff_width
    embeddings = (2 if family.stages == 1 else 1) * c.vocab * c.d_model
    held = setting.weight_bytes * np.ceil(c.layers / family.stages) * layer
    held = held + max(setting.weight_bytes, LEAST_BYTES) * embeddings
    return np.asarray(held / degree)


def deployable_bytes_per_device(
    family: StepFamily, rows: IndexArray, columns: IndexArray
) -> FloatArray:
    """Weights, KV cache and activations on the fullest device, bytes; arguments broadcast."""
    setting, c = family.setting, family.setting.counts
    head_cuts, sequence_cuts, copies = (axis[rows] for axis in _axes(family))
    batch = family.batches[columns]
    layers = np.ceil(c.layers / family.stages)
    kv_token = setting.kv_bytes * 2 * c.n_kv_heads * c.head_dim * layers * copies / head_cuts
    kv = kv_token * setting.context_tokens * np.ceil(batch / sequence_cuts)
    tokens = np.ceil(batch / family.stages) * setting.tokens_per_sequence
    widest = max(c.qkv_width, c.top_k * c.ff_up * c.ff_width)
    width = max(setting.kv_bytes, LEAST_BYTES)
    activations = width * (2 * c.d_model + widest / head_cuts)
    # Gathered whole before a token is sampled.
    logits = LOGIT_BYTES * c.vocab
    weights = weight_bytes_per_device(family)[rows]
    return np.asarray(weights + kv + tokens * (activations + logits))
