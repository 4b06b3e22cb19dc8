"""``fleetfront init`` and ``fleetfront schema``: a commented question, and what editors need."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli import completion
from solver.cli.exits import COMPLETE

if TYPE_CHECKING:
    from solver.instance.starting.questions import StartQuestion

__all__ = ["init_command", "schema_command"]


def _deliver(text: str, out: Path | None) -> int:
    if out is None:
        sys.stdout.write(text)
        return COMPLETE
    from solver.result.writing import check_writable, write_whole

    check_writable({"--out": out})
    write_whole({out: text.encode()})
    return COMPLETE


def _asked(questions: tuple[StartQuestion, ...]) -> dict[str, str]:
    """The answers of a person; what cannot be is told, and asked again."""
    from rich.console import Console
    from rich.prompt import Prompt

    from solver.errors import InstanceError
    from solver.instance.starting.questions import checked_answer

    # Standard output may be the file that the instance goes to.
    console = Console(stderr=True, highlight=False)
    console.print("Five questions; Enter takes what is in brackets.", markup=False)
    answers: dict[str, str] = {}
    for number, question in enumerate(questions, start=1):
        while True:
            text = f"{number}. {question.text}"
            given = Prompt.ask(text, console=console, default=question.default)
            try:
                checked_answer(question, given, where=f"question {number}")
            except InstanceError as error:
                for fault in error.faults:
                    console.print(str(fault), markup=False)
            else:
                answers[question.key] = given
                break
    return answers


def init_command(
    kind: Annotated[
        str,
        typer.Argument(
            help="Kind of question: replica, fleet or placement.", autocompletion=completion.kinds
        ),
    ] = "replica",
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Model of the catalog.", autocompletion=completion.models)
    ] = None,
    accelerator: Annotated[
        str | None,
        typer.Option(help="Accelerator of the catalog.", autocompletion=completion.accelerators),
    ] = None,
    second_accelerator: Annotated[
        str | None,
        typer.Option(
            help="Placement: that of the other hosts.", autocompletion=completion.accelerators
        ),
    ] = None,
    context_tokens: Annotated[
        str | None, typer.Option(help="Replica, placement: tokens in the KV cache of a sequence.")
    ] = None,
    usd_per_hour: Annotated[
        str | None, typer.Option(help="Replica: price of a device; the catalog's if left out.")
    ] = None,
    min_speed: Annotated[
        str | None, typer.Option(help="Replica: tokens/s that one user sees at least.")
    ] = None,
    requests_per_s: Annotated[str | None, typer.Option(help="Fleet: demand at the peak.")] = None,
    input_tokens: Annotated[str | None, typer.Option(help="Fleet: tokens of a prompt.")] = None,
    output_tokens: Annotated[str | None, typer.Option(help="Fleet: tokens of an answer.")] = None,
    gbit_per_s: Annotated[
        str | None, typer.Option(help="Placement: speed of the link of a host.")
    ] = None,
    ask: Annotated[
        bool | None,
        typer.Option(
            "--ask/--no-ask",
            help="Ask five questions; without flags this is what happens on a terminal.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Write a commented instance to start from, by five questions or from flags.

    It solves as it stands. Without flags, and where nobody can be asked, it is the template of the
    kind.

    Example: fleetfront init > my.toml

    Example: fleetfront init fleet --model Llama-3.1-8B --requests-per-s 40 > my-fleet.toml
    """
    from solver.errors import Fault, InstanceError, OutputError
    from solver.instance.reader import KINDS
    from solver.instance.starting.questions import QUESTIONS
    from solver.instance.starting.text import starting_text

    if kind not in KINDS:
        raise InstanceError.one(
            f"{kind!r} is not a kind of question",
            where="fleetfront init",
            mend=f"Choose from {', '.join(KINDS)}",
        )
    if out is not None and out.is_file():
        raise OutputError.one(
            "the file is there already, and what it holds would be lost",
            where=f"--out {out}",
            mend="Name a new file, or delete this one first",
        )
    flags = {
        "model": model,
        "accelerator": accelerator,
        "second_accelerator": second_accelerator,
        "context_tokens": context_tokens,
        "usd_per_hour": usd_per_hour,
        "min_speed": min_speed,
        "requests_per_s": requests_per_s,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "gbit_per_s": gbit_per_s,
    }
    answers = {key: value for key, value in flags.items() if value is not None}
    questions = QUESTIONS[kind]
    known = {question.key: question.flag for question in questions}
    foreign = [key for key in answers if key not in known]
    if foreign:
        raise InstanceError(
            *(
                Fault(
                    f"--{key.replace('_', '-')}",
                    f"says nothing about a {kind} (got {answers[key][:40]!r})",
                    f"Its flags are {', '.join(known.values())}",
                )
                for key in foreign
            )
        )
    if ask is None:
        ask = not answers and sys.stdin.isatty() and sys.stderr.isatty()
    if ask:
        left = tuple(question for question in questions if question.key not in answers)
        answers |= _asked(left)
    return _deliver(starting_text(kind, answers), out)


def schema_command(
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> int:
    """Print the JSON Schema of instance files, for completion and checks in an editor.

    Example: fleetfront schema --out fleetfront-instance.schema.json
    """
    from solver.instance.schema import instance_schema

    return _deliver(json.dumps(instance_schema(), indent=2) + "\n", out)
