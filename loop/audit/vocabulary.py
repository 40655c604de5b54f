"""Every kind of event: the sentence people read, the facts it must carry, and the table it vouches for. Pure.

An event vouches for a row in one of two ways:

- by digest: `record(commit=row.digest)`. The row's table has a column `digest` that must equal the commit for ever.
- by facts: `record(facts={...})`. On an append-only table each fact that has the name of a column (`valid_from`,
  `uses`, `sha256`) must go on meaning the same as that column; one with the name of a relation (`party`) must be the
  uid, code or external id of the row it leads to. Other facts are read by people only. Facts are erasable.

`VOUCHED` says what `audit.verify` asks of each table. An event's object is the row itself: the object of an
`authorisation.state` is the row of loop_authorisation_event, not the authorisation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loop.kernel.canonical import Json
from loop.kernel.errors import LoopError

ERASED = "[erased]"


class UnknownEventError(LoopError):
    """No such event is in the vocabulary, or it may not be said of that table or with those facts."""

    code = "unknown_event"


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event. `tables` are where its object may stand ("" for an object that is no row, None for any)."""

    sentence: str
    tables: tuple[str, ...] | None
    required: tuple[str, ...] = ()
    by_digest: bool = False
    data: bool = True  # may change what a later export contains


@dataclass(frozen=True, slots=True)
class TextCommit:
    """The side table of a row's erasable text, and the fields that the row's `text_commit` covers with its salt."""

    table: str
    key: str
    fields: tuple[str, ...]
    json_fields: tuple[str, ...] = ()  # those among them that are stored as jsonb


@dataclass(frozen=True, slots=True)
class Parent:
    """The row that a row answers: its table, and the column that leads to it."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """What must hold between a table and the log.

    `events` may have a row of the table as object. `linked`: each row names its event in `event_id`. `needs_event`: a
    row without any of `events` is an orphan. `frozen`: rows never change, so facts recorded of a row stay true of it.
    `parent`: a row without a uid of its own, an answer to another row; its events have that row as object.
    `recompute` names the function of the owning noun that works a row's `digest` out from its other columns again:
    `(after: int, limit: int) -> list of (id, uid, stored digest, digest worked out)`, rows with id > after, ascending.
    """

    events: tuple[str, ...]
    linked: bool = False
    needs_event: bool = False
    frozen: bool = False
    recompute: str = ""
    text: TextCommit | None = None
    parent: Parent | None = None


EVENTS: Mapping[str, EventType] = {
    "production.added": EventType("added the production {code}", ("loop_production",), ("code",)),
    "production.changed": EventType("changed the production's settings", ("loop_production",)),
    "production.review_policy": EventType(
        "set how the production reviews: {settings}", ("loop_production",), ("settings",), data=False
    ),
    "production.permits": EventType("set what the production permits: {settings}", ("loop_production",), ("settings",)),
    "member.added": EventType("added a member as {role}", ("loop_member",), ("role",)),
    "member.changed": EventType("changed a membership", ("loop_member",)),
    "contributor.added": EventType("added the contributor {external_id}", ("loop_contributor",), ("external_id",)),
    "contributor.changed": EventType("changed a contributor", ("loop_contributor",)),
    "user.added": EventType("added a login", ("loop_user",), data=False),
    "user.changed": EventType("changed a login", ("loop_user",), data=False),
    "token.created": EventType(
        "created the token {name} for {scopes}", ("loop_token",), ("name", "scopes"), data=False
    ),
    "token.revoked": EventType("revoked a token", ("loop_token",), data=False),
    "recipient.added": EventType("added the recipient {code}", ("loop_recipient",), ("code",)),
    "recipient.changed": EventType("changed a recipient", ("loop_recipient",)),
    "recipient.agreement": EventType(
        "recorded an agreement with a recipient for {purposes}, {valid_from} to {valid_until}",
        ("loop_recipient_agreement",),
        ("purposes", "valid_from", "valid_until"),
    ),
    "model.terms": EventType(
        "recorded a model's terms: training on its outputs {training_on_outputs}",
        ("loop_model_terms",),
        ("training_on_outputs",),
    ),
    "material.added": EventType("added a material", ("loop_material",)),
    "material.version": EventType(
        "brought in version {number} of a material", ("loop_material_version",), ("number", "sha256")
    ),
    "media.stored": EventType(
        "stored the media file with SHA-256 {sha256}", ("loop_media",), ("sha256", "size_bytes"), data=False
    ),
    "media.retried": EventType(
        "had the renditions of a media file made again", ("loop_media",), ("kinds",), data=False
    ),
    "suggestion.recorded": EventType("recorded a suggestion", ("loop_suggestion",), by_digest=True),
    "decision.recorded": EventType("recorded a decision", ("loop_decision",), by_digest=True),
    "decision.chosen": EventType(
        "chose {chosen} over {over}, of {brief}", ("loop_decision",), ("chosen", "over", "brief"), data=False
    ),
    "decision.dismissed": EventType(
        "dismissed all of {brief}: {over}", ("loop_decision",), ("over", "brief"), data=False
    ),
    "decision.taken_back": EventType(
        "took back a choice among {decisions} candidates of {brief}",
        ("loop_decision",),
        ("decisions", "brief"),
        data=False,
    ),
    "queue.assigned": EventType(
        "assigned {items} suggestions to {people}", ("loop_production",), ("items", "people"), data=False
    ),
    "queue.unassigned": EventType(
        "took {items} suggestions back from {people}", ("loop_production",), ("items", "people"), data=False
    ),
    "opinion.asked": EventType("asked for a second opinion", ("loop_suggestion",), data=False),
    "opinion.withdrawn": EventType("asked no longer for a second opinion", ("loop_suggestion",), data=False),
    "reason.registered": EventType("registered the reason {code}", ("loop_production",), ("code",)),
    "beat.registered": EventType("registered the beat {code}", ("loop_production",), ("code",)),
    "guild.notice": EventType(
        "recorded a {kind} to the guild {guild}, sent {sent_on}", ("loop_guild_notice",), ("guild", "kind", "sent_on")
    ),
    "compensation.entry": EventType(
        "recorded compensation as {kind}", ("loop_compensation_entry",), ("kind",), data=True
    ),
    "recipient.duty": EventType("set a recipient a duty until {due_at}", ("loop_recipient_duty",), ("kind", "due_at")),
    "recipient.duty_met": EventType("recorded a recipient's duty as met", ("loop_recipient_duty",)),
    "recall.acknowledged": EventType("recorded what a recipient did about a recall", ("loop_recall_ack",), ("by",)),
    "contributor.link": EventType(
        "opened a contributor's own door until {expires_at}", ("loop_contributor_link",), ("expires_at",), data=False
    ),
    "contributor.link_closed": EventType("closed a contributor's door", ("loop_contributor_link",), data=False),
    "consent.requested": EventType(
        "asked a party for {uses}", ("loop_consent_request",), ("uses", "recipients"), data=False
    ),
    "consent.answered": EventType("recorded the answer {answer} to a request", ("loop_consent_request",), ("answer",)),
    "approval.asked": EventType(
        "asked for a second person's approval", ("loop_approval_request",), ("kind",), data=False
    ),
    "approval.decided": EventType(
        "decided on an approval: {approved}", ("loop_approval_request",), ("approved",), data=False
    ),
    "screening.verdict": EventType("screened a text: {verdict}", ("loop_screen_verdict",), ("verdict", "version")),
    "screening.asked": EventType(
        "asked for what is recorded to be screened by {version}", ("loop_production",), ("version",)
    ),
    "evidence.stored": EventType("stored evidence with SHA-256 {sha256}", ("loop_evidence",), ("sha256",)),
    "notice.recorded": EventType("recorded version {version} of a notice", ("loop_notice",), ("version",)),
    "authorisation.recorded": EventType(
        "recorded an authorisation ({basis}) for {uses}, {valid_from} to {valid_until}",
        ("loop_authorisation",),
        ("basis", "uses", "valid_from", "valid_until"),
    ),
    "authorisation.state": EventType(
        "set an authorisation to {state}, effective {effective_at}",
        ("loop_authorisation_event",),
        ("state", "effective_at"),
    ),
    "recipe.saved": EventType(
        "saved version {version} of the recipe {name}", ("loop_saved_recipe",), ("name", "version"), data=False
    ),
    "recipe.retired": EventType("retired the recipe {name}", ("loop_saved_recipe",), ("name",), data=False),
    "export.ordered": EventType(
        "ordered an export: {profile} for {purpose}", ("loop_export",), ("profile", "purpose"), data=False
    ),
    "export.frozen": EventType("froze the membership of an export", ("loop_export",), data=False),
    "export.built": EventType(
        "built an export of {rows} rows, manifest SHA-256 {manifest_sha256}",
        ("loop_export",),
        ("manifest_sha256", "rows"),
        data=False,
    ),
    "export.published": EventType(
        "published an export, manifest SHA-256 {manifest_sha256}", ("loop_export",), ("manifest_sha256",), data=False
    ),
    "export.failed": EventType("gave up an export", ("loop_export",), data=False),
    "export.cancelled": EventType("cancelled an export", ("loop_export",), data=False),
    "export.downloaded": EventType("downloaded {file}", ("loop_download",), ("file",), data=False),
    "recall.issued": EventType(
        "issued a recall of {rows} rows of an export", ("loop_recall_notice",), ("rows",), data=False
    ),
    "party.erased": EventType("erased what a party left on the production ({basis})", ("loop_erasure",), ("basis",)),
    "text.erased": EventType(
        "erased a text ({basis})",
        (
            "loop_material_version",
            "loop_suggestion",
            "loop_decision",
            "loop_audit_event",
            "loop_brief",
            "loop_evidence",
        ),
        ("basis",),
    ),
    "key.created": EventType("put the signing key {vkey} into use", ("",), ("vkey",), data=False),
    "session.login": EventType("logged in", ("loop_user",), data=False),
    "session.logout": EventType("logged out", ("loop_user",), data=False),
    "session.refused": EventType("was refused at login", ("loop_user", ""), data=False),
    "text.revealed": EventType("had unreleased text revealed: {basis}", None, ("basis",), data=False),
    "admin.access": EventType("used the admin: {path}", None, ("path",), data=False),
}

NOT_DATA = tuple(sorted(name for name, event in EVENTS.items() if not event.data))
"""Events that change nothing an export could contain, so they do not move its cut-off."""

CONSENT_EVENTS = (
    "authorisation.recorded", "authorisation.state", "evidence.stored", "notice.recorded", "recipient.added",
    "recipient.agreement", "recipient.changed", "recipient.duty", "recipient.duty_met", "guild.notice",
    "compensation.entry", "recall.acknowledged", "contributor.link", "contributor.link_closed", "consent.requested",
    "consent.answered", "approval.asked", "approval.decided", "model.terms", "recall.issued", "party.erased",
    "text.erased",
)  # fmt: skip
"""What a consent officer reads of the trail."""

VOUCHED: Mapping[str, Vouched] = {
    "loop_production": Vouched(
        (
            "production.added",
            "production.changed",
            "production.review_policy",
            "production.permits",
            "screening.asked",
            "reason.registered",
            "beat.registered",
        )
    ),
    "loop_member": Vouched(("member.added", "member.changed")),
    "loop_contributor": Vouched(("contributor.added", "contributor.changed")),
    "loop_user": Vouched(("user.added", "user.changed", "session.login", "session.logout", "session.refused")),
    "loop_token": Vouched(("token.created", "token.revoked")),
    "loop_recipient": Vouched(("recipient.added", "recipient.changed")),
    "loop_recipient_agreement": Vouched(("recipient.agreement",), linked=True, needs_event=True, frozen=True),
    "loop_model_terms": Vouched(("model.terms",), linked=True, needs_event=True, frozen=True),
    "loop_material": Vouched(("material.added",)),
    "loop_material_version": Vouched(
        ("material.version",),
        linked=True,
        needs_event=True,
        frozen=True,
        text=TextCommit("loop_material_text", "version_id", ("body",)),
    ),
    "loop_media": Vouched(("media.stored", "media.retried")),
    "loop_suggestion": Vouched(
        ("suggestion.recorded",),
        linked=True,
        needs_event=True,
        recompute="loop.suggestion.vouch.recomputed",
        text=TextCommit("loop_suggestion_text", "suggestion_id", ("prompt", "content", "meta"), ("meta",)),
    ),
    "loop_decision": Vouched(
        ("decision.recorded",),
        linked=True,
        needs_event=True,
        recompute="loop.decision.vouch.recomputed",
        text=TextCommit(
            "loop_decision_text", "decision_id", ("rationale", "revised_content", "span_texts"), ("span_texts",)
        ),
    ),
    "loop_evidence": Vouched(("evidence.stored",), needs_event=True, frozen=True),
    "loop_guild_notice": Vouched(("guild.notice",), linked=True, needs_event=True, frozen=True),
    "loop_compensation_entry": Vouched(("compensation.entry",), linked=True, needs_event=True, frozen=True),
    "loop_recipient_duty": Vouched(("recipient.duty",), linked=True, needs_event=True, frozen=True),
    "loop_recipient_duty_met": Vouched(
        ("recipient.duty_met",),
        linked=True,
        needs_event=True,
        frozen=True,
        parent=Parent("loop_recipient_duty", "duty_id"),
    ),
    "loop_screen_verdict": Vouched(("screening.verdict",), linked=True, needs_event=True, frozen=True),
    "loop_recall_ack": Vouched(("recall.acknowledged",), linked=True, needs_event=True, frozen=True),
    "loop_contributor_link": Vouched(("contributor.link", "contributor.link_closed"), needs_event=True),
    "loop_consent_request": Vouched(("consent.requested",), linked=True, needs_event=True, frozen=True),
    "loop_consent_answer": Vouched(
        ("consent.answered",),
        linked=True,
        needs_event=True,
        frozen=True,
        parent=Parent("loop_consent_request", "request_id"),
    ),
    "loop_approval_request": Vouched(("approval.asked",), linked=True, needs_event=True, frozen=True),
    "loop_approval_decision": Vouched(
        ("approval.decided",),
        linked=True,
        needs_event=True,
        frozen=True,
        parent=Parent("loop_approval_request", "request_id"),
    ),
    "loop_notice": Vouched(("notice.recorded",), frozen=True),
    "loop_authorisation": Vouched(("authorisation.recorded",), linked=True, needs_event=True, frozen=True),
    "loop_authorisation_event": Vouched(("authorisation.state",), linked=True, needs_event=True, frozen=True),
    "loop_export": Vouched(
        ("export.ordered", "export.frozen", "export.built", "export.published", "export.failed", "export.cancelled"),
        needs_event=True,
    ),
    "loop_saved_recipe": Vouched(("recipe.saved", "recipe.retired"), needs_event=True),
    "loop_download": Vouched(("export.downloaded",), linked=True, needs_event=True, frozen=True),
    "loop_erasure": Vouched(("party.erased",), linked=True, needs_event=True, frozen=True),
    "loop_recall_notice": Vouched(("recall.issued",), linked=True, needs_event=True, frozen=True),
}


def check(event: str, *, table: str, facts: Mapping[str, Json] | None) -> EventType:
    """The type of `event`, if it may be recorded of a row of `table` with `facts` (None: by digest).

    Raises UnknownEventError, which says what was expected.
    """
    kind = EVENTS.get(event)
    if kind is None:
        raise UnknownEventError(f"expected an event of the vocabulary, found {event!r}")
    if kind.tables is not None and table not in kind.tables:
        raise UnknownEventError(
            f"{event}: expected an object in {' or '.join(kind.tables) or 'no table'}, found {table!r}"
        )
    if kind.by_digest and facts is not None:
        raise UnknownEventError(f"{event}: expected the row's digest as commit, found facts")
    if not kind.by_digest and facts is None:
        raise UnknownEventError(f"{event}: expected facts, found a digest")
    missing = [name for name in kind.required if name not in (facts or {})]
    if missing:
        raise UnknownEventError(
            f"{event}: expected the facts {', '.join(kind.required)}; missing: {', '.join(missing)}"
        )
    return kind


def sentence(event: str, facts: Mapping[str, Json] | None) -> str:
    """What happened, for people, to be read after the actor's name: "recorded a decision".

    Facts that were erased read as "[erased]".
    """
    kind = EVENTS.get(event)
    if kind is None:
        return event
    return kind.sentence.format(**{name: _words((facts or {}).get(name, ERASED)) for name in kind.required})


def _words(value: Json) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        if set(value) == {"value"}:  # a use without a constraint
            return _words(value["value"])
        return ", ".join(f"{key} = {_words(item)}" for key, item in value.items()) or "nothing"
    if isinstance(value, Sequence):
        return ", ".join(_words(item) for item in value) or "nothing"
    return str(value)
