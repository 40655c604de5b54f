"""The bulk verb of the registry: parties and authorisations from JSON lines, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from loop.consent.evidence import Document, read_document
from loop.consent.lines import AuthorisationLine, Line, PartyLine, line_of
from loop.consent.lock import database_moment
from loop.consent.models import Authorisation, Evidence, Notice
from loop.consent.recording import Fields, GrantTerms, checked, record_authorisations
from loop.kernel import json_lines
from loop.kernel.actor import Actor
from loop.kernel.errors import LoopError, NotValidError
from loop.kernel.ids import uid_of
from loop.kernel.problem import Problem
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.party import register_party
from loop.people.querysets import require
from loop.people.roles import Permission

MOST_LISTED: Final = 1_000


@dataclass(slots=True)
class RegistryReport:
    """What came of a file. `kept` is False when nothing was written because a line is bad, or on a trial run."""

    lines: int = 0
    parties_new: int = 0
    authorisations_new: int = 0
    authorisations_known: int = 0
    errors: list[str] = field(default_factory=list)  # "line 3: valid_until: expected ..., found ...", the first ones
    error_count: int = 0
    kept: bool = False

    def wrong(self, number: int, problem: Problem | LoopError) -> None:
        """Counts what is wrong with a line."""
        self.error_count += 1
        if len(self.errors) < MOST_LISTED:
            self.errors.append(f"line {number}: {problem}")


@dataclass(slots=True)
class _Attempt:
    production: Production
    actor: Actor
    folder: Path | None
    at: datetime
    writes: bool  # False: only checks what authorisations say, so that no document of a bad file is kept
    report: RegistryReport = field(default_factory=RegistryReport)
    records: dict[str, Authorisation | None] = field(default_factory=dict)  # by the line's id; None: it is bad

    def line(self, number: int, line: Line) -> None:
        try:
            if isinstance(line, PartyLine):
                self._party(line)
            else:
                self._authorisation(line)
        except LoopError as error:
            self.report.wrong(number, error)

    def _party(self, line: PartyLine) -> None:
        known = Contributor.objects.filter(namespace=self.production.code, external_id=line.id).exists()
        register_party(
            production=self.production, external_id=line.id, actor=self.actor, kind=line.kind, name=line.name,
            functions=line.functions, minor_until=line.minor_until,
        )  # fmt: skip
        self.report.parties_new += not known

    def _authorisation(self, line: AuthorisationLine) -> None:
        if line.id:
            if line.id in self.records:
                raise NotValidError(f"id: expected each once, found {line.id!r} again", field="id")
            self.records[line.id] = None
        party = Contributor.objects.filter(namespace=self.production.code, external_id=line.party).first()
        if party is None:
            raise NotValidError(
                f"party: expected a party of {self.production.code}, found {line.party!r};"
                ' register it with a line of {"record": "party"} before',
                field="party",
            )
        given = GrantTerms(
            production=None if line.every_production else self.production,
            evidence=self._document(line),
            notice=_notice(line),
            supersedes=self._earlier(line),
            **line.fields,
        )
        found = _known(party, given, checked([party], given, self.actor))
        if found is None:
            found = Authorisation(party=party)
            if self.writes:
                [found] = record_authorisations(parties=[party], given=given, actor=self.actor, at=self.at)
            self.report.authorisations_new += 1
        else:
            self.report.authorisations_known += 1
        if line.id:
            self.records[line.id] = found

    def _document(self, line: AuthorisationLine) -> Document:
        said = line.evidence
        if said.file:
            if self.folder is None:
                raise NotValidError(
                    "evidence.file: expected the sha256 of a stored document, found a file: nothing says in which"
                    " folder it lies", field="evidence",
                )  # fmt: skip
            path = (self.folder / said.file).resolve()
            if not path.is_relative_to(self.folder.resolve()):
                raise NotValidError(
                    f"evidence.file: expected a path inside the folder of the lines, found {said.file!r}",
                    field="evidence",
                )
            document = read_document(path, kind=said.kind, signed_at=said.signed_at, method=said.method)
        else:
            stored = Evidence.objects.filter(sha256=said.sha256).order_by("id").first()
            if stored is None:
                raise NotValidError(
                    f"evidence.sha256: expected a stored document, found {said.sha256}", field="evidence"
                )
            path = Path(settings.MEDIA_ROOT) / stored.stored_name
            document = read_document(path, kind=said.kind, signed_at=said.signed_at, method=said.method)
            document = Document(stored.file_name, document.content, document.kind, document.signed_at, document.method)
        if said.sha256 and document.sha256 != said.sha256:
            raise NotValidError(
                f"evidence.sha256: expected {said.sha256}, found {document.sha256} for {document.file_name}",
                field="evidence",
            )
        return document

    def _earlier(self, line: AuthorisationLine) -> Authorisation | None:
        name = line.supersedes
        if not name:
            return None
        if name in self.records:
            found = self.records[name]
            if found is None:
                raise NotValidError(
                    f"supersedes: expected a good line, found {name!r}, which is bad", field="supersedes"
                )
            return found
        known = Authorisation.objects.select_related("party").filter(party__namespace=self.production.code)
        uid = uid_of(name)
        found = known.filter(uid=uid).first() if uid else None
        if found is None:
            raise NotValidError(
                f"supersedes: expected the id of an earlier line or the uid of a record, found {name!r}",
                field="supersedes",
            )
        return found


def bring_in(
    *, lines: Path | Sequence[bytes], production: Production, actor: Actor, folder: Path | None = None,
    trial: bool = False,
) -> RegistryReport:  # fmt: skip
    """Reads parties and authorisations (lines.py has their shape) and records what is new, in one transaction.

    1. Every line is checked; each bad one is reported with its number and field. With any, nothing is kept.
    2. The same line again changes nothing: a record of the same party with the same terms and document is known.
    3. `folder` is where evidence files lie (default: beside the file of lines). With `trial` nothing is kept at all.

    Durable. Raises NotAllowedError for anybody but a consent officer, NotFoundError where even that may not be known.
    """
    require(actor, production, Permission.AUTHORISE)
    beside = folder or (lines.parent if isinstance(lines, Path) else None)
    report = RegistryReport()
    for writes in (False,) if trial else (False, True):
        with transaction.atomic(durable=True):
            attempt = _Attempt(production, actor, beside, database_moment(), writes)
            report = _read(lines, attempt)
            report.kept = writes and not report.error_count
            transaction.set_rollback(not report.kept)
        if report.error_count:
            break
    return report


def _read(lines: Path | Sequence[bytes], attempt: _Attempt) -> RegistryReport:
    report = attempt.report
    for number, raw in json_lines.read(lines):
        report.lines += 1
        try:
            if isinstance(raw, json_lines.BadLineError):
                raise raw
            line, problems = line_of(json_lines.parse(raw))
        except json_lines.BadLineError as error:
            report.wrong(number, error.problem)
            continue
        for problem in problems:
            report.wrong(number, problem)
        if line is not None:
            attempt.line(number, line)
    return report


def _notice(line: AuthorisationLine) -> Notice | None:
    if line.notice is None:
        return None
    version, language = line.notice
    found = Notice.objects.filter(version=version, language=language).first()
    if found is None:
        raise NotValidError(
            f"notice: expected a recorded notice, found version {version!r} in {language!r}", field="notice"
        )
    return found


def _known(party: Contributor, given: GrantTerms, fields: Fields) -> Authorisation | None:
    """The record that says the same already, whatever has become of it since."""
    earlier = Q(supersedes__uid=given.supersedes.uid) if given.supersedes else Q(supersedes=None)
    return Authorisation.objects.filter(
        earlier, party=party, production=given.production, valid_from=given.valid_from, valid_until=given.valid_until,
        evidence__sha256=given.evidence.sha256, evidence__kind=given.evidence.kind, notice=given.notice,
        **fields,
    ).first()  # fmt: skip
