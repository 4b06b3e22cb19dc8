"""``fleetfront export`` and ``read-back``: programs for other solvers, and their answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from solver.cli.exits import COMPLETE, FAILED, PARTIAL

if TYPE_CHECKING:
    from solver.exchange.questions.checking import Verdict
    from solver.exchange.questions.key import Key
    from solver.exchange.questions.posed import Question

__all__ = ["export_command", "read_back_command"]

_FORMATS = ("mps", "lp", "json")


def export_command(
    file: Annotated[
        Path,
        typer.Argument(help="A question (TOML), or a multi-objective program (JSON or MPS)."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The program file; its key goes beside it.")
    ] = None,
    formulation: Annotated[
        str | None, typer.Option(help="How to state it; --list names them.")
    ] = None,
    minimise: Annotated[
        str | None, typer.Option(metavar="OBJECTIVE", help="The objective of the file.")
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(metavar="OBJECTIVE=N", help="Bound another one; may be repeated."),
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(help="Bound speed: at most this rank (replica) or grade (fleet); 0 is best."),
    ] = None,
    setting: Annotated[
        str | None,
        typer.Option(metavar="M,N", help="Microbatch and number in flight, of a pipeline."),
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="mps, lp or json; by the name of --out.")
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Tell what can be exported, and write nothing.")
    ] = False,
) -> int:
    """Write one program of a question as MPS or LP, so that another solver can be tried.

    Beside PROGRAM.mps stands PROGRAM.key.json, with the question and the names of columns: with it
    'read-back' checks an answer. A multi-objective program is also written as a whole, all its
    objectives in one file, as JSON (--format json).

    Example: fleetfront export my.toml --formulation factored_hull --level 3 --out hull.mps

    Then: fleetfront read-back hull.key.json hull.sol --reprove
    """
    from solver.errors import InstanceError
    from solver.exchange.questions.opening import question_from_file

    question = question_from_file(file)
    if list_only:
        _print_choices(question)
        return COMPLETE
    if out is None:
        raise InstanceError.one(
            "there is nowhere to write to", where="--out", mend="Add --out PROGRAM.mps, or --list"
        )
    chosen = _format(out, file_format)
    if chosen == "json":
        _write_whole_program(question, out, told=(formulation, minimise, at_most, level, setting))
        return COMPLETE
    _write_program(
        question, out, chosen,
        formulation=formulation, minimise=minimise,
        at_most=_bounds(question, at_most or [], level), setting=_setting(question, setting),
        read=file,
    )  # fmt: skip
    return COMPLETE


def _format(out: Path, stated: str | None) -> str:
    from solver.errors import OutputError

    chosen = stated or out.suffix.lower().lstrip(".")
    if chosen not in _FORMATS:
        raise OutputError.one(
            f"{chosen or 'a file without a suffix'!r} is no format",
            where="--format" if stated else f"--out {out}",
            mend=f"Add --format {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}",
        )
    return chosen


def _bounds(question: Question, texts: list[str], level: int | None) -> dict[str, int]:
    from solver.errors import InstanceError

    bounds: dict[str, int] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        number = value.strip().removeprefix("-")
        if not equals or not (number.isascii() and number.isdecimal() and len(number) < 19):
            raise InstanceError.one(
                f"{text!r:.60} is not OBJECTIVE=N with a whole number",
                where="--at-most",
                mend=f"Write for example --at-most {question.default_objective}=5",
            )
        if name.strip() in bounds:
            raise InstanceError.one(
                f"{name.strip()} is bounded twice", where="--at-most", mend="Keep one of the two"
            )
        bounds[name.strip()] = int(value)
    if level is not None:
        if question.level_objective is None:
            raise InstanceError.one(
                f"a {question.kind} question of this kind has no levels",
                where="--level",
                mend="Use --at-most OBJECTIVE=N",
            )
        if question.level_objective in bounds:
            raise InstanceError.one(
                f"{question.level_objective} is bounded by --at-most too",
                where="--level",
                mend="Keep one of the two",
            )
        bounds[question.level_objective] = level
    return bounds


def _setting(question: Question, stated: str | None) -> int:
    from solver.errors import InstanceError

    known = question.settings
    if stated is None and len(known) <= 1:
        return 0
    wanted = (stated or "").replace(" ", "")
    if wanted not in known:
        some = "; ".join(known[:12]) + (" and more" if len(known) > 12 else "")
        raise InstanceError.one(
            f"{stated!r} is no setting of it" if stated else f"there are {len(known)} settings",
            where="--setting",
            mend=f"Choose one: {some}" if known else "Leave it out",
        )
    return known.index(wanted)


def _write_program(
    question: Question,
    out: Path,
    file_format: str,
    *,
    formulation: str | None,
    minimise: str | None,
    at_most: dict[str, int],
    setting: int,
    read: Path,
) -> None:
    from solver.errors import OutputError
    from solver.exchange.questions.exporting import export_program
    from solver.result.writing import check_writable, write_whole

    key_path = out.with_suffix(".key.json")
    check_writable({"--out": out, "--out (its key)": key_path})
    if read.resolve() in (out.resolve(), key_path.resolve()):
        raise OutputError.one(
            "is also the question, which would be lost",
            where=f"--out {out}",
            mend="Name another file",
        )
    made = export_program(
        question, file=out.name, file_format=file_format, formulation=formulation,
        setting=setting, minimise=minimise, at_most=at_most,
    )  # fmt: skip
    write_whole({out: made.program.encode("ascii"), key_path: made.key.encode("ascii")})
    print(
        f"{out}: {made.formulation}, {made.rows} rows, {made.columns} columns, "
        f"minimises {made.minimise}"
    )
    print(f"{key_path}: the key, for 'fleetfront read-back {key_path} SOLUTION'")
    for note in made.notes:
        print(f"note: {note}")


def _write_whole_program(question: Question, out: Path, *, told: tuple[object, ...]) -> None:
    from solver.errors import InstanceError
    from solver.exchange.formats.moip_json import moip_json_text, ranged_rows, without_ranges
    from solver.exchange.questions.moip import MoipQuestion
    from solver.result.writing import check_writable, write_whole

    if not isinstance(question, MoipQuestion):
        raise InstanceError.one(
            f"a {question.kind} question is no multi-objective program",
            where="--format json",
            mend="Use --format mps or lp",
        )
    if any(told):
        raise InstanceError.one(
            "JSON holds the whole program, every objective and no bound on any",
            where="--format json",
            mend="Leave the other options out, or use --format mps or lp",
        )
    check_writable({"--out": out})
    program, split = question.program, ranged_rows(question.program)
    text = moip_json_text(without_ranges(program) if split else program)
    write_whole({out: text.encode()})
    print(f"{out}: {program.milp.n_rows} rows, {program.milp.n_columns} columns")
    if split:
        print(f"note: {split} rows with two sides are stated as two rows each")


def _print_choices(question: Question) -> None:
    print(f"{question.kind} {question.name}")
    print("formulations:")
    for one in question.choices():
        mark = " (default)" if one.name == question.default_formulation else ""
        why = "" if one.why_not is None else f" [not exported: {one.why_not}]"
        print(f"  {one.name}{mark}: {one.summary}{why}")
    print("objectives, all minimised:")
    for goal in question.goals():
        mark = " (default)" if goal.name == question.default_objective else ""
        where = "" if goal.in_program else ", by --at-most alone"
        print(f"  {goal.name}{mark}: {goal.least} to {goal.most}, {goal.unit}{where}")
    if len(question.settings) > 1:
        print(f"settings: {'; '.join(question.settings)}")


def read_back_command(
    key: Annotated[Path, typer.Argument(help="PROGRAM.key.json of 'export'.")],
    solution: Annotated[
        Path,
        typer.Argument(
            help="What a solver wrote: HiGHS, SCIP, CBC, GLPK, Gurobi, CPLEX, or 'name value'."
        ),
    ],
    claims_optimal: Annotated[
        bool, typer.Option("--claims-optimal", help="It is said to be optimal.")
    ] = False,
    reprove: Annotated[
        bool, typer.Option("--reprove", help="Ask CP-SAT whether anything better exists.")
    ] = False,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds for --reprove; not settled is status 4.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> int:
    """Check another solver's solution, in exact integers, against the question inside the key.

    Exit status: 0 it holds, 1 it does not, 2 bad input, 4 whether it is optimal was not settled.

    Example: fleetfront read-back hull.key.json hull.sol --claims-optimal --reprove
    """
    from solver.errors import InstanceError
    from solver.exchange.formats.solutions.detect import read_solution
    from solver.exchange.questions.checking import check_solution
    from solver.exchange.questions.key import read_key

    if time_limit is not None and not time_limit > 0:
        raise InstanceError.one(
            f"a time limit of {time_limit} s leaves no time",
            where="--time-limit",
            mend="Give a positive number of seconds",
        )
    read = read_key(key)
    found = read_solution(solution)
    verdict = check_solution(
        read, found, where=str(solution), claims_optimal=claims_optimal, reprove=reprove,
        time_limit_s=time_limit,
    )  # fmt: skip
    if as_json:
        print(json.dumps(_as_dict(verdict, read, found.format), indent=1))
    else:
        _print_verdict(verdict, read, found.format)
    if not verdict.holds:
        return FAILED
    return PARTIAL if reprove and not verdict.settled else COMPLETE


def _as_dict(verdict: Verdict, key: Key, written_by: str) -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "faults": list(verdict.faults),
        "written_by": written_by,
        "formulation": key.formulation,
        "minimise": key.minimise,
        "value": verdict.value,
        "claim": verdict.claim,
        "reproved": verdict.settled if verdict.asked else None,
        "better_exists": verdict.better,
        "exact": dict(verdict.objectives),
        "objectives": {
            name: {"value": float(value), "exact": str(value), "unit": unit}
            for name, (value, unit) in verdict.shown.items()
        },
        "design": dict(verdict.design),
    }


def _print_verdict(verdict: Verdict, key: Key, written_by: str) -> None:
    for fault in verdict.faults:
        print(f"FAILED  {fault}")
    if verdict.value is not None:
        print(f"{key.minimise}: {verdict.value} ({key.formulation}, written by {written_by})")
    for name, (value, unit) in verdict.shown.items():
        print(f"{name}: {float(value):.9g} {unit}")
    for name, value in verdict.design.items():
        if isinstance(value, str | int | float):
            print(f"  {name}: {value}")
    print(_last_line(verdict, key))


def _last_line(verdict: Verdict, key: Key) -> str:
    """No more than what was looked at."""
    if not verdict.holds:
        return "it does not hold"
    if verdict.claim == "infeasible":
        return (
            "it holds: CP-SAT finds no solution either"
            if verdict.settled
            else "whether a solution exists was not settled"
        )
    if verdict.settled:
        below = f"{key.minimise} below {verdict.value}"
        return (
            f"it holds; {below} is possible"
            if verdict.better
            else f"it holds, and is optimal: {below} is not possible"
        )
    if verdict.asked:
        return "it holds; whether anything better exists was not settled"
    if verdict.claim == "optimal":
        return "it holds; that it is optimal was not checked (add --reprove)"
    return "it holds"
