"""Writing down what parties allow or forbid, inside a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from loop.audit.record import record
from loop.consent import checks, terms
from loop.consent.evidence import Document, store_evidence
from loop.consent.models import Authorisation, AuthorisationState, Evidence, Notice, Recipient
from loop.consent.permission import require_authorise
from loop.consent.repeats import adds_something
from loop.consent.state import append_state
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.errors import ConflictError, NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor

Fields = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What is allowed or forbidden, as handed in.

    `production` None: every production. `uses`: {purpose: value} or {purpose: {"value": ..., "constraint": {...}}}.
    `recipients` are codes, `recipient_kinds` whole classes; whoever allows something names at least one of either.
    `territory` empty: everywhere. `capacities`, `material_kinds` empty: all. Dates are inclusive.
    """

    production: Production | None
    uses: Mapping[str, str | Mapping[str, Json]]
    basis: str
    evidence: Document
    valid_from: date
    valid_until: date
    recipients: Iterable[str] = ()
    recipient_kinds: Iterable[str] = ()
    territory: Iterable[str] = ()
    deny_territory: Iterable[str] = ()
    capacities: Iterable[str] = ()
    material_kinds: Iterable[str] = ()
    granted_by: str = ""
    representative_proof: str = ""
    on_withdrawal: Iterable[str] = ()
    withdrawal_method: str = ""
    compensation: Fields = field(default_factory=dict)  # {term, amount, currency, due, status, waiver}
    guild: Fields = field(default_factory=dict)  # {name, agreement, notice_ref}
    notice: Notice | None = None  # the text the party was shown
    retention_days: int | None = None  # how long a recipient may keep it; None: no limit was named
    jurisdiction: str = ""  # a country or a part of one, by ISO 3166
    supersedes: Authorisation | None = None  # an earlier record of the same party that this one replaces
    state: str = AuthorisationState.GIVEN.value  # how it begins: terms.FIRST_STATES


def record_authorisations(
    *, parties: Sequence[Contributor], given: GrantTerms, actor: Actor, at: datetime
) -> list[Authorisation]:
    """Records one authorisation for each of `parties`, in `given.state` from `at`, in the caller's transaction.

    1. Checks who may and every field; the first bad one is refused (NotValidError names it) before anything is written.
    2. The evidence, shared; then for each party the authorisation, its first event, and their audit events.

    `at` is the database's present moment or before it: an event to come would outlive a withdrawal.
    Raises NotValidError also when there is no party at all, ConflictError if a record in force says the same already
    by the same document at the same time, NotAllowedError for anybody but a consent officer of the production and the
    party itself. Six inserts a party.
    """
    fields = checked(parties, given, actor)
    if given.supersedes is None and given.state in terms.PERMITTING_STATES:
        adds_something(parties, given, fields)
    production_id = given.production.pk if given.production else None
    evidence = store_evidence(document=given.evidence, actor=actor, production_id=production_id, at=at)
    return write_authorisations(parties, given, fields, evidence, actor, at)


def write_authorisations(
    parties: Sequence[Contributor], given: GrantTerms, fields: Fields, evidence: Evidence, actor: Actor, at: datetime
) -> list[Authorisation]:
    """Writes what `checked` found sound, in the caller's transaction; `fields` are its answer."""
    return [_one(party, given, fields, evidence, actor, at) for party in parties]


def _one(
    party: Contributor, given: GrantTerms, fields: Fields, evidence: Evidence, actor: Actor, at: datetime
) -> Authorisation:
    uid = uuid7()
    event = record(
        event="authorisation.recorded", actor=actor, obj_table="loop_authorisation", obj_uid=uid,
        production_id=given.production.pk if given.production else None, at=at,
        facts={
            **fields, "party": str(party.uid), "evidence_sha256": evidence.sha256,
            "notice_sha256": given.notice.text_sha256 if given.notice else None,
            "valid_from": given.valid_from.isoformat(), "valid_until": given.valid_until.isoformat(),
            "supersedes": str(given.supersedes.uid) if given.supersedes else None,
        },
    )  # fmt: skip
    authorisation = Authorisation.objects.create(
        uid=uid, party=party, production=given.production, valid_from=given.valid_from, valid_until=given.valid_until,
        evidence=evidence, notice=given.notice, supersedes=given.supersedes, event=event, recorded_at=at, **fields,
    )  # fmt: skip
    append_state(
        authorisation=authorisation, state=AuthorisationState(given.state), effective_at=at, actor=actor, at=at
    )
    return authorisation


def checked(parties: Sequence[Contributor], given: GrantTerms, actor: Actor) -> Fields:
    """The columns that are the same for every party, if `actor` may record `given` for them; writes nothing."""
    if not parties:
        raise NotValidError("party: expected at least one, found none known to the production", field="party")
    require_authorise(actor, given.production, parties)
    _supersedes_own(given, parties)
    return _fields(given)


def _fields(given: GrantTerms) -> Fields:
    checks.dates_in_order(given.valid_from, given.valid_until)
    checks.one_of("state", given.state, terms.FIRST_STATES)
    checks.not_to_come("evidence.signed_at", given.evidence.signed_at)
    uses = checks.uses(given.uses)
    recipients = _known_recipients(given.recipients)
    kinds = checks.each_of("recipient_kinds", given.recipient_kinds, Recipient.Kind.values)
    allows = any(isinstance(use, Mapping) and use["value"] != terms.NOT_ALLOWED for use in uses.values())
    if allows and not recipients and not kinds:
        raise NotValidError(
            "recipients: expected at least one recipient or class of recipients; naming nobody allows nobody",
            field="recipients",
        )
    territory = checks.places("territory", given.territory)
    deny = checks.places("deny_territory", given.deny_territory)
    both = sorted(set(territory) & set(deny))
    if both:
        raise NotValidError(
            f"deny_territory: expected places that are not also allowed, found {', '.join(both)} in both",
            field="deny_territory",
        )
    return {
        "basis": checks.one_of("basis", given.basis, terms.BASES),
        "uses": uses,
        "recipients": recipients,
        "recipient_kinds": kinds,
        "territory_allow": territory,
        "territory_deny": deny,
        "capacities": checks.each_of("capacities", given.capacities, terms.CAPACITIES),
        "material_kinds": sorted({checks.named("material_kinds", kind, 40) for kind in given.material_kinds}),
        "granted_by": checks.named("granted_by", given.granted_by, 200) if given.granted_by else "",
        "representative_proof": (
            checks.named("representative_proof", given.representative_proof, 200) if given.representative_proof else ""
        ),
        "withdrawal_method": (
            checks.named("withdrawal_method", given.withdrawal_method, 200) if given.withdrawal_method else ""
        ),
        "compensation": checks.compensation(given.compensation),
        "guild": checks.guild(given.guild),
        "retention_days": checks.days("retention_days", given.retention_days),
        "jurisdiction": checks.jurisdiction(given.jurisdiction),
        "on_withdrawal": checks.each_of("on_withdrawal", given.on_withdrawal, terms.ON_WITHDRAWAL),
    }


def _supersedes_own(given: GrantTerms, parties: Iterable[Contributor]) -> None:
    """Nobody replaces what somebody else said, and only what was given is renewed."""
    earlier = given.supersedes
    if earlier is not None and any(party.pk != earlier.party_id for party in parties):
        raise NotValidError(
            f"supersedes: expected a record of the same party, found {earlier.uid} of another", field="supersedes"
        )
    if given.state != AuthorisationState.RENEWED:
        return
    if earlier is None:
        raise NotValidError("supersedes: expected the record that is renewed, found none", field="supersedes")
    newest = earlier.events.order_by("-effective_at", "-id").first()
    if newest is None or newest.state not in {*terms.PERMITTING_STATES, terms.EXPIRED_STATE}:
        found = newest.get_state_display().lower() if newest else "never given"
        raise ConflictError(
            f"supersedes: expected a record that was given, found {earlier.uid}, which is {found}", field="supersedes"
        )


def _known_recipients(codes: Iterable[str]) -> list[str]:
    asked = sorted(set(codes))
    known = set(Recipient.objects.filter(code__in=asked).values_list("code", flat=True))
    for code in asked:
        if code not in known:
            raise NotValidError(f"recipients: expected a registered recipient, found {code!r}", field="recipients")
    return asked
