"""What a reader must know before believing a number: the performance model's assumptions."""

from __future__ import annotations

__all__ = ["CLOSED_BY", "EXACTNESS", "assumptions_of"]

_EPOCH2025 = (
    "One decode step takes the kernel launches, plus the collectives, plus the longer of HBM "
    "traffic and arithmetic. Those two overlap perfectly; nothing else overlaps.",
    "Speed counts output tokens seen by one user; cost counts output tokens only. Prefill, time to "
    "the first token and the growth of the context during a reply are left out.",
    "Every sequence holds the stated context, the batch is always full, and every device runs at "
    "its peak times the stated efficiencies.",
    "A collective takes the fastest of three protocols (LL, LL128, Simple) with latencies in the "
    "manner of NCCL, or, on TPU and Groq, one hop after the other.",
    "Arithmetic runs at the rate of the weights' precision, and a pipeline has no bubble.",
    "Experts are chosen evenly and independently; speculative decoding accepts each drafted token "
    "with the same chance.",
    "The formulas are those of “Inference economics of language models” (arXiv 2506.04645) as "
    "published, its known slips included; fidelity to measured systems is a question apart.",
)

_CALIBRATED = (
    "A step is the sum of its kernels and collectives, one after the other. Their times come from "
    "constants fitted to measured kernels of this machine, of one of its design, or of a mean over "
    "designs; what an engine adds between them was fitted to measured serving.",
    "Speed counts output tokens seen by one user; cost counts output tokens only. Where the "
    "question gives the length of prompts, chunks of prompts share the steps and slow them; where "
    "it does not, prompts are served elsewhere.",
    "Every sequence holds the mean context, and the batch is always full. Memory is that of the "
    "fullest device: weights, pages of KV cache, activations, and what the engine keeps.",
    "Time to the first token counts admission, prompts that arrive together and the prompt's own "
    "chunks; requests wait for no free place, since the batch is all that is in flight.",
    "Experts are loaded unevenly, as measured; speculative decoding accepts each drafted token "
    "with the same chance.",
)

_KNOWN: dict[str, tuple[str, ...]] = {"calibrated": _CALIBRATED, "epoch2025": _EPOCH2025}

EXACTNESS = (
    "The space of designs is finite and written in the question. The frontier is every "
    "nondominated design of that space under the performance model: no design in it is faster "
    "at the same cost, or cheaper at the same speed.",
    "What was compared are whole picoseconds (rounded up) and exact fractions of a dollar, never "
    "rounded decimals; the decimals shown here are for reading.",
    "Nothing more is claimed about the world than the performance model claims.",
)

CLOSED_BY = {
    "enumeration": "every design of the space was evaluated and compared",
    "bound": "a proved bound met the point",
    "infeasible": "a program that asks for anything better was proved to have no solution",
}


def assumptions_of(performance_model: str) -> tuple[str, ...]:
    """Assumptions of the named performance model, a sentence or two each.

    A model that this report has no words for is named as such, rather than passed over.
    """
    if performance_model in _KNOWN:
        return _KNOWN[performance_model]
    named = f"“{performance_model}”" if performance_model else "that the result does not name"
    return (f"Step times come from a performance model {named}; see its documentation.",)
