"""What a page of explore talks to: one question, its controls, and two scenarios of it.

A result file can be shown without its question; then nothing can be changed.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from solver.errors import Fault, FleetError, ResultError
from solver.explore.changed_toml import changed_text, tables_in
from solver.explore.controls import Control, controls_of, settings_of
from solver.explore.kinds import resolved_of
from solver.explore.scenario import Scenario, ScenarioState
from solver.explore.views import checked
from solver.explore.worker import Order, Worker
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.loading import read_bytes
from solver.instance.reading import Question, read_any_instance
from solver.report.numbers import clean
from solver.result import canonical_digest, kind_of, read_document

__all__ = ["SCENARIOS", "Session"]

SCENARIOS = ("A", "B")
_TEMPLATE = "template_replica.toml"
_SECOND_S = 6.0
"""A browser has drawn the first answer by then, and whoever reads it has not asked again."""
_MOST_RESULT_BYTES = 100_000_000
_KINDS = ("replica", "fleet", "placement")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as a file asks it."""

    path: Path
    data: bytes
    question: Question
    controls: tuple[Control, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Session:
    """A question or a result, open for exploring; ``close`` ends its processes.

    Parameters
    ----------
    asked
        The question; ``None`` of a result without one.
    document
        The answer that is there already.
    source
        Name of the file, without its folder.
    """

    def __init__(
        self,
        asked: _Asked | None,
        document: Mapping[str, Any] | None,
        source: str,
        folder: ExitStack,
        begun: Worker | None = None,
    ) -> None:
        self._asked = asked
        self._begun = begun
        self._folder = folder
        self.source = source = clean(source, limit=80)
        title, self.kind = _title_and_kind(asked, document)
        self.title = clean(title)
        self.controls: tuple[Control, ...] = () if asked is None else asked.controls
        self.fixed_reason = ""
        if asked is None:
            self.fixed_reason = (
                f"{source} is a result without its question, so that nothing can be changed: open "
                "it with --instance FILE, the file that it was solved from"
            )
        shown = ScenarioState(status="done", document=document, opened=True)
        self._states = {"A": ScenarioState() if document is None else shown, "B": ScenarioState()}
        self._scenarios: dict[str, Scenario] = {}
        # B is begun by A's thread or by whoever asks for it first.
        self._beginning = threading.Lock()
        self._closed = False
        self._second: threading.Timer | None = None
        if asked is None and begun is not None:
            begun.end()
        if asked is not None:
            # B's process starts when A's first answer is drawn: until then A and the browser need
            # the machine.
            self._begin("A", None, self._begin_second)
        atexit.register(self.close)

    @classmethod
    def open(
        cls, path: Path | None, *, instance: Path | None = None, begun: Worker | None = None
    ) -> Session:
        """Open a TOML instance, a fleet in columns (JSON) or a result (JSON).

        Parameters
        ----------
        path
            ``None`` opens the question that ``fleetfront init`` writes.
        instance
            The question that the result at ``path`` answers.
        begun
            A process that was started before the file was read, to be ready sooner; the session
            ends it.

        Raises
        ------
        FleetError
            With every fault of the files.
        """
        with ExitStack() as folder:
            if path is None:
                template = as_file(files("solver.instance").joinpath(_TEMPLATE))
                path = folder.enter_context(template)
            document = _result_at(path)
            if document is None:
                if instance is not None:
                    raise ResultError.one(
                        "asks a question itself, and is no result that answers one",
                        where=str(path),
                        mend="Leave out --instance, or give a result",
                    )
                question: _Asked | None = _asked_at(path)
            else:
                question = None if instance is None else _asked_at(instance)
                if question is not None:
                    _check_answers(document, question, path)
            return cls(question, document, path.name, folder.pop_all(), begun)

    @property
    def suffix(self) -> str:
        """What the name of the changed question ends with: ``.toml``, or ``.json`` of columns."""
        return ".toml" if self._asked is None else self._asked.path.suffix.lower()

    def ask(self, scenario: str, changes: Mapping[str, str]) -> None:
        """Solve the question with ``changes`` (key of a control to text) for ``A`` or ``B``.

        Returns at once; what is being solved for that scenario is given up.
        """
        asked = self._asked
        if asked is None:
            fault = Fault(self.source, "cannot be changed", "Open it with --instance FILE")
            state = self._states[scenario]
            self._states[scenario] = replace(
                state, revision=state.revision + 1, status="failed", faults=(fault,),
                changes=dict(changes),
            )  # fmt: skip
            return
        faults: tuple[Fault, ...] = ()
        settings: Mapping[str, Any] = {}
        try:
            settings = settings_of(self.controls, changes)
        except FleetError as error:
            faults = error.faults
        begun = self._scenario(scenario)
        if begun is not None:
            begun.ask(
                changes,
                lambda revision: Order(revision, asked.path, settings, asked.sha256),
                faults,
            )

    def cancel(self, scenario: str) -> None:
        """Stop solving; what was found stays, as a partial answer."""
        if scenario in self._scenarios:
            self._scenarios[scenario].cancel()

    def state(self, scenario: str) -> ScenarioState:
        """What is known of ``A`` or ``B`` now; faults name the controls they are about."""
        if scenario not in self._scenarios:
            return self._states[scenario]
        state = self._scenarios[scenario].state()
        return replace(state, faults=tuple(self._named(fault) for fault in state.faults))

    def toml_text(self, changes: Mapping[str, str]) -> str:
        """The question with ``changes`` as the text of a file of its own.

        Comments are kept, and files that it names are named from the root, so that it reads the
        same wherever it is saved. A fleet in columns is JSON.

        Raises
        ------
        FleetError
            If a change cannot be laid over the file, or there is no question.
        """
        if self._asked is None:
            raise ResultError.one(
                "holds no question in the form of a file",
                where=self.source,
                mend="Open it with --instance FILE",
            )
        settings = settings_of(self.controls, changes)
        return changed_text(self._asked.path, self._asked.data, settings)

    def processes(self, scenario: str) -> tuple[int, ...]:
        """The numbers of the processes that solve for ``A`` or ``B``."""
        return () if scenario not in self._scenarios else self._scenarios[scenario].processes()

    def close(self) -> None:
        """End the processes; may be called twice."""
        atexit.unregister(self.close)
        with self._beginning:
            self._closed = True
            if self._second is not None:
                self._second.cancel()
            begun = list(self._scenarios.values())
        for scenario in begun:
            scenario.close()
        self._folder.close()

    def _begin_second(self) -> None:
        asked = self._asked
        if asked is None:
            return
        order = Order(0, asked.path, {}, asked.sha256)
        with self._beginning:
            if self._second is None and not self._closed:
                self._second = threading.Timer(_SECOND_S, self._begin, ("B", order, None))
                self._second.daemon = True
                self._second.start()

    def _begin(
        self, name: str, rehearsal: Order | None, on_answer: Callable[[], None] | None
    ) -> None:
        with self._beginning:
            if name not in self._scenarios and not self._closed:

                def start() -> Worker:
                    begun, self._begun = self._begun, None
                    return begun or Worker(rehearsal)

                self._scenarios[name] = Scenario(
                    name, start, state=self._states[name], on_answer=on_answer
                )

    def _scenario(self, name: str) -> Scenario | None:
        self._begin(name, None, None)
        return self._scenarios.get(name)

    def _named(self, fault: Fault) -> Fault:
        """The fault with the label of its control in place of the key."""
        head = "" if self._asked is None else f"{self._asked.path}: "
        if not head or not fault.where.startswith(head):
            return fault
        key = fault.where.removeprefix(head)
        for control in self.controls:
            if key in (control.key, control.setting) or key.startswith(f"{control.key}."):
                return Fault(control.label, fault.what, fault.mend)
        return Fault(f"{self.source}: {key}", fault.what, fault.mend)


def _result_at(path: Path) -> Mapping[str, Any] | None:
    """The result at ``path``; ``None`` where it is a question.

    Its digest says that it is as it was written. Whether what it claims is true is for ``verify``
    to say, and the page says so.
    """
    if path.suffix.lower() != ".json":
        return None
    _check_size(path)
    document: Mapping[str, Any] = read_document(path)
    kind = kind_of(document)
    if kind is None:
        return None
    if kind not in _KINDS:
        raise ResultError.one(
            f"is a result of kind {kind[:40]!r}, which has no page",
            where=str(path),
            mend=f"Give a result or question of kind {', '.join(_KINDS)}",
        )
    checked(document)
    if document.get("digest") != canonical_digest(document):
        raise ResultError.one(
            "was changed after it was written: its digest is not that of what it holds",
            where=str(path),
            mend="Solve the question again with 'fleetfront solve QUESTION --out result.json'; "
            "'fleetfront verify' tells more",
        )
    return document


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError:
        # What cannot be reached is told by whoever reads it.
        return
    if size > _MOST_RESULT_BYTES:
        raise ResultError.one(
            f"holds {size} bytes, more than {_MOST_RESULT_BYTES}",
            where=str(path),
            mend="Give a result file",
        )


def _asked_at(path: Path) -> _Asked:
    data = read_bytes(path)
    question = read_any_instance(path)
    return _Asked(path.resolve(), data, question, controls_of(tables_in(path, data), question))


def _title_and_kind(asked: _Asked | None, document: Mapping[str, Any] | None) -> tuple[str, str]:
    if asked is not None:
        question = asked.question
        stated = "" if isinstance(question, ColumnFleet) else question.title
        return stated or question.name, question.kind
    assert document is not None  # one of the two is there
    entry = document["instance"]
    resolved = entry.get("resolved")
    title = resolved.get("title") if isinstance(resolved, Mapping) else ""
    return str(title or entry.get("name", "")), str(entry["kind"])


def _check_answers(document: Mapping[str, Any], asked: _Asked, path: Path) -> None:
    """Refuse a result of another question: the controls would show what it was not solved for."""
    told = json.loads(json.dumps(resolved_of(asked.question)))
    if document["instance"].get("resolved") != told:
        raise ResultError.one(
            f"does not answer the question that {asked.path.name} asks now",
            where=str(path),
            mend="Give the file it was solved from, with the changes of --set written into it; "
            "or open the instance alone",
        )
