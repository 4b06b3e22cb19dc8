"""A second, plain evaluator of the reference performance model, to check the fast one against.

Scalar Python floats and ``math`` only, one formula a method, nothing shared with the package. The
model is that of *Inference economics of language models* (arXiv 2506.04645), its known errata
included. SI units throughout. ``context`` is the number of tokens in the KV cache of a sequence;
``tokens`` is how many tokens of one sequence a step handles (1, or more to check a draft).

Designs are tried one batch at a time, so a whole space of two million takes about a minute, and
``sample_frontier`` covers a reduced one in less than a second.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

MICROSECOND = 1e-6
PS_PER_S = 10**12
BOUND_MARGIN = 1e-9
PIPELINE_PARALLELS = (1, 2, 4, 6)
FULL_TENSOR_PARALLELS = tuple(range(1, 257))
FULL_MAX_BATCH = 4096
SAMPLE_TENSOR_PARALLELS = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 25, 36, 40, 56, 64, 96, 144, 256)
SAMPLE_MAX_BATCH = 2048
SAMPLE_BATCHES = tuple(
    b for b in range(1, SAMPLE_MAX_BATCH + 1) if b <= 96 or b % 60 == 0 or b & (b - 1) == 0
)


@dataclass(frozen=True)
class Gpu:
    """One device; ``flop_per_s`` by weight bits, bandwidths out of one device, one direction."""

    flop_per_s: Mapping[int, float] = field(hash=False)
    hbm_bytes_per_s: float
    hbm_bytes: float
    intra_bytes_per_s: float
    inter_bytes_per_s: float
    node_devices: int
    usd_per_hour: Fraction
    launch_s: float
    linear_collectives: bool = False


@dataclass(frozen=True)
class Llm:
    """One model; ``group`` query heads share a key and a value, ``up``/``down`` count matrices."""

    d_model: int
    d_ff: int
    up: int
    down: int
    layers: int
    experts: int
    active_experts: int
    heads: int
    group: int
    d_head: int
    weight_bytes: float
    activation_bytes: float
    vocab: int

    @property
    def sparsity(self) -> int:
        """Experts for each active one, rounded down."""
        return self.experts // self.active_experts

    @property
    def kv_heads(self) -> float:
        """Heads kept in the cache, keys and values together."""
        return 2 * self.heads / self.group

    @property
    def qkv_width(self) -> float:
        """Width of the query, key and value projection."""
        return self.d_head * (self.heads + self.kv_heads)

    @property
    def attention_params(self) -> float:
        """Attention weights of all layers."""
        per_layer = self.qkv_width * self.d_model + self.d_head * self.heads * self.d_model
        return self.layers * per_layer

    @property
    def ff_params(self) -> int:
        """Feed-forward weights of all layers and experts."""
        return self.layers * self.experts * (self.up + self.down) * self.d_model * self.d_ff

    @property
    def embedding_params(self) -> int:
        """Input and output embedding, never tied."""
        return 2 * self.vocab * self.d_model

    @property
    def params(self) -> float:
        """All weights."""
        return self.attention_params + self.ff_params + self.embedding_params

    @property
    def active_params(self) -> float:
        """Weights one token uses."""
        return self.attention_params + self.ff_params // self.sparsity + self.embedding_params

    @property
    def kv_bytes_per_token(self) -> float:
        """Bytes of KV cache a token of context takes."""
        return self.kv_heads * self.d_head * self.layers * self.activation_bytes


def flop(model: Llm, context: float, sequences: float, tokens: float = 1) -> float:
    """Arithmetic of one step: ``tokens`` tokens each of ``sequences`` sequences."""
    dense = 2 * model.active_params * sequences * tokens
    mean_context = context + (tokens - 1) / 2
    scores = 4 * model.d_head * model.heads * model.layers * mean_context * sequences * tokens
    return dense + scores


class Protocol(NamedTuple):
    """One way to run a collective: a fixed time and a time for each byte."""

    name: str
    latency_s: float
    s_per_byte: float


class Collective(NamedTuple):
    """What a collective takes, and by which protocol."""

    protocol: str
    latency_s: float
    bandwidth_s: float

    @property
    def time_s(self) -> float:
        """Both parts together."""
        return self.latency_s + self.bandwidth_s


# name, per further rank of a node, per doubling of nodes, fixed (all microseconds), efficiency
NCCL_PROTOCOLS = (
    ("LL", 0.6, 5.0, 6.8, 0.5),
    ("LL128", 1.25, 8.5, 14.0, 0.95),
    ("Simple", 28.0, 28.0, 0.0, 1.0),
)


def protocols(gpu: Gpu, kind: str, ranks: float, nodes: float) -> list[Protocol]:
    """Protocols open to a collective ``kind`` (allreduce, allgather, p2p); counts may be fractions.

    Nothing has to be sent where there is at most one rank.
    """
    if ranks <= 1:
        return [Protocol("none", 0.0, 0.0)]
    rounds = 2 if kind == "allreduce" else 1
    share = 1.0 if kind == "allreduce" else 0.5
    if gpu.linear_collectives:
        latency_s = rounds * (ranks - 1) * MICROSECOND
        s_per_byte = share * (ranks - 1) / (ranks * gpu.inter_bytes_per_s)
        return [Protocol("linear", latency_s, s_per_byte)]
    found = []
    for name, rank_us, node_us, fixed_us, efficiency in NCCL_PROTOCOLS:
        hops_us = rounds * (rank_us * (ranks / nodes - 1) + node_us * math.log2(nodes))
        intra = max(ranks - nodes, 0) / (ranks * gpu.intra_bytes_per_s * efficiency)
        inter = (nodes - 1) / (ranks * gpu.inter_bytes_per_s * efficiency)
        latency_s = (hops_us + fixed_us) * MICROSECOND
        found.append(Protocol(name, latency_s, share * (intra + inter)))
    return found


def fastest(choices: Sequence[Protocol], size_bytes: float) -> tuple[Protocol, float]:
    """The quickest protocol for a message, the first of equals, and its bandwidth part."""
    best_s = math.inf
    chosen, chosen_s = choices[0], 0.0
    for choice in choices:
        bandwidth_s = choice.s_per_byte * size_bytes
        if choice.latency_s + bandwidth_s < best_s:
            best_s = choice.latency_s + bandwidth_s
            chosen, chosen_s = choice, bandwidth_s
    return chosen, chosen_s


def collective_time(
    gpu: Gpu, kind: str, *, ranks: float, nodes: float, size_bytes: float
) -> Collective:
    """Time of one collective of ``size_bytes`` over ``ranks`` devices on ``nodes`` nodes."""
    protocol, bandwidth_s = fastest(protocols(gpu, kind, ranks, nodes), size_bytes)
    return Collective(protocol.name, protocol.latency_s, bandwidth_s)


@dataclass(frozen=True)
class StepTime:
    """One step, term by term. ``fits`` is false where memory or the stages refuse the design."""

    network_latency_s: float
    network_bandwidth_s: float
    memory_bytes: float
    flop: float
    memory_time_s: float
    arithmetic_time_s: float
    launch_time_s: float
    fits: bool

    @property
    def network_time_s(self) -> float:
        """Both parts of the network's time."""
        return self.network_latency_s + self.network_bandwidth_s

    @property
    def latency_s(self) -> float:
        """The whole step; infinite where the design does not fit."""
        if not self.fits:
            return math.inf
        busy_s = max(self.memory_time_s, self.arithmetic_time_s)
        return self.network_time_s + busy_s + self.launch_time_s


class Layout:
    """One layout of a model on ``n_tp * n_pp`` devices; methods take the batch (sequences)."""

    def __init__(
        self,
        gpu: Gpu,
        model: Llm,
        *,
        two_d: bool,
        n_tp: float,
        n_pp: int,
        context: float,
        tokens: float = 1,
    ) -> None:
        self.two_d, self.n_tp, self.n_pp = two_d, n_tp, n_pp
        self.context, self.tokens = context, tokens
        self.model = model
        self.devices = n_tp * n_pp
        weight, act = model.weight_bytes, model.activation_bytes
        bits = round(8 * weight)
        if bits not in gpu.flop_per_s:
            raise ValueError(f"no arithmetic rate for {bits}-bit weights")
        self.total_flop_per_s = self.devices * gpu.flop_per_s[bits]
        self.total_hbm_bytes = self.devices * gpu.hbm_bytes
        self.total_hbm_bytes_per_s = self.devices * gpu.hbm_bytes_per_s
        self.launch_time_s = 4 * model.layers * gpu.launch_s

        # All-reduces of a layer: where they run, and bytes for each token of a microbatch.
        d, f = model.d_model, model.d_ff
        attention_out = model.d_head * model.heads
        ranks, nodes = n_tp, float(math.ceil(n_tp / gpu.node_devices))
        words: list[float] = [d, model.active_experts * model.down * d]
        if two_d:
            ranks, nodes = math.sqrt(n_tp), math.sqrt(nodes)
            words = [model.qkv_width, d, model.active_experts * model.up * f, words[1]]
            words = [count / ranks for count in words]
        self.reduce_protocols = protocols(gpu, "allreduce", ranks, nodes)
        self.reduce_bytes_per_token = [count * act for count in words]
        self.hand_over_protocols = protocols(gpu, "p2p", 2, 2)
        self.hand_over_bytes_per_token = d * act / n_tp

        # HBM traffic of one microbatch through all layers. A 1D layout copies activations of width
        # d_ff and of the QKV projection n_tp times; the published model has it so.
        copies_out, copies_in = (ranks, ranks) if two_d else (n_tp, 1)
        matrices = model.experts * (model.up + model.down)
        self.ff_weight_bytes = matrices * weight * d * f
        self.ff_bytes_per_token = matrices * act * (copies_in * d + copies_out * f) / model.sparsity
        self.attention_weight_bytes = weight * d * (model.qkv_width + attention_out)
        self.attention_bytes_per_token = (
            copies_in * act * d
            + copies_out * model.qkv_width  # no bytes per activation here: a known erratum
            + act * (copies_in * d + copies_out * attention_out)
        )
        self.unembedding_bytes = weight * model.vocab * d
        self.kv_bytes_per_sequence = model.kv_bytes_per_token * context
        self.all_weight_bytes = weight * model.params
        self.flop_per_sequence = flop(model, context, tokens)

    def fits_memory(self, batch: float) -> bool:
        """Whether weights and cache fit in all devices together."""
        return self.total_hbm_bytes >= self.kv_bytes_per_sequence * batch + self.all_weight_bytes

    def fits(self, batch: float) -> bool:
        """Whether memory suffices and every stage has a device and a sequence."""
        return self.fits_memory(batch) and self.n_pp <= min(self.devices, batch)

    def network_parts_s(self, batch: float) -> tuple[float, float]:
        """Latency and bandwidth part of all all-reduces and stage hand-overs of a step."""
        micro_tokens = batch / self.n_pp * self.tokens
        latency_s = bandwidth_s = 0.0
        for bytes_per_token in self.reduce_bytes_per_token:
            chosen, part_s = fastest(self.reduce_protocols, bytes_per_token * micro_tokens)
            latency_s += chosen.latency_s
            bandwidth_s += part_s
        latency_s *= self.model.layers
        bandwidth_s *= self.model.layers
        if self.n_pp > 1:
            size_bytes = self.hand_over_bytes_per_token * micro_tokens
            chosen, part_s = fastest(self.hand_over_protocols, size_bytes)
            latency_s += (self.n_pp - 1) * chosen.latency_s
            bandwidth_s += (self.n_pp - 1) * part_s
        return latency_s, bandwidth_s

    def memory_bytes(self, batch: float) -> float:
        """HBM traffic of a step: every microbatch reads the cache, weights and activations."""
        micro_batch = batch / self.n_pp
        t = micro_batch * self.tokens
        read_share = 1 - math.pow(1 - 1 / self.model.sparsity, t)
        ff = read_share * (self.ff_weight_bytes + self.ff_bytes_per_token * t)
        attention = self.attention_weight_bytes + self.attention_bytes_per_token * t
        layers = self.model.layers * (ff + attention)
        cache = self.kv_bytes_per_sequence * micro_batch
        return self.n_pp * (cache + layers + self.unembedding_bytes)

    def flop(self, batch: float) -> float:
        """Arithmetic of a step; every token of a step sees the whole context."""
        return self.flop_per_sequence * batch

    def busy_s(self, batch: float) -> float:
        """HBM traffic and arithmetic overlap: the longer of the two."""
        return max(
            self.memory_bytes(batch) / self.total_hbm_bytes_per_s,
            self.flop(batch) / self.total_flop_per_s,
        )

    def latency_s(self, batch: float) -> float:
        """Time of a step, not asking whether the design fits."""
        network_latency_s, network_bandwidth_s = self.network_parts_s(batch)
        network_s = network_latency_s + network_bandwidth_s
        return network_s + self.busy_s(batch) + self.launch_time_s

    def step_time(self, batch: float) -> StepTime:
        """Every term of a step."""
        network_latency_s, network_bandwidth_s = self.network_parts_s(batch)
        memory_bytes, step_flop = self.memory_bytes(batch), self.flop(batch)
        return StepTime(
            network_latency_s=network_latency_s,
            network_bandwidth_s=network_bandwidth_s,
            memory_bytes=memory_bytes,
            flop=step_flop,
            memory_time_s=memory_bytes / self.total_hbm_bytes_per_s,
            arithmetic_time_s=step_flop / self.total_flop_per_s,
            launch_time_s=self.launch_time_s,
            fits=self.fits(batch),
        )


def step_time(
    gpu: Gpu,
    model: Llm,
    *,
    two_d: bool,
    n_tp: float,
    n_pp: int,
    batch: float,
    context: float,
    tokens: float = 1,
) -> StepTime:
    """One decode step of one layout; ``tokens`` tokens of each of ``batch`` sequences."""
    layout = Layout(gpu, model, two_d=two_d, n_tp=n_tp, n_pp=n_pp, context=context, tokens=tokens)
    return layout.step_time(batch)


def paper_step_time(
    gpu: Gpu, model: Llm, *, n_gpu: float, batch: float, context: float, tokens: float = 1
) -> StepTime:
    """The function of section 3.5 of the paper: 2D over all devices, no stages, memory alone."""
    layout = Layout(gpu, model, two_d=True, n_tp=n_gpu, n_pp=1, context=context, tokens=tokens)
    return replace(layout.step_time(batch), fits=layout.fits_memory(batch))


def best_latency_s(
    gpu: Gpu, model: Llm, *, n_gpu: float, batch: float, context: float, tokens: float = 1
) -> float:
    """The quickest of all layouts of ``n_gpu`` devices; their degrees may be fractions."""
    return min(
        step_time(
            gpu,
            model,
            two_d=two_d,
            n_tp=n_gpu / n_pp,
            n_pp=n_pp,
            batch=batch,
            context=context,
            tokens=tokens,
        ).latency_s
        for two_d in (True, False)
        for n_pp in PIPELINE_PARALLELS
    )


class Speculation(NamedTuple):
    """Mean time of a token with a draft model, and the draft length that reaches it."""

    latency_s: float
    draft_tokens: int
    base_latency_s: float
    draft_latency_s: float


def speculative_latency(
    gpu: Gpu,
    model: Llm,
    draft: Llm,
    *,
    n_gpu: float,
    batch: float,
    context: float,
    acceptance: float,
    max_draft_tokens: int,
) -> Speculation:
    """Best draft length from 0 to ``max_draft_tokens``, each draft token accepted by chance.

    A draft token is taken with probability ``acceptance`` < 1 if all before it were, so a step of
    g draft tokens yields (1 - a^(g+1)) / (1 - a) tokens.
    """
    if not 0 <= acceptance < 1:
        raise ValueError(f"acceptance must be in [0, 1), got {acceptance}")
    at = {"n_gpu": n_gpu, "batch": batch, "context": context}
    draft_s = best_latency_s(gpu, draft, **at)
    best_s, best_length = math.inf, 0
    base_s = best_latency_s(gpu, model, **at)
    for length in range(max_draft_tokens + 1):
        check_s = best_latency_s(gpu, model, **at, tokens=length + 1)
        step_s = check_s + length * draft_s if length else check_s  # 0 * inf is no time at all
        token_s = step_s * (1 - acceptance) / (1 - acceptance ** (length + 1))
        if token_s < best_s:
            best_s, best_length = token_s, length
    return Speculation(best_s, best_length, base_s, draft_s)


class FrontierPoint(NamedTuple):
    """A design of the frontier; ``gpu_s_per_token`` is devices * latency / batch."""

    latency_s: float
    gpu_s_per_token: float
    n_gpu: int
    batch: int
    two_d: bool
    n_pp: int
    n_tp: int


class IntegerPoint(NamedTuple):
    """A design of the integer frontier; its cost is ``n_gpu * latency_ps / batch``, a fraction."""

    latency_ps: int
    n_gpu: int
    batch: int
    two_d: bool
    n_pp: int
    n_tp: int

    def usd_per_mtok(self, usd_per_hour: Fraction) -> Fraction:
        """Exact cost of a million tokens."""
        gpu_hours = Fraction(self.n_gpu * self.latency_ps, self.batch) / (PS_PER_S * 3600)
        return usd_per_hour * gpu_hours * 10**6


def latency_ps(latency_s: float) -> int:
    """The float's exact value in picoseconds, rounded up."""
    numerator, denominator = latency_s.as_integer_ratio()
    return -(-numerator * PS_PER_S // denominator)


class _Candidate(NamedTuple):
    """A design with its latency and its cost ``cost_top / cost_bottom``."""

    latency: float
    cost_top: float
    cost_bottom: int
    n_gpu: int
    batch: int
    two_d: bool
    n_pp: int
    n_tp: int


def _nondominated(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Candidates that no other matches in latency and cost, quickest first, one of equals."""
    kept: list[_Candidate] = []
    for one in sorted(candidates, key=lambda candidate: candidate.latency):
        if kept and one.cost_top * kept[-1].cost_bottom >= kept[-1].cost_top * one.cost_bottom:
            continue
        if kept and kept[-1].latency == one.latency:
            kept[-1] = one
        else:
            kept.append(one)
    return kept


class _Front:
    """Designs that nothing beats so far, quickest first, hence cheapest last."""

    def __init__(self, candidates: Iterable[_Candidate] = ()) -> None:
        self.kept = _nondominated(candidates)
        self.latencies = [one.latency for one in self.kept]

    def beats(self, latency: float, cost_top: float, cost_bottom: int) -> bool:
        """Whether a kept design is as quick and as cheap; exact where the numbers are integers."""
        rank = bisect_right(self.latencies, latency)
        if not rank:
            return False
        best = self.kept[rank - 1]  # the cheapest of all that are at least as quick
        return cost_top * best.cost_bottom >= best.cost_top * cost_bottom


def _layouts(
    gpu: Gpu,
    model: Llm,
    context: float,
    tensor_parallels: Sequence[int],
    pipeline_parallels: Sequence[int],
) -> Iterator[Layout]:
    """Every layout of a space; 2D only where the degree is a perfect square."""
    for n_pp in pipeline_parallels:
        for n_tp in tensor_parallels:
            square = math.isqrt(n_tp) ** 2 == n_tp
            for two_d in (False, True) if square else (False,):
                yield Layout(gpu, model, two_d=two_d, n_tp=n_tp, n_pp=n_pp, context=context)


def _frontier(
    layouts: Iterable[Layout],
    batches: Sequence[int],
    cap_tok_per_s: int | None,
    integer: bool,
) -> list[_Candidate]:
    """The nondominated designs, one layout merged after the other."""
    front = _Front()
    per_s = PS_PER_S if integer else 1
    for layout in layouts:
        # No batch has less network time than one sequence a stage has. A design whose lower bound
        # is beaten needs no further look; the margin is far above rounding noise.
        floor_s = sum(layout.network_parts_s(layout.n_pp)) + layout.launch_time_s
        fresh = []
        for batch in batches:
            if batch % layout.n_pp or not layout.fits(batch):
                continue
            least = (1 - BOUND_MARGIN) * (floor_s + layout.busy_s(batch)) * per_s
            if front.beats(least, layout.devices * least, batch):
                continue
            latency: float = layout.latency_s(batch)
            if integer:
                latency = latency_ps(latency)
                top, bottom = layout.devices * latency, batch
            else:
                top, bottom = layout.devices * latency / batch, 1
            if cap_tok_per_s is not None and batch * per_s > cap_tok_per_s * latency:
                continue
            if not front.beats(latency, top, bottom):
                design = (int(layout.devices), batch, layout.two_d, layout.n_pp, int(layout.n_tp))
                fresh.append(_Candidate(latency, top, bottom, *design))
        if fresh:
            front = _Front(front.kept + fresh)
    return front.kept


def exact_frontier(
    gpu: Gpu,
    model: Llm,
    context: float,
    *,
    tensor_parallels: Sequence[int] = FULL_TENSOR_PARALLELS,
    pipeline_parallels: Sequence[int] = PIPELINE_PARALLELS,
    batches: Sequence[int] = range(1, FULL_MAX_BATCH + 1),
    cap_tok_per_s: int | None = None,
) -> list[FrontierPoint]:
    """All nondominated (latency, device-seconds per token) of a space, in floats, quickest first.

    Batches that the stages do not divide are left out. ``cap_tok_per_s`` bounds batch / latency.
    """
    layouts = _layouts(gpu, model, context, tensor_parallels, pipeline_parallels)
    front = _frontier(layouts, batches, cap_tok_per_s, integer=False)
    return [FrontierPoint(one.latency, one.cost_top, *one[3:]) for one in front]


def integer_frontier(
    gpu: Gpu,
    model: Llm,
    context: float,
    *,
    tensor_parallels: Sequence[int] = FULL_TENSOR_PARALLELS,
    pipeline_parallels: Sequence[int] = PIPELINE_PARALLELS,
    batches: Sequence[int] = range(1, FULL_MAX_BATCH + 1),
    cap_tok_per_s: int | None = None,
) -> list[IntegerPoint]:
    """As ``exact_frontier``, latency first rounded up to picoseconds, all compared in integers.

    The cap is held against the rounded latency too.
    """
    layouts = _layouts(gpu, model, context, tensor_parallels, pipeline_parallels)
    front = _frontier(layouts, batches, cap_tok_per_s, integer=True)
    return [IntegerPoint(int(one.latency), *one[3:]) for one in front]


def sample_frontier(
    gpu: Gpu,
    model: Llm,
    context: float,
    *,
    tensor_parallels: Sequence[int] = SAMPLE_TENSOR_PARALLELS,
    pipeline_parallels: Sequence[int] = PIPELINE_PARALLELS,
    batches: Sequence[int] = SAMPLE_BATCHES,
    cap_tok_per_s: int | None = None,
) -> list[IntegerPoint]:
    """The integer frontier of a reduced space, in about a second or less."""
    return integer_frontier(
        gpu,
        model,
        context,
        tensor_parallels=tensor_parallels,
        pipeline_parallels=pipeline_parallels,
        batches=batches,
        cap_tok_per_s=cap_tok_per_s,
    )


H100 = Gpu(
    flop_per_s={4: 2e15, 8: 2e15, 16: 1e15},
    hbm_bytes_per_s=3.3e12,
    hbm_bytes=80e9,
    intra_bytes_per_s=225e9,
    inter_bytes_per_s=25e9,
    node_devices=8,
    usd_per_hour=Fraction("2.1"),
    launch_s=4e-6,
)
GPUS: dict[str, Gpu] = {
    "H100": H100,
    "H200": replace(H100, hbm_bytes_per_s=4.8e12, hbm_bytes=141e9),
    "A100": Gpu(
        flop_per_s={8: 624e12, 16: 312e12},
        hbm_bytes_per_s=2e12,
        hbm_bytes=80e9,
        intra_bytes_per_s=150e9,
        inter_bytes_per_s=12.5e9,
        node_devices=8,
        usd_per_hour=Fraction("2.26") * 2 / 3,
        launch_s=4e-6,
    ),
    "V100": Gpu(
        flop_per_s={8: 100e12, 16: 100e12},
        hbm_bytes_per_s=900e9,
        hbm_bytes=16e9,
        intra_bytes_per_s=75e9,
        inter_bytes_per_s=6.25e9,
        node_devices=8,
        usd_per_hour=Fraction("0.42"),
        launch_s=4e-6,
    ),
    "TPU_v4": Gpu(
        flop_per_s={8: 260e12, 16: 260e12},
        hbm_bytes_per_s=1.6e12,
        hbm_bytes=32e9,
        intra_bytes_per_s=math.inf,
        inter_bytes_per_s=250e9,
        node_devices=1,
        usd_per_hour=Fraction(1),
        launch_s=4e-6,
        linear_collectives=True,
    ),
    "Groq_LPU": Gpu(
        flop_per_s={8: 750e12, 16: 188e12},
        hbm_bytes_per_s=80e12,
        hbm_bytes=230e6,
        intra_bytes_per_s=math.inf,
        inter_bytes_per_s=165e9,
        node_devices=1,
        usd_per_hour=Fraction(1),
        launch_s=4e-6,
        linear_collectives=True,
    ),
}


def _llm(
    widths: tuple[int, int],
    matrices: tuple[int, int],
    layers: int,
    experts: tuple[int, int],
    attention: tuple[int, int, int],
    vocab: int,
    weight_bytes: float = 2,
) -> Llm:
    """A row of the table below: (d_model, d_ff), (up, down), layers, (all, active experts),
    (heads, group, d_head), vocabulary; activations take two bytes."""
    return Llm(*widths, *matrices, layers, *experts, *attention, weight_bytes, 2, vocab)


_LLAMA_70B = _llm((8192, 28672), (2, 1), 80, (1, 1), (64, 8, 128), 128256)
_LLAMA_405B = _llm((16384, 53248), (2, 1), 126, (1, 1), (128, 8, 128), 128256)
MODELS: dict[str, Llm] = {
    "GPT_3": _llm((12288, 49152), (1, 1), 96, (1, 1), (96, 1, 128), 50257),
    "GPT_4": _llm((12288, 36864), (1, 1), 120, (16, 2), (96, 96, 192), 100256),
    "Llama_3_8B": _llm((4096, 14336), (2, 1), 32, (1, 1), (32, 4, 128), 128256),
    "Llama_3_70B": _LLAMA_70B,
    "Llama_3_70B_8_bit": replace(_LLAMA_70B, weight_bytes=1),
    "Llama_3_70B_4_bit": replace(_LLAMA_70B, weight_bytes=0.5),
    "Llama_3_405B": _LLAMA_405B,
    "Llama_3_405B_8_bit": replace(_LLAMA_405B, weight_bytes=1),
    "Mistral_Large_2": _llm((12288, 28672), (2, 1), 88, (1, 1), (96, 12, 128), 32768),
    "Mixtral_8x22B": _llm((6144, 16384), (2, 1), 56, (8, 2), (48, 6, 128), 32000),
}


class Question(NamedTuple):
    """One design space: a model on a device at a context, perhaps with a cap on a replica."""

    gpu: Gpu
    model: Llm
    context: int
    cap_tok_per_s: int | None = None


def question(stem: str) -> Question:
    """What a stem asks: ``model__gpu__ilCONTEXT``, then perhaps ``__cap10k`` (tokens/s)."""
    model, gpu, context, *cap = stem.split("__")
    name = model.replace("8bit", "8_bit").replace("4bit", "4_bit")
    by_lower = {key.lower(): value for key, value in MODELS.items()}
    caps = {(): None, ("cap10k",): 10_000}
    return Question(
        GPUS[gpu.upper()], by_lower[name], int(context.removeprefix("il")), caps[tuple(cap)]
    )


STEMS = (
    "gpt_3__h100__il0",
    "gpt_4__h100__il0",
    "llama_3_405b__h100__il0",
    "llama_3_405b_8bit__a100__il0",
    "llama_3_405b_8bit__h100__il0",
    "llama_3_405b_8bit__v100__il0",
    "llama_3_70b__h100__il1",
    "llama_3_70b__h100__il1__cap10k",
    "llama_3_70b_4bit__h100__il0",
    "llama_3_70b_8bit__h100__il0",
    "llama_3_70b_8bit__h100__il1000",
    "llama_3_70b_8bit__h100__il10000",
    "llama_3_8b__h100__il1",
    "mistral_large_2__h100__il0",
    "mistral_large_2__h100__il100000",
    "mixtral_8x22b__h100__il0",
)
