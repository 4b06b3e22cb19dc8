"""What ``fleetfront show`` prints: sizes, limits and refusals of a question."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from solver.instance.ranges import format_integers
from solver.report.model_error import error_sentence
from solver.sweep.survey import Survey

__all__ = ["print_survey"]

_LIMIT_TITLES = {
    "hbm": "HBM",
    "min_speed": "speed, at least",
    "max_cost": "cost, at most",
    "max_devices": "devices, at most",
    "max_usd_per_hour": "price of a replica, at most",
    "max_tok_per_s": "tokens/s of a replica, at most",
    "max_ttft": "time to the first token, at most",
}
_MAX_TEXT = 60


def _short(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _beyond_one(degrees: tuple[int, ...]) -> tuple[int, ...]:
    """Degrees, or nothing where none is offered but 1."""
    return () if degrees == (1,) else degrees


def _question(found: Survey) -> Table:
    instance, design = found.instance, found.instance.design
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()

    def row(name: str, value: object) -> None:
        table.add_row(name, escape(_short(str(value))))

    row("model", instance.model.name)
    row("context", f"{instance.context_tokens:,} tokens")
    if instance.traffic is not None:
        traffic = instance.traffic
        cached = float(traffic.prefix_hit)
        row(
            "requests",
            f"{traffic.input_tokens:,} tokens in, {traffic.output_tokens:,} out"
            + (f", {cached:.3g} of the prompt cached" if cached else ""),
        )
    for machine in instance.machines:
        price = machine.price
        dated = f", {price.as_of}" if price.as_of else ""
        row(
            "accelerator",
            f"{machine.accelerator.name} at {float(price.usd_per_hour):.4g} US$/h "
            f"({price.tier}{dated})",
        )
    for title, values in (
        ("tensor parallel", design.tensor_parallel),
        ("tensor parallel 2D", design.tensor_parallel_2d),
        ("pipeline stages", design.pipeline_parallel),
        ("expert parallel", _beyond_one(design.expert_parallel)),
        ("attention data parallel", _beyond_one(design.attention_data_parallel)),
        ("batch", design.batch),
        ("weight bits", design.weight_bits),
        ("KV and activation bits", design.kv_bits),
    ):
        if values:
            row(title, format_integers(values))
    if instance.weight_formats:
        row("weight formats", ", ".join(instance.weight_formats))
    if instance.draft is not None:
        draft = instance.draft
        row(
            "draft",
            f"{draft.model.name}, {format_integers(draft.tokens)} tokens, "
            f"accepted {float(draft.acceptance):.3g}",
        )
    row("performance model", instance.performance.model)
    return table


def _sizes(found: Survey) -> Table:
    table = Table(
        box=None, pad_edge=False, title="Candidates (layout x batch)", title_justify="left"
    )
    table.add_column("step")
    table.add_column("candidates", justify="right")
    table.add_row("named by the file", f"{found.stated:,}")
    for refusal in found.refusals:
        table.add_row(
            f"  refused: {escape(refusal.reason)} (such as {escape(refusal.example)})",
            f"-{refusal.candidates:,}",
        )
    table.add_row(f"deployable, in {found.layouts:,} layouts", f"{found.deployable:,}")
    table.add_row("meet every limit", f"{found.feasible:,}")
    table.add_row("distinct latencies among them", f"{found.latency_levels:,}")
    table.add_row("nondominated", f"{found.points:,}")
    return table


def _limits(found: Survey) -> Table:
    table = Table(box=None, pad_edge=False, title="Limits", title_justify="left")
    table.add_column("limit")
    table.add_column("value", justify="right")
    table.add_column("candidates refused", justify="right")
    table.add_column("binds")
    for limit in found.limits:
        table.add_row(
            _LIMIT_TITLES[limit.name],
            f"{limit.value} {limit.unit}",
            f"{limit.refused:,}",
            "yes: without it the frontier changes" if limit.binds else "no",
        )
    return table


def print_survey(found: Survey, console: Console) -> None:
    """Print a survey; a candidate may be refused by several limits."""
    console.print(f"[bold]{escape(found.instance.title)}[/bold]")
    console.print(_question(found))
    error = error_sentence(found.model_error)
    console.print(f"[bold]model error[/bold]{escape(error.removeprefix('model error'))}")
    console.print()
    console.print(_sizes(found))
    console.print()
    console.print(_limits(found))
    for warning in found.instance.warnings:
        console.print(f"[yellow]warning:[/yellow] {escape(warning)}", soft_wrap=True)
