"""The operators of one machine at the formats of one deployment, as calls that return a ``Cost``.

Every call takes what one device does, as arrays that broadcast together. A ``Cost`` carries the
seconds and what set them, so that a step can say what binds it: an operator counts as arithmetic
where its flop at the vendor's peak take longer than its bytes, as HBM traffic otherwise, and its
fixed time as launch. Fixed times are those of a replayed graph (``ServingConstants``); what depends
on the shape comes from the kernel measurements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator
from solver.performance.calibrated.constants import ServingConstants
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.sources import Sources
from solver.performance.operators.attention import DecodeAttention, attention_decode_s
from solver.performance.operators.attention_context import attention_context_s
from solver.performance.operators.calibration_file import Calibration
from solver.performance.operators.collective import CollectiveKind
from solver.performance.operators.constants import (
    mla_context_constants,
    mla_decode_constants,
    moe_constants,
)
from solver.performance.operators.device import at_clock
from solver.performance.operators.dispatch import expert_exchange_s
from solver.performance.operators.formats import (
    KV_VALUE_BYTES,
    attention_precision,
    expert_precision,
    gemm_precision,
)
from solver.performance.operators.gemm import OPERANDS, gemm_s
from solver.performance.operators.hierarchical import network_collective_s
from solver.performance.operators.mla import LATENT_WIDTH, ROW_WIDTH, mla_context_s, mla_decode_s
from solver.performance.operators.moe import EXPERT_PRECISIONS, MoeConstants, moe_s
from solver.performance.operators.transfer import TRANSFER_SHARE, link_bytes_per_s

__all__ = ["Formats", "Kernels"]

_PLAIN = "bfloat16"
_HALF_BYTES = 2.0
_STREAM_SHARE = 0.8
"""Share of the HBM peak that elementwise kernels reach: large copies on every measured system lie
between 0.75 and 0.92 of it."""
_ACROSS_S = 10e-6
"""Fixed time of a message between nodes: NIC, switch and the kernel that waits for it."""
_LOW_LATENCY = " low_latency"
"""Ending of the precision of expert kernels made for few tokens."""
_CHUNKED_SHARE = 0.3
"""Share of the reached peak at which chunks of the delta rule run (triangular products)."""


@dataclass(frozen=True, slots=True)
class Formats:
    """How numbers are stored: weights but the routed experts', those, and the KV cache."""

    weight: str
    expert: str
    kv: str


def _as_engines_run(constants: MoeConstants, serving: ServingConstants) -> MoeConstants:
    """Kernels of the tables without what engines avoid.

    No problem is set up for each expert on its own, and a fixed time beyond ``expert_kernels_s`` is
    the host's, which a replayed graph does not wait for.
    """
    return replace(
        constants,
        launch_s=min(constants.launch_s, serving.expert_kernels_s),
        expert_s=0.0,
    )


def _in_graph(constants: DecodeAttention, serving: ServingConstants) -> DecodeAttention:
    """Decode attention whose kernels start no later than others in a replayed graph."""
    return replace(
        constants,
        grouped=replace(
            constants.grouped, launch_s=min(constants.grouped.launch_s, serving.kernel_s)
        ),
        per_head=replace(
            constants.per_head, launch_s=min(constants.per_head.launch_s, serving.kernel_s)
        ),
    )


class Kernels:
    """Operators of ``accelerator`` at ``formats``.

    Attributes
    ----------
    origins
        By operator family: whose constants these are, for the reader of a result.

    Raises
    ------
    UnsupportedModelError
        For a format that is unknown or that the device's arithmetic lacks.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        formats: Formats,
        serving: ServingConstants,
        *,
        gated: bool = True,
        routed: bool = False,
        calibration: Calibration | None = None,
        clock_share: float = 1.0,
    ) -> None:
        self.accelerator = accelerator
        self.formats = formats
        self.serving = serving
        self.gated = gated
        sources = Sources(accelerator, calibration)
        self.device = at_clock(sources.device, clock_share)
        self._least_exchange_s: dict[tuple[object, ...], FloatArray] = {}
        self._plain = sources.gemm(_PLAIN)
        self._precision = gemm_precision(formats.weight, self.device)
        self._gemm = sources.gemm(self._precision)
        cache = attention_precision(formats.kv)
        self._decode = sources.attention_decode(cache)
        self._decode_kernels = _in_graph(self._decode.constants, serving)
        self._context = sources.attention_context(cache)
        self._mla_decode = mla_decode_constants(accelerator, cache)
        latent = self._mla_decode.constants
        self._latent_kernels = replace(latent, launch_s=min(latent.launch_s, serving.kernel_s))
        self._mla_context = mla_context_constants(accelerator, cache)
        self.network, reduced = sources.network()
        self.kv_value_bytes = KV_VALUE_BYTES[formats.kv]
        self.origins: dict[str, str] = {
            "gemm": self._gemm.origin,
            "attention_decode": self._decode.origin,
            "attention_context": self._context.origin,
            "collective": reduced,
        }
        self._expert_precision = ""
        if routed:
            self._expert_precision = expert_precision(formats.expert, self.device)
            experts = moe_constants(accelerator, self._expert_precision, gated)
            self.origins["moe"] = experts.origin
            choices = [self._expert_precision]
            if self._expert_precision + _LOW_LATENCY in EXPERT_PRECISIONS:
                choices.append(self._expert_precision + _LOW_LATENCY)
            self._experts = {
                choice: _as_engines_run(
                    moe_constants(accelerator, choice, gated).constants, serving
                )
                for choice in choices
            }

    @property
    def hbm_bytes_per_s(self) -> float:
        """Vendor peak of the memory."""
        return self.accelerator.hbm_bytes_per_s

    def _bound(
        self, seconds: FloatArray, fixed_s: float, flop: FloatArray, moved: FloatArray, peak: float
    ) -> Cost:
        """``seconds`` without their fixed part, by what would take longer at the vendor's peaks."""
        launch_s = np.minimum(fixed_s, seconds)
        rest = seconds - launch_s
        by_arithmetic = flop / peak > moved / self.hbm_bytes_per_s
        return Cost(
            arithmetic_s=np.where(by_arithmetic, rest, 0.0),
            hbm_s=np.where(by_arithmetic, 0.0, rest),
            launch_s=launch_s,
        )

    def linear(
        self, m: npt.ArrayLike, n: npt.ArrayLike, k: npt.ArrayLike, *, plain: bool = False
    ) -> Cost:
        """``m`` tokens through a ``k x n`` matrix; ``plain`` keeps it in 16 bits (router, head)."""
        precision = _PLAIN if plain else self._precision
        constants = (self._plain if plain else self._gemm).constants
        rows, columns, inner = (np.asarray(x, np.float64) for x in (m, n, k))
        shaped = gemm_s(constants, self.device, precision=precision, m=rows, n=columns, k=inner)
        operand = OPERANDS[precision]
        fixed_s = min(constants.fixed_s, self.serving.kernel_s)
        seconds = np.maximum(shaped - constants.fixed_s, 0.0) + fixed_s
        moved = operand.weight * columns * inner + operand.activation * rows * inner
        return self._bound(
            seconds,
            fixed_s,
            2.0 * rows * columns * inner,
            moved + operand.output * rows * columns,
            self.device.peak_flop_per_s(precision),
        )

    def batched_heads(
        self, m: npt.ArrayLike, heads: npt.ArrayLike, inner: float, outer: float
    ) -> Cost:
        """``m`` tokens times one ``inner x outer`` matrix in 16 bits for each head (MLA)."""
        rows, count = (np.asarray(x, np.float64) for x in (m, heads))
        flop = 2.0 * rows * count * inner * outer
        moved = _HALF_BYTES * count * (inner * outer + rows * (inner + outer))
        peak = self._plain.constants.share_of_peak * self.device.peak_flop_per_s(_PLAIN)
        work = np.maximum(flop / peak, moved / (_STREAM_SHARE * self.hbm_bytes_per_s))
        return self._bound(work + self.serving.kernel_s, self.serving.kernel_s, flop, moved, peak)

    def elementwise(self, moved: npt.ArrayLike, kernels: int = 1) -> Cost:
        """Kernels that read and write ``moved`` bytes together."""
        size = np.asarray(moved, np.float64)
        return Cost(
            hbm_s=size / (_STREAM_SHARE * self.hbm_bytes_per_s),
            launch_s=np.full(size.shape, kernels * self.serving.kernel_s),
        )

    def attention_decode(
        self,
        sequences: npt.ArrayLike,
        context: npt.ArrayLike,
        heads: npt.ArrayLike,
        kv_heads: npt.ArrayLike,
        head_dim: int,
    ) -> Cost:
        """One decode attention call; ``heads`` counts every token verified together."""
        b, n, h, k = np.broadcast_arrays(
            *(np.asarray(x, np.float64) for x in (sequences, context, heads, kv_heads))
        )
        seconds = attention_decode_s(
            self._decode_kernels,
            self.device,
            batch=b,
            kv_len=n,
            heads=h,
            kv_heads=k,
            head_dim=head_dim,
        )
        flop = 4.0 * b * n * h * head_dim
        moved = 2.0 * b * n * k * head_dim * self.kv_value_bytes
        return self._bound(
            seconds, self.serving.kernel_s, flop, moved, self.device.peak_flop_per_s(_PLAIN)
        )

    def latent_decode(
        self, sequences: npt.ArrayLike, context: npt.ArrayLike, heads: npt.ArrayLike
    ) -> Cost:
        """One MLA decode call; ``heads`` counts every token verified together."""
        b, n, h = np.broadcast_arrays(
            *(np.asarray(x, np.float64) for x in (sequences, context, heads))
        )
        seconds = mla_decode_s(self._latent_kernels, self.device, batch=b, kv_len=n, heads=h)
        flop = 2.0 * b * n * h * (ROW_WIDTH + LATENT_WIDTH)
        moved = b * n * ROW_WIDTH * self.kv_value_bytes
        return self._bound(
            seconds, self.serving.kernel_s, flop, moved, self.device.peak_flop_per_s(_PLAIN)
        )

    def attention_context(
        self,
        tokens: npt.ArrayLike,
        length: npt.ArrayLike,
        heads: npt.ArrayLike,
        kv_heads: npt.ArrayLike,
        head_dim: int,
        window: int,
    ) -> Cost:
        """``tokens`` prompt tokens of prompts of ``length``: their share of causal attention."""
        t, n, h, k = np.broadcast_arrays(
            *(np.asarray(x, np.float64) for x in (tokens, length, heads, kv_heads))
        )
        seconds = attention_context_s(
            self._context.constants,
            self.device,
            batch=t / n,
            tokens=n,
            heads=h,
            kv_heads=k,
            head_dim=head_dim,
            window=window,
        )
        return Cost(arithmetic_s=np.where(t > 0, seconds, 0.0))

    def latent_context(
        self, tokens: npt.ArrayLike, length: npt.ArrayLike, heads: npt.ArrayLike
    ) -> Cost:
        """``tokens`` prompt tokens of prompts of ``length`` with MLA."""
        t, n, h = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (tokens, length, heads)))
        seconds = mla_context_s(
            self._mla_context.constants, self.device, batch=t / n, tokens=n, heads=h
        )
        return Cost(arithmetic_s=np.where(t > 0, seconds, 0.0))

    def experts(
        self,
        tokens: npt.ArrayLike,
        *,
        hidden: int,
        width: int,
        top_k: int,
        experts: int,
        tensor_parallel: npt.ArrayLike,
        expert_parallel: npt.ArrayLike,
    ) -> Cost:
        """Routed experts of one layer on the busiest device; ``tokens`` of the whole group."""
        t, tp, ep = np.broadcast_arrays(
            *(np.asarray(x, np.float64) for x in (tokens, tensor_parallel, expert_parallel))
        )
        t = np.maximum(np.round(t), 1.0)
        precision = self._expert_precision
        # An engine takes the faster of the kernels at hand.
        seconds = np.full(t.shape, np.inf)
        for choice, constants in self._experts.items():
            one = moe_s(
                constants,
                self.device,
                precision=choice,
                gated=self.gated,
                tokens=t,
                hidden=hidden,
                inter=width,
                top_k=top_k,
                experts=experts,
                tensor_parallel=tp,
                expert_parallel=ep,
                distribution="power_law_1.2",
            )
            seconds = np.minimum(seconds, one)
        matrices = 3.0 if self.gated else 2.0
        flop = 2.0 * matrices * t * top_k * hidden * width / (tp * ep)
        reached = np.minimum(experts, t * top_k) / ep
        size = EXPERT_PRECISIONS[precision].weight_bytes
        moved = reached * matrices * hidden * width / tp * size
        return self._bound(
            seconds,
            self.serving.expert_kernels_s,
            flop,
            moved,
            self.device.peak_flop_per_s(precision),
        )

    def recurrence(self, tokens: npt.ArrayLike, state: npt.ArrayLike, key_width: int) -> Cost:
        """The gated delta rule over prompt tokens in chunks (arXiv 2412.06464, section 3.3).

        ``state`` is the width of the values; each token updates and reads ``key_width`` rows of it.
        """
        width = np.asarray(state, np.float64) * key_width
        flop = 6.0 * np.asarray(tokens, np.float64) * width
        peak = self._plain.constants.share_of_peak * self.device.peak_flop_per_s(_PLAIN)
        return Cost(arithmetic_s=flop / (_CHUNKED_SHARE * peak))

    def exchange(
        self,
        devices: npt.ArrayLike,
        expert_parallel: npt.ArrayLike,
        *,
        top_k: int,
        experts: int,
        hidden: int,
        tokens: npt.ArrayLike,
    ) -> Cost:
        """Dispatch and combine of one layer; every device sends ``tokens`` tokens."""
        n, ep = (np.asarray(x, np.float64) for x in (devices, expert_parallel))

        def both_ways_s(sent: npt.ArrayLike) -> FloatArray:
            return expert_exchange_s(
                self.network,
                tokens=sent,
                hidden=hidden,
                top_k=top_k,
                experts=experts,
                expert_parallel=ep,
                shards=n / ep,
            ).total_s

        key = (n.tobytes(), ep.tobytes(), top_k, experts, hidden)
        if key not in self._least_exchange_s:
            self._least_exchange_s[key] = both_ways_s(1e-3)
        seconds = both_ways_s(tokens)
        return Cost(
            network_s=seconds, network_fixed_s=np.minimum(self._least_exchange_s[key], seconds)
        )

    def hand_over(
        self, stage_devices: npt.ArrayLike, stages: npt.ArrayLike, message_bytes: npt.ArrayLike
    ) -> Cost:
        """Activations from one stage to the next, every device to its counterpart."""
        n, p, size = np.broadcast_arrays(
            *(np.asarray(x, np.float64) for x in (stage_devices, stages, message_bytes))
        )
        inside = self.collective("all_gather", np.full(n.shape, 2.0), 2.0 * size)
        out = link_bytes_per_s(self.accelerator)
        across_s = size / (TRANSFER_SHARE * out) + _ACROSS_S
        beside = n * p <= self.accelerator.node_devices
        return Cost(
            network_s=np.where(beside, inside.network_s, across_s),
            network_fixed_s=np.where(beside, inside.network_fixed_s, _ACROSS_S),
        )

    def collective(
        self, kind: CollectiveKind, world: npt.ArrayLike, message_bytes: npt.ArrayLike
    ) -> Cost:
        """One collective of ``world`` devices."""
        p, size = np.asarray(world, np.float64), np.asarray(message_bytes, np.float64)
        seconds = network_collective_s(self.network, kind=kind, world=p, message_bytes=size)
        # What a message of one byte takes: no message is too small to pay that.
        one_byte_s = network_collective_s(self.network, kind=kind, world=p, message_bytes=1.0)
        return Cost(network_s=seconds, network_fixed_s=np.minimum(one_byte_s, seconds))
