"""``fleetfront import``: a question, or parts of one, from files that other tools write."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from solver.cli.exits import COMPLETE

if TYPE_CHECKING:
    from solver.importers.drafting import Draft
    from solver.importers.findings import Answers, Findings

__all__ = ["import_command"]


def import_command(
    kind: Annotated[
        str,
        typer.Argument(
            help="What the file is: model (config.json), kubectl, nvidia-smi, vllm, sglang, "
            "aiperf, points or prices."
        ),
    ],
    file: Annotated[Path, typer.Argument(help="The file to read.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the instance here; without it, print it."),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add to the instance that --out names.")
    ] = False,
    question: Annotated[
        str | None, typer.Option(help="Ask a replica or a fleet question, for --out a new file.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the instance; that of its file if left out.")
    ] = None,
    accelerator: Annotated[str | None, typer.Option(help="A catalog name: 'H100 SXM'.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    context_tokens: Annotated[
        str | None, typer.Option(help="Tokens in the KV cache of every sequence.")
    ] = None,
    input_tokens: Annotated[str | None, typer.Option(help="Mean tokens of a prompt.")] = None,
    output_tokens: Annotated[str | None, typer.Option(help="Mean tokens of an answer.")] = None,
    requests_per_s: Annotated[str | None, typer.Option(help="Demand.")] = None,
    min_speed: Annotated[
        str | None, typer.Option(help="Tokens/s that one user sees, at least.")
    ] = None,
    max_ttft_s: Annotated[
        str | None, typer.Option(help="Seconds to the first token, at most.")
    ] = None,
    usd_per_hour: Annotated[
        str | None,
        typer.Option(
            help="Price of one device, or 'on-demand' for the catalog's; of several machines "
            "'a=2.95,b=on-demand'."
        ),
    ] = None,
    price_source: Annotated[str | None, typer.Option(help="Where the price is from.")] = None,
    as_of: Annotated[str | None, typer.Option(help="When it was seen: YYYY-MM.")] = None,
    devices: Annotated[
        str | None, typer.Option(help="Devices of one replica that was measured.")
    ] = None,
    stock_devices: Annotated[
        str | None, typer.Option(help="Devices in all, on hosts like the one of nvidia-smi.")
    ] = None,
    phase: Annotated[
        str | None, typer.Option(help="Of a measured replica: aggregated, prefill or decode.")
    ] = None,
    machine: Annotated[str | None, typer.Option(help="Name of a machine of the fleet.")] = None,
    workload: Annotated[str | None, typer.Option(help="Name of a workload of the fleet.")] = None,
    layout: Annotated[
        str | None, typer.Option(help="Name of the design that a benchmark ran on: 'TP2 FP8'.")
    ] = None,
    max_failed_share: Annotated[
        str | None,
        typer.Option(help="Share of a benchmark's requests that may have failed; 0.01 if not."),
    ] = None,
    no_questions: Annotated[
        bool, typer.Option("--no-questions", help="Ask nothing, even on a terminal.")
    ] = False,
    quiet: Annotated[bool, typer.Option(help="Write the file and say nothing.")] = False,
) -> int:
    """Draft a question from a model, a cluster, a price list or a benchmark.

    Every figure says where it came from. What the file does not say is asked for on a terminal, or
    left as a line marked 'missing:'. With --add, several files build one question.

    Example: fleetfront import model instances/import/models/llama-3.1-8b/config.json
    """
    from rich.console import Console

    from solver.errors import InstanceError
    from solver.importers.answering import check_answers
    from solver.importers.asking import ask, ask_options
    from solver.importers.drafting import plain_name
    from solver.importers.findings import Answers, Figure
    from solver.importers.kinds import KINDS, check_taken, reader_of
    from solver.importers.target import Target
    from solver.importers.visible import visible

    if kind not in KINDS:
        known = "; ".join(f"{one.name}: {one.what}" for one in KINDS.values())
        raise InstanceError.one(
            f"{visible(kind)!r} is no kind of file", where="fleetfront import", mend=known
        )
    if question not in (None, "replica", "fleet"):
        raise InstanceError.one(
            f"{visible(question or '')!r} is no question that files are imported into",
            where="--question",
            mend="Choose replica or fleet",
        )
    target = Target.opened(out, add=add)
    answers = Answers(
        name=name,
        question=cast("Literal['replica', 'fleet'] | None", question),
        accelerator=accelerator,
        model=model,
        context_tokens=context_tokens,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        requests_per_s=requests_per_s,
        min_speed_tok_per_s=min_speed,
        max_ttft_s=max_ttft_s,
        usd_per_hour=usd_per_hour,
        price_source=price_source,
        devices=devices,
        stock_devices=stock_devices,
        phase=phase,
        machine=machine,
        workload=workload,
        as_of=as_of,
        layout=layout,
        max_failed_share=max_failed_share,
    )
    check_answers(answers)
    check_taken(KINDS[kind], answers)
    filled, remarks = target.known(answers, kind)
    # Files are named after it, so that only plain characters are kept.
    called = plain_name(name or (out.stem if out is not None else f"imported-{kind}"))
    if name is not None and called != name:
        remarks = (*remarks, f"The question is named {called!r}: only plain characters are kept.")

    def drafted(given: Answers) -> tuple[Findings, Draft]:
        found = reader_of(KINDS[kind])(file, given)
        found = replace(found, notes=(*found.notes, *remarks))
        if name is not None:
            found = replace(found, tables={"name": Figure(called), **found.tables})
        return found, target.drafted(found, called)

    findings, made = drafted(filled)
    if not (quiet or no_questions) and sys.stdin.isatty() and sys.stderr.isatty():
        console = Console(stderr=True, highlight=False)
        given = ask_options(made.missing, made.tables, filled, console)
        if given != filled:
            findings, made = drafted(given)
        for answer in ask(made.missing, made.tables, console):
            more = replace(findings, tables=answer)
            made = replace(target, existing=made.text).drafted(more, called)
    if out is None:
        sys.stdout.write(made.text)
    else:
        target.write(made)
    if not quiet:
        again = _again(kind, file, answers, findings, out)
        _tell(made, out, again)
    return COMPLETE


def _again(
    kind: str, file: Path, answers: Answers, findings: Findings, out: Path | None
) -> dict[str, str]:
    """For each key that an option answers the same import once more, with all such options."""
    from solver.importers.answering import FLAGS
    from solver.importers.kinds import KINDS
    from solver.importers.visible import visible

    given = {FLAGS[field]: getattr(answers, field) for field in FLAGS}
    words = {flag: text for flag, text in given.items() if text is not None}
    taken = {FLAGS[field] for field in KINDS[kind].takes}
    asked: dict[str, list[str]] = {}
    keys = []
    for one in findings.missing:
        flag, _, machine = one.flag.partition(" ")
        if flag in taken and flag not in words:
            asked.setdefault(flag, []).append(f"{machine}{one.example}")
            keys.append(one.key)
    for flag, examples in asked.items():
        # One option can answer for several machines only where it names them.
        words[flag] = ",".join(examples) if "=" in examples[0] else examples[0]
    options = [word for pair in words.items() for word in pair]
    command = ["fleetfront", "import", kind, str(file), "--add", "-o", str(out), *options]
    return dict.fromkeys(keys, visible(shlex.join(command), 1000))


def _tell(made: Draft, out: Path | None, again: Mapping[str, str]) -> None:
    """Say on standard error what was noted, what is missing, and what to try next."""
    from solver.errors import FleetError
    from solver.importers.visible import visible
    from solver.instance.reading import read_any_instance

    def say(line: str) -> None:
        print(" ".join(line.split()), file=sys.stderr)

    for note in made.notes:
        say(f"note: {visible(note, 400)}")
    for one in made.missing:
        say(f"missing: {visible(one.question, 300)} ({visible(one.flag, 120)})")
    if out is None:
        return
    shown = shlex.quote(visible(str(out), 200))
    say(f"written: {shown}")
    if made.missing:
        say(f"next: {_next(made, shown, again)}")
        return
    try:
        read_any_instance(out)
    except FleetError as error:
        for fault in error.faults:
            say(f"to mend: {fault}")
        say(f"next: mend that, then fleetfront show {shown}")
        return
    say(f"The question is whole. Solve it: fleetfront solve {shown}")


def _next(made: Draft, shown: str, again: Mapping[str, str]) -> str:
    """What gives the first thing that is missing: a command that runs with what there is."""
    key = made.missing[0].key
    if key in again:
        return f"with your own figures, {again[key]}"
    if key == "machines":
        return (
            "kubectl get nodes -o json > nodes.json && "
            f"fleetfront import kubectl nodes.json --add -o {shown}"
        )
    if key == "workloads":
        config = f"fleetfront import model config.json --add -o {shown}"
        there = Path("config.json").is_file()
        return config if there else f"save the model's config.json here, then {config}"
    return f"fill in the lines below 'missing:', then fleetfront show {shown}"
