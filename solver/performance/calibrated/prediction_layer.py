"""A model's own multi-token-prediction layer as a draft: what it costs beyond one more layer.

The layer predicts one token further than the model (DeepSeek-V3, arXiv 2412.19437, section 2.2): it
takes the model's last hidden state and the embedding of the newest token, norms both, joins them by
a projection of :math:`2d` to :math:`d`, runs one layer, and reads the token off the model's own
head. The projection is kept in 16 bits and whole on every device; embedding and head are the
model's, so their bytes are counted with the model alone, while the head's time is paid again for
every drafted token.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.memory import Memory
from solver.performance.calibrated.passes import Passes

__all__ = ["PredictionMemory", "PredictionPasses"]

_HALF_BYTES = 2.0
_JOINED = 2
"""Vectors that the projection joins: a hidden state and an embedding."""


class PredictionPasses(Passes):
    """Passes of a prediction layer; its ``shape`` is that of a model of this one layer."""

    def tokens(self, tensor_parallel: npt.ArrayLike, tokens: npt.ArrayLike) -> Cost:
        """As ``Passes.tokens``, with both norms and the projection in front."""
        m = np.asarray(tokens, dtype=np.float64)
        d = self.shape.model.d_model
        joined = self.kernels.linear(m, d, _JOINED * d, plain=True)
        joined += self.kernels.elementwise(2.0 * _JOINED * _HALF_BYTES * d * m, kernels=_JOINED)
        return super().tokens(tensor_parallel, tokens) + joined


class PredictionMemory(Memory):
    """Memory of a prediction layer beside the model that it belongs to."""

    def weight_bytes(
        self,
        tensor_parallel: npt.ArrayLike,
        stage_devices: npt.ArrayLike,
        pipeline_parallel: npt.ArrayLike = 1,
    ) -> FloatArray:
        """The layer and its projection; no table of its own.

        Raises
        ------
        ValueError
            For more than one stage: a single layer lies on one.
        """
        if np.any(np.asarray(pipeline_parallel) != 1):
            raise ValueError("a prediction layer lies on one pipeline stage")
        d = self.shape.model.d_model
        layer = self.layers_bytes(tensor_parallel, stage_devices)
        return np.asarray(layer + _HALF_BYTES * _JOINED * d * d)
