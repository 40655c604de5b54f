"""Why a row may leave, or may not: every rule with the records that decide it and who can do something about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q

from loop.consent.lock import database_moment
from loop.consent.models import Authorisation, Recipient
from loop.decision.models import Decision, Outcome
from loop.gate import reasons
from loop.gate.conditions import kept_days, places_of, used_days
from loop.gate.contributions import gather
from loop.gate.facts import Contribution, Judgement, Question, Source, Statement, Verdict
from loop.gate.question import ask
from loop.gate.reasons import BY_CODE, RULES
from loop.gate.rules import question_codes, source_codes, standing, verdict
from loop.gate.sources import sources_of
from loop.gate.statements import as_statement, records_of
from loop.kernel.clock import utc_date
from loop.material.models import MaterialContribution
from loop.people.models import Contributor
from loop.suggestion.models import (
    BriefContribution,
    Suggestion,
    SuggestionContribution,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a rule looked at. `code` "": it is fine. `contributor`, `authorisation`: whom and which record."""

    text: str
    code: str = ""
    contributor: Contributor | None = None
    authorisation: Authorisation | None = None


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What one rule says: passed (True), failed (False), or not asked because an earlier rule left nothing (None)."""

    number: int
    asks: str
    passed: bool | None
    codes: tuple[str, ...]
    facts: tuple[Fact, ...]

    @property
    def remedies(self) -> tuple[str, ...]:
        """Who can fix it, and how, for each code."""
        return tuple(BY_CODE[code].remedy for code in self.codes)


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The answer for one row: that of `decision`, or of the suggestion nobody has decided on (None)."""

    decision: Decision | None
    verdict: Verdict
    rules: tuple[RuleAnswer, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for a suggestion: one for each of its live decisions, in their order."""

    suggestion: Suggestion
    question: Question
    rows: tuple[RowAnswer, ...]

    @property
    def allowed(self) -> bool:
        """Whether at least one row may leave."""
        return any(row.verdict.allowed for row in self.rows)


def explain(
    *,
    suggestion: Suggestion,
    purpose: str,
    recipient: Recipient | None,
    profile: str | None = None,
    decision: Decision | None = None,
    other: Decision | None = None,
    on: date | None = None,
    moment: datetime | None = None,
) -> Explanation:
    """The gate's answer for `suggestion`, each rule with its evidence.

    One row for each decision that gives a signal (accept, reject, revise) and is not superseded; `decision` narrows it
    to one, live or not, and `other` makes it a pair: one row of both decisions. Without any, the answer is that of the
    suggestion alone, where rule 6 fails: nobody decided.
    `moment` default: the database's now; `on` default: its date in UTC. `profile` None leaves rule 2 out.
    Some ten queries, and three a decision. Nothing is written but temporary tables.
    """
    with transaction.atomic():
        when = moment or database_moment()
        question = ask(
            production=suggestion.production, purpose=purpose, profile=profile, recipient=recipient,
            on=on or utc_date(when), moment=when,
        )  # fmt: skip
        decisions = [decision] if decision is not None else _live(suggestion)
        both = [other] if other is not None and other not in decisions else []
        parts = _parts([*decisions, *both])
        for each in both:
            parts[decisions[0].pk] |= parts.pop(each.pk)
    involved = parts if decisions else {0: _listed(suggestion)}
    everybody = {one.party for group in involved.values() for one in group}
    people = Contributor.objects.in_bulk(everybody)
    records = {record.pk: record for record in records_of(everybody)}
    subjects: Sequence[Decision | None] = decisions or [None]
    rows = [
        _row(
            question,
            subject,
            involved.get(subject.pk if subject else 0, set()),
            people,
            records,
            [
                *sources_of(suggestion, subject, moment=question.moment),
                *(one for each in both for one in sources_of(each.suggestion, each, moment=question.moment)),
            ],
        )
        for subject in subjects
    ]
    return Explanation(suggestion, question, tuple(rows))


def _live(suggestion: Suggestion) -> list[Decision]:
    labels = (Outcome.ACCEPT, Outcome.REJECT, Outcome.REVISE)
    live = suggestion.decisions.filter(outcome__in=labels, superseded_by__isnull=True)
    return list(live.select_related("decided_by", "on_behalf_of").order_by("id"))


def _parts(decisions: Sequence[Decision]) -> dict[int, set[Contribution]]:
    """The contributions of each decision's row, by the statement that exports use."""
    found: dict[int, set[Contribution]] = {decision.pk: set() for decision in decisions}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS explained")
        cursor.execute(
            "CREATE TEMP TABLE explained ON COMMIT DROP AS SELECT id AS n, id AS decision_id,"
            " NULL::bigint AS other_decision_id FROM loop_decision WHERE id = ANY(%s)",
            [list(found)],
        )
        gather(cursor, candidates="explained")
        cursor.execute("SELECT DISTINCT n, party, capacity, material_kind FROM sieve_part")
        for n, party, capacity, kind in cursor.fetchall():
            found[n].add(Contribution(party, capacity, kind))
        cursor.execute("DROP TABLE explained")
    return found


def _listed(suggestion: Suggestion) -> set[Contribution]:
    """Who is listed on a suggestion that nobody has decided on yet."""
    own = SuggestionContribution.objects.filter(suggestion=suggestion).values_list("contributor_id", "capacity")
    brief = BriefContribution.objects.filter(brief=suggestion.brief_id).values_list("contributor_id", "capacity")
    drawn_on = Q(material__suggestion_links__suggestion=suggestion) | Q(
        material__brief_links__brief=suggestion.brief_id
    )
    materials = MaterialContribution.objects.filter(drawn_on).values_list(
        "contributor_id", "capacity", "material__kind"
    )
    return (
        {Contribution(party, capacity, "suggestion") for party, capacity in own}
        | {Contribution(party, capacity, "brief") for party, capacity in brief}
        | {Contribution(party, capacity, kind) for party, capacity, kind in materials}
    )


def _row(
    question: Question,
    decision: Decision | None,
    involved: Iterable[Contribution],
    people: dict[int, Contributor],
    records: dict[int, Authorisation],
    sources: Sequence[Source],
) -> RowAnswer:
    statements = {pk: _statement(record, question) for pk, record in records.items()}
    found = verdict(question, involved, statements.values(), sources)
    rules = [_order_rule(number, question) for number in reasons.OF_THE_ORDER]
    for number in reasons.OF_EACH_CONTRIBUTION:
        facts = [
            fact for judgement in found.judgements for fact in _facts(number, judgement, question, people, records)
        ]
        if number == reasons.CONTRIBUTOR and decision is None:
            facts.append(Fact("Nobody has decided on it, so there is no row.", "CONTRIBUTOR_UNKNOWN"))
        codes = tuple(dict.fromkeys(fact.code for fact in facts if fact.code))
        rules.append(RuleAnswer(number, RULES[number], not codes if facts else None, codes, tuple(facts)))
    rules += [_source_rule(number, question, sources) for number in reasons.OF_EACH_SOURCE]
    return RowAnswer(decision, found, tuple(sorted(rules, key=lambda rule: rule.number)))


def _statement(record: Authorisation, question: Question) -> Statement:
    return as_statement(record, on=question.on, moment=question.moment)


def _source_rule(number: int, question: Question, sources: Sequence[Source]) -> RuleAnswer:
    facts = []
    # Two for each decision, the suggestion's and the decision's own; they differ in what screening said.
    for source in sources if number == reasons.SCREEN else sources[::2]:
        failed = next((code for code in source_codes(question, source) if BY_CODE[code].rule == number), "")
        text = {
            reasons.SUPPLIER: f"origin {source.origin}, training on its outputs {source.training or 'not recorded'}",
            reasons.ORIGIN: f"origin {source.origin}" + ("" if source.model else ", no model named"),
            reasons.SCREEN: f"screening {source.screen or 'has not seen it'}",
        }[number]
        facts.append(Fact(text, failed))
    codes = tuple(dict.fromkeys(fact.code for fact in facts if fact.code))
    return RuleAnswer(number, RULES[number], not codes, codes, tuple(facts))


def _order_rule(number: int, question: Question) -> RuleAnswer:
    codes = tuple(code for code in question_codes(question) if BY_CODE[code].rule == number)
    recipient, show = question.recipient, question.production
    text = {
        reasons.PURPOSE: f"purpose {question.purpose}",
        reasons.PROFILE: f"profile {question.profile}, purpose {question.purpose}"
        if question.profile
        else "no profile was named",
        reasons.RECIPIENT: _agreements(question) if recipient else "no recipient is registered",
        reasons.RECALL: f"{recipient.overdue if recipient else 0} answers to recalls overdue",
        reasons.GUILD: (
            f"guilds {', '.join(sorted(show.guilds)) or 'none'}; told {', '.join(sorted(show.guilds_told)) or 'none'}"
        ),
        reasons.PRODUCTION: (
            f"status {show.status}, exports {'allowed' if show.exports_allowed else 'not allowed'},"
            f" legal hold {'on' if show.legal_hold else 'off'}, embargo until {show.embargo_until or 'never set'}"
        ),
    }[number]
    return RuleAnswer(number, RULES[number], not codes, codes, (Fact(text, codes[0] if codes else ""),))


def _agreements(question: Question) -> str:
    recipient = question.recipient
    if recipient is None or not recipient.agreements:
        return "no agreement is recorded"
    return "; ".join(
        f"signed {each.signed_on}, {each.valid_from} to {each.valid_until},"
        f" for {', '.join(sorted(each.purposes))}, in {', '.join(sorted(each.places)) or 'unknown places'}"
        for each in recipient.agreements
    )


def _facts(
    number: int,
    judgement: Judgement,
    question: Question,
    people: dict[int, Contributor],
    records: dict[int, Authorisation],
) -> Iterable[Fact]:
    """What rule `number` found for one contribution: a fact for its failure, or one for each record that passed."""
    one = judgement.contribution
    person = people.get(one.party)
    who = f"{person or 'somebody unknown'}, {one.capacity or 'unknown capacity'} of {one.material_kind}"
    failed = next((code for code in judgement.codes if BY_CODE[code].rule == number), "")
    if number == reasons.CONTRIBUTOR:
        yield Fact(who, failed, person)
        return
    if failed == "CONSENT_MISSING":
        yield Fact(f"{who}: nothing recorded covers it", failed, person)
        return
    looked_at = {
        reasons.COVERED: judgement.covering,
        reasons.IN_FORCE: judgement.covering,
        reasons.USE: judgement.in_force,
        reasons.CONFLICT: judgement.denying or judgement.allowing,
        reasons.SCOPE: judgement.allowing,
        reasons.COMPENSATION: judgement.reaching,
        reasons.SENSITIVE: judgement.settled,
        reasons.RETENTION: judgement.specific,
    }[number]
    for record in (records[each] for each in looked_at):
        passed = {
            reasons.COVERED: True,
            reasons.IN_FORCE: record.pk in judgement.in_force,
            reasons.USE: record.pk in judgement.allowing,
            reasons.CONFLICT: record.pk not in judgement.denying,
            reasons.SCOPE: record.pk in judgement.reaching,
            reasons.COMPENSATION: record.pk in judgement.settled,
            reasons.SENSITIVE: record.pk in judgement.specific,
            reasons.RETENTION: record.pk in judgement.permitting,
        }[number]
        yield Fact(f"{who}: {_says(number, record, question)}", "" if passed else failed, person, record)


def _says(number: int, record: Authorisation, question: Question) -> str:
    """What a record says that rule `number` asks about."""
    statement = _statement(record, question)
    if number == reasons.COVERED:
        return f"{record.get_basis_display()} recorded {record.recorded_at:%Y-%m-%d}, {record.evidence.file_name}"
    if number == reasons.IN_FORCE:
        state = standing(statement, question)
        newest = max(record.events.all(), key=lambda event: (event.effective_at, event.id), default=None)
        since = f"{newest.get_state_display()} since {newest.effective_at:%Y-%m-%d}" if newest else "never given"
        return f"{since}, applies {record.valid_from} to {record.valid_until}, {(state or 'in force').lower()}"
    if number in (reasons.USE, reasons.CONFLICT):
        return f"{question.purpose} = {statement.uses.get(question.purpose, 'not mentioned')}"
    if number == reasons.COMPENSATION:
        term = record.compensation.get("term")
        return (
            f"{term or 'no compensation'} promised, {'something is owed' if statement.is_open else 'nothing is owed'}"
        )
    if number == reasons.SENSITIVE:
        named = ", ".join(sorted(statement.capacities)) or "no capacity"
        return f"names {named}; {'a rider' if statement.is_rider else record.evidence.kind or 'a document'}"
    if number == reasons.RETENTION:
        kept, limit = kept_days(question), statement.retention_days
        return (
            f"the recipient keeps it {f'{kept} days' if kept is not None else 'without a limit'} and uses it"
            f" {used_days(question)} days; the party allows {f'{limit} days' if limit is not None else 'any time'}"
        )
    names = sorted(statement.recipients) + [f"every {kind} recipient" for kind in sorted(statement.recipient_kinds)]
    allowed = ", ".join(sorted(statement.territory_allow)) or "everywhere"
    denied = f" except {', '.join(sorted(statement.territory_deny))}" if statement.territory_deny else ""
    places = ", ".join(sorted(places_of(question))) or "unknown places"
    return f"names {', '.join(names) or 'nobody'}; allows {allowed}{denied}; the recipient works in {places}"
