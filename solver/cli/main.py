"""The ``fleetfront`` command: its subcommands, and how errors become one line each."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence

import typer

from solver.cli import (
    bench,
    calibrate,
    catalog,
    check,
    compare,
    deploy,
    economics,
    explore,
    export,
    import_,
    init,
    moip,
    show,
    solve,
    validate,
)
from solver.cli.examples import example_for, runs
from solver.cli.exits import BAD_INPUT, BROKEN_PIPE, COMPLETE, PARTIAL
from solver.errors import FleetError

__all__ = ["app", "main"]

# Whether typer uses click or carries a copy of it depends on its version; what its public
# BadParameter derives from is the base of every fault in a command line either way.
_UsageError: type[Exception] = typer.BadParameter.__mro__[2]

_MOST_FAULTS = 100
"""Of one run, one line each; a file with more is not what was meant."""

app = typer.Typer(
    name="fleetfront",
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=False,
    help="How fast can a language model be served, at what price, on which machines, laid out how? "
    "Answered exactly: the complete Pareto frontier of speed against cost, with a proof.",
    epilog="Start: fleetfront init > my.toml; fleetfront show my.toml; fleetfront solve my.toml",
)
app.command("solve", epilog=runs("solve"))(solve.solve_command)
app.command("moip", epilog=runs("moip"))(moip.moip_command)
app.command("bench", epilog=runs("bench"))(bench.bench_command)
app.command("deploy", epilog=runs("deploy"))(deploy.deploy_command)
app.command("explore", epilog=runs("explore"))(explore.explore_command)
app.command("export", epilog=runs("export"))(export.export_command)
app.command("read-back", epilog=runs("read-back"))(export.read_back_command)
app.command("verify", epilog=runs("verify"))(check.verify_command)
app.command("show", epilog=runs("show"))(show.show_command)
app.command("compare", epilog=runs("compare"))(compare.compare_command)
app.command("economics", epilog=runs("economics"))(economics.economics_command)
app.command("validate", epilog=runs("validate"))(validate.validate_command)
app.command("calibrate", epilog=runs("calibrate"))(calibrate.calibrate_command)
app.command("import", epilog=runs("import"))(import_.import_command)
app.command("init", epilog=runs("init"))(init.init_command)
app.command("schema", epilog=runs("schema"))(init.schema_command)
app.add_typer(catalog.app, name="catalog")


@app.callback(invoke_without_command=True)
def _first_contact(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        from solver.sweep.provenance import package_version

        typer.echo(f"fleetfront {package_version('fleetfront')}")
        raise typer.Exit(COMPLETE)
    if context.invoked_subcommand is None:
        typer.echo(
            "Three things to try:\n"
            "  fleetfront init > my.toml     five questions, and a commented instance of them\n"
            "  fleetfront solve my.toml      the complete frontier of speed against cost, proved\n"
            "  fleetfront explore my.toml    the same on a local page, with prices to move\n"
            "From files (config.json, kubectl, quotes, benchmarks): fleetfront import --help\n"
            "All commands: fleetfront --help"
        )
        raise typer.Exit(COMPLETE)


def _print_example(arguments: Sequence[str] | None) -> None:
    """Under the faults, one command that runs as it stands."""
    given = sys.argv[1:] if arguments is None else arguments
    print(f"Example: {example_for(given)}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Bad input ends with status 2, one line a fault on standard error and an example that runs, never
    with a traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal without these characters gets escapes instead of a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(
            args=None if arguments is None else list(arguments),
            prog_name="fleetfront",
            standalone_mode=False,
        )
        # Python has no standard output where the shell closed it.
        if sys.stdout is not None:
            sys.stdout.flush()
    except FleetError as error:
        for fault in error.faults[:_MOST_FAULTS]:
            print(fault, file=sys.stderr)
        unlisted = len(error.faults) - _MOST_FAULTS
        if unlisted > 0:
            print(f"{unlisted} more faults are not listed. Mend these first.", file=sys.stderr)
        _print_example(arguments)
        return BAD_INPUT
    except (typer.Abort, KeyboardInterrupt):
        print("stopped before there was anything to keep", file=sys.stderr)
        return PARTIAL
    except _UsageError as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "fleetfront")
        told = getattr(error, "format_message", error.__str__)()
        message = " ".join(str(told).split()).rstrip(".")
        print(f"{command}: {message}. See '{command} --help'.", file=sys.stderr)
        _print_example(arguments)
        return BAD_INPUT
    except (OSError, SystemExit) as error:
        cause = error if isinstance(error, OSError) else error.__context__
        if not isinstance(cause, OSError):
            raise
        # Nobody reads our output, or it has no room; send what is still buffered nowhere.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(cause, BrokenPipeError):
            return BROKEN_PIPE
        print(f"standard output: cannot be written ({cause.strerror}).", file=sys.stderr)
        return BAD_INPUT
    return status if isinstance(status, int) else COMPLETE
