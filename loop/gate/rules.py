"""The verdict, pure: may a row with these contributions and sources leave, given what the registry says?

Rule source: standards 2.6, all 18 rules, and decision 6 of product.md: default deny, missing data is a denial, any
denial wins, the decider is a contributor. `sieve.py` is the same as SQL; a test generates worlds and compares the two,
codes and their order included.

For each contribution the statements of its party are narrowed, rule by rule. A statement that another one of the party
names in `supersedes` says nothing where that other one is in force and reaches: so, and only so, an express contract
overrides an earlier reservation.

7.  covering: for this production (or every one), this kind of material and this capacity (an empty list means all).
    `employer_ownership` never covers a person's judgement, writing or likeness.
8.  in force: the state at the moment is Given or RenewedGiven, and valid_from <= date <= valid_until, both inclusive.
    If none is, one code says why, by precedence WITHDRAWN (also revoked, invalidated), EXPIRED, NOT_GIVEN.
9.  allowing: the value for the purpose is `allowed`, or `constrained` under a condition that is met (conditions.py).
    An unmet condition fails with CONSTRAINT_UNMET unless a statement in force says `notAllowed`; silence and
    `notAllowed` are USE_NOT_ALLOWED.
10. no statement in force that reaches the contribution, on whatever basis and for whomever, says `notAllowed`.
11. reaching: names the recipient by code or by kind (naming nobody means nobody), and its territory holds all the
    recipient's places. Unknown places fail as soon as a territory is limited.
12. settled: owes nothing. A term without a status is owed, unless it falls due only with a release; what is due in the
    ledger on the date is owed.
16. specific: a likeness, a voice or a minor needs a rider; a minor's needs a guardian's signature.
18. permitting: the recipient's retention fits.

One and the same statement must pass 7, 8, 9, 11, 12, 16 and 18. Where nothing is left, later rules are not asked for
that contribution. Rules 14, 15 and 17 are asked of every text's source; 1 to 5 and 13 of the order itself.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from loop.consent import terms
from loop.gate.conditions import agreements_in_force, allows, fits_retention, is_specific, places_of
from loop.gate.facts import Contribution, Judgement, Question, Source, StateEvent, Statement, Verdict
from loop.gate.reasons import in_rule_order

_RANK = {value: rank for rank, value in enumerate(terms.USE_VALUES)}


def verdict(
    question: Question,
    contributions: Iterable[Contribution],
    statements: Iterable[Statement],
    sources: Iterable[Source] = (),
) -> Verdict:
    """The verdict on one row. `statements` may hold records of anybody; only those of the row's parties count."""
    by_party: dict[int, list[Statement]] = {}
    for statement in statements:
        by_party.setdefault(statement.party, []).append(statement)
    involved = sorted(set(contributions))
    judgements = tuple(judge(question, one, by_party.get(one.party, ())) for one in involved)
    codes = set(question_codes(question)).union(*(judgement.codes for judgement in judgements))
    codes.update(*(source_codes(question, source) for source in sources))
    if not any(one.party and one.capacity == terms.DECIDER for one in involved):
        codes.add("CONTRIBUTOR_UNKNOWN")
    if codes:
        blamed = {judgement.contribution.party for judgement in judgements if judgement.codes}
        return Verdict(in_rule_order(codes), judgements, tuple(sorted(blamed - {0})))
    expiries = [judgement.expires_on for judgement in judgements if judgement.expires_on is not None]
    return Verdict(
        codes=(),
        judgements=judgements,
        contributors=tuple(sorted({one.party for one in involved})),
        authorisation_ids=tuple(sorted({each for judgement in judgements for each in judgement.permitting})),
        expires_on=min(expiries),
        territory=tuple(sorted(_intersection(judgement.territory for judgement in judgements) or ())),
        uses=_most_restrictive(judgement.uses or {} for judgement in judgements),
    )


def question_codes(question: Question) -> tuple[str, ...]:
    """The codes of rules 1 to 5 and 13: what is wrong with the order itself, whatever the rows."""
    codes: set[str] = set()
    if question.purpose == terms.REPLICA:
        codes.add("REPLICA_BLOCKED")
    elif question.purpose not in terms.PURPOSES:
        codes.add("PURPOSE_UNKNOWN")
    if question.profile is not None and not fits(question.profile, question.purpose):
        codes.add("FORMAT_PURPOSE_MISMATCH")
    if not any(question.purpose in agreement.purposes for agreement in agreements_in_force(question)):
        codes.add("RECIPIENT_NOT_AUTHORISED")
    if question.recipient is not None and question.recipient.overdue:
        codes.add("RECIPIENT_RECALL_OVERDUE")
    show = question.production
    embargoed = show.embargo_until is not None and show.embargo_until >= question.on
    if not show.exports_allowed or show.legal_hold or embargoed or show.status == "hold":
        codes.add("PRODUCTION_BLOCKED")
    is_ours = question.recipient is not None and question.recipient.kind == terms.OWN_PRODUCTION
    if not is_ours and show.guilds - show.guilds_told:
        codes.add("GUILD_NOTICE_MISSING")
    return in_rule_order(codes)


def source_codes(question: Question, source: Source) -> tuple[str, ...]:
    """Rules 14, 15 and 17 for where one text comes from."""
    codes: set[str] = set()
    trains = question.purpose in terms.TRAINING_PURPOSES
    if trains and source.origin == terms.FROM_MODEL and source.training != terms.ALLOWED:
        codes.add("SUPPLIER_TERMS")
    if source.origin not in terms.ORIGINS or (source.origin == terms.FROM_MODEL and not source.model):
        codes.add("ORIGIN_UNDISCLOSED")
    if source.screen == terms.QUARANTINED:
        codes.add("SCREEN_QUARANTINE")
    return in_rule_order(codes)


def fits(profile: str, purpose: str) -> bool:
    """Whether a release of that profile may be ordered for that purpose. A profile that the table lacks fits none."""
    if profile not in terms.PROFILE_PURPOSE:
        return False
    needed = terms.PROFILE_PURPOSE[profile]
    return purpose in terms.GRANTABLE_PURPOSES if needed is None else purpose == needed


def state_at(events: Iterable[StateEvent], moment: datetime) -> str | None:
    """The state at `moment`: that of the newest event by (effective_at, id) not after it; None before the first."""
    reached = [event for event in events if event.effective_at <= moment]
    return max(reached, key=lambda event: (event.effective_at, event.id)).state if reached else None


def standing(statement: Statement, question: Question) -> str | None:
    """None if the statement is in force; otherwise the code of rule 8 that says why not."""
    state = state_at(statement.events, question.moment)
    if state in terms.WITHDRAWN_STATES:
        return "WITHDRAWN"
    if state == terms.EXPIRED_STATE:
        return "EXPIRED"
    if state not in terms.PERMITTING_STATES or statement.valid_from > question.on:
        return "NOT_GIVEN"
    return "EXPIRED" if statement.valid_until < question.on else None


def judge(question: Question, contribution: Contribution, statements: Iterable[Statement]) -> Judgement:
    """Rules 6 to 12, 16 and 18 for one contribution, over the statements of its party."""
    if not contribution.party or contribution.capacity not in terms.CAPACITIES:
        return Judgement(contribution, ("CONTRIBUTOR_UNKNOWN",))
    speaking = [each for each in statements if _reaches(each, contribution, question)]
    standings = {each.id: standing(each, question) for each in speaking}
    replaced = {each.supersedes for each in speaking if standings[each.id] is None}
    reaching = [each for each in speaking if each.id not in replaced]
    covering = [each for each in reaching if _suffices(each, contribution)]
    covering_ids = _ids(covering)
    if not covering:
        return Judgement(contribution, ("CONSENT_MISSING",))
    in_force = [each for each in covering if standings[each.id] is None]
    if not in_force:
        found = {standings[each.id] for each in covering}
        code = next(code for code in ("WITHDRAWN", "EXPIRED", "NOT_GIVEN") if code in found)
        return Judgement(contribution, (code,), covering_ids)
    in_force_ids = _ids(in_force)
    values = {each.uses.get(question.purpose) for each in in_force}
    allowing = [each for each in in_force if allows(each, question)]
    if not allowing:
        bound = terms.CONSTRAINED in values and terms.NOT_ALLOWED not in values
        refusal = "CONSTRAINT_UNMET" if bound else "USE_NOT_ALLOWED"
        return Judgement(contribution, (refusal,), covering_ids, in_force_ids)
    effective = [each for each in reaching if standings[each.id] is None]
    denying = [each for each in effective if each.uses.get(question.purpose) == terms.NOT_ALLOWED]
    codes = ["CONFLICT_MOST_RESTRICTIVE"] if denying else []
    named = [each for each in allowing if _names_recipient(each, question)]
    within = [each for each in named if _holds_places(each, question)]
    settled = [each for each in within if not each.is_open]
    specific = [each for each in settled if is_specific(each, contribution, question)]
    permitting = [each for each in specific if fits_retention(each, question)]
    for missing, left in (
        ("RECIPIENT_OUT_OF_SCOPE", named), ("TERRITORY", within), ("COMPENSATION_DUE", settled),
        ("SENSITIVE_SUBJECT", specific), ("RETENTION", permitting),
    ):  # fmt: skip
        if not left:
            codes.append(missing)
            break
    return Judgement(
        contribution=contribution,
        codes=tuple(codes),
        covering=covering_ids,
        in_force=in_force_ids,
        allowing=_ids(allowing),
        denying=_ids(denying),
        reaching=_ids(within),
        settled=_ids(settled),
        specific=_ids(specific),
        permitting=_ids(permitting),
        expires_on=min((each.valid_until for each in permitting), default=None),
        territory=_intersection(_territory(each) for each in permitting),
        uses={purpose: _flag(purpose, permitting, effective) for purpose in terms.FLAG_PURPOSES},
    )


def _reaches(statement: Statement, contribution: Contribution, question: Question) -> bool:
    return (
        statement.party == contribution.party
        and statement.production in (None, question.production.id)
        and (not statement.material_kinds or contribution.material_kind in statement.material_kinds)
        and (not statement.capacities or contribution.capacity in statement.capacities)
    )


def _suffices(statement: Statement, contribution: Contribution) -> bool:
    return statement.basis != terms.EMPLOYER_OWNERSHIP or contribution.capacity not in terms.PERSONAL_CAPACITIES


def _names_recipient(statement: Statement, question: Question) -> bool:
    recipient = question.recipient
    if recipient is None:
        return False
    return recipient.code in statement.recipients or recipient.kind in statement.recipient_kinds


def _holds_places(statement: Statement, question: Question) -> bool:
    if not statement.territory_allow and not statement.territory_deny:
        return True
    places = places_of(question)
    within = not statement.territory_allow or places <= statement.territory_allow
    return bool(places) and within and not places & statement.territory_deny


def _territory(statement: Statement) -> frozenset[str] | None:
    if not statement.territory_allow and not statement.territory_deny:
        return None
    return (statement.territory_allow or frozenset(terms.PLACES)) - statement.territory_deny


def _intersection(
    territories: Iterable[frozenset[str] | None],
) -> frozenset[str] | None:
    """What all have in common; None is everywhere."""
    limited = [territory for territory in territories if territory is not None]
    return frozenset.intersection(*limited) if limited else None


def _flag(purpose: str, permitting: Iterable[Statement], effective: Iterable[Statement]) -> str:
    """What the party says of `purpose` beside the one asked for: any denial in force wins, silence denies."""
    if any(each.uses.get(purpose) == terms.NOT_ALLOWED for each in effective):
        return terms.NOT_ALLOWED
    said = [each.uses[purpose] for each in permitting if purpose in each.uses]
    return _stricter(said) if said else terms.NOT_ALLOWED


def _most_restrictive(flags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    gathered = list(flags)
    return {purpose: _stricter(each[purpose] for each in gathered) for purpose in terms.FLAG_PURPOSES}


def _stricter(values: Iterable[str]) -> str:
    """The most restrictive of the values; one that is no value at all denies."""
    return max(
        (value if value in terms.USE_VALUES else terms.NOT_ALLOWED for value in values),
        key=_RANK.__getitem__,
    )


def _ids(statements: Iterable[Statement]) -> tuple[int, ...]:
    return tuple(sorted(each.id for each in statements))
