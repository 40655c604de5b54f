"""The sample's consent registry: recipients, notices, authorisations with their evidence, terms, the one withdrawal."""

from collections.abc import Mapping
from datetime import date, datetime

from loop.consent import checks
from loop.consent.agreement import AgreementTerms, record_agreement
from loop.consent.grant import grant
from loop.consent.guild import record_guild_notice
from loop.consent.models import Authorisation, AuthorisationState, GuildNotice, Notice, Recipient
from loop.consent.notice import record_notice
from loop.consent.recipient import add_recipient
from loop.consent.recording import GrantTerms
from loop.consent.request import ask_parties
from loop.consent.terms import WITHDRAWN_STATES
from loop.kernel.actor import Actor
from loop.material.models import Production
from loop.people.models import Contributor
from loop.recall.withdraw import withdraw
from loop.sample.content import Facts, document, text_of
from loop.suggestion.models import ModelTerms
from loop.suggestion.terms import record_terms


def add_recipients(facts: Facts, *, actor: Actor, at: datetime) -> None:
    """Who may receive, with what each signed. A recipient of that code that is there already gets the agreement."""
    for recipient in facts["recipients"]:
        entry = recipient["agreement"]
        agreement = AgreementTerms(
            signed_on=date.fromisoformat(entry["signed_on"]),
            valid_from=date.fromisoformat(entry["valid_from"]),
            valid_until=date.fromisoformat(entry["valid_until"]),
            purposes=entry["purposes"],
            places=entry["places"],
            evidence=document(entry["evidence"]),
            retention_days=entry["retention_days"],
            weights_owner=entry["weights_owner"],
            perpetual_licence=entry["perpetual_licence"],
            sublicensing=entry["sublicensing"],
        )
        known = Recipient.objects.filter(code=recipient["code"]).first()
        if known is None:
            add_recipient(
                code=recipient["code"], name=recipient["name"], kind=recipient["kind"], agreement=agreement,
                actor=actor, at=at,
            )  # fmt: skip
        elif not known.agreements.filter(evidence__sha256=document(entry["evidence"]).sha256).exists():
            record_agreement(recipient=known, agreement=agreement, actor=actor, at=at)


def add_notices(facts: Facts, production: Production, *, actor: Actor, at: datetime) -> dict[str, Notice]:
    """What people were shown, by the name the files use; and what the guilds were told about whom, each once."""
    told = set(GuildNotice.objects.filter(production=production).values_list("guild", "recipient__code"))
    recipients = {each.code: each for each in Recipient.objects.all()}
    for entry in facts["guild_notices"]:
        for code in entry["recipients"]:
            if (entry["guild"], code) not in told:
                record_guild_notice(
                    production=production, guild=entry["guild"], kind=entry["kind"], recipient=recipients[code],
                    sent_on=date.fromisoformat(entry["given_on"]), evidence=document(entry["evidence"]), actor=actor,
                    at=at,
                )  # fmt: skip
    return {
        entry["external_id"]: record_notice(
            version=entry["version"], language=entry["language"], text=text_of(entry["file"]), actor=actor, at=at
        )
        for entry in facts["notices"]
    }


def add_authorisations(
    facts: Facts,
    production: Production,
    parties: Mapping[str, Contributor],
    notices: Mapping[str, Notice],
    *,
    actor: Actor,
    at: datetime,
) -> dict[str, Authorisation]:
    """What each party allows, by the name the files use; one that was recorded before is not recorded again."""
    found = {}
    for entry in facts["authorisations"]:
        party, given = parties[entry["party"]], _terms(entry, production, notices)
        held = Authorisation.objects.filter(
            party=party,
            production=production,
            evidence__sha256=given.evidence.sha256,
            basis=given.basis,
            uses=checks.uses(given.uses),
            recipients=sorted(given.recipients),
            capacities=sorted(given.capacities),
            valid_from=given.valid_from,
            valid_until=given.valid_until,
        ).first()
        found[entry["external_id"]] = held or grant(party=party, given=given, actor=actor, at=at)
    return found


def add_withdrawals(facts: Facts, authorisations: Mapping[str, Authorisation], *, actor: Actor) -> None:
    """Takes back what was taken back, unless that is recorded already."""
    for entry in facts["withdrawals"]:
        authorisation = authorisations[entry["authorisation"]]
        if not authorisation.events.filter(state__in=WITHDRAWN_STATES).exists():
            withdraw(
                authorisations=[authorisation],
                state=AuthorisationState(entry["state"]),
                actor=actor,
                reason=entry["reason"],
            )


def add_requests(
    facts: Facts,
    production: Production,
    parties: Mapping[str, Contributor],
    notices: Mapping[str, Notice],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Who was asked and has not answered yet, each asked once."""
    for entry in facts["requests"]:
        party, uses, recipients = parties[entry["party"]], sorted(entry["uses"]), sorted(entry["recipients"])
        if not party.requests.filter(production=production, uses=uses, recipients=recipients).exists():
            ask_parties(
                parties=[party], production=production, uses=uses, recipients=recipients, actor=actor, at=at,
                valid_until=date.fromisoformat(entry["valid_until"]), notice=notices[entry["notice"]],
                compensation=entry["compensation"],
            )  # fmt: skip


def add_terms(facts: Facts, *, actor: Actor, at: datetime) -> None:
    """The suppliers' terms for the models that brought the suggestions."""
    for entry in facts["models"]:
        evidence = document(entry["evidence"])
        held = ModelTerms.objects.filter(
            model__label=entry["model"],
            training_on_outputs=entry["training_on_outputs"],
            output_owner=entry["output_owner"],
            evidence__sha256=evidence.sha256,
        )
        if not held.exists():
            record_terms(
                label=entry["model"], training_on_outputs=entry["training_on_outputs"],
                output_owner=entry["output_owner"], evidence=evidence, actor=actor, at=at,
            )  # fmt: skip


def _terms(entry: Facts, production: Production, notices: Mapping[str, Notice]) -> GrantTerms:
    return GrantTerms(
        production=production,
        basis=entry["basis"],
        uses=entry["uses"],
        recipients=entry["recipients"],
        territory=entry["territory"]["allow"],
        deny_territory=entry["territory"]["deny"],
        capacities=entry["capacities"],
        material_kinds=entry["material_kinds"],
        valid_from=date.fromisoformat(entry["valid_from"]),
        valid_until=date.fromisoformat(entry["valid_until"]),
        evidence=document(entry["evidence"]),
        on_withdrawal=entry["on_withdrawal"],
        withdrawal_method=entry["withdrawal_method"],
        compensation=entry["compensation"],
        guild=entry["guild"],
        notice=notices[entry["notice"]] if entry["notice"] else None,
    )
