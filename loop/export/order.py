"""The data team orders a release."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from loop.audit.querysets import checkpoint_at, cutoff_for_export
from loop.audit.record import record
from loop.audit.seal import seal_all
from loop.consent.approval import answer_approval, require_approve
from loop.consent.models import Recipient
from loop.consent.terms import GRANTABLE_PURPOSES
from loop.export import recipe as recipes
from loop.export.approval import ask_for_release, goes_outside
from loop.export.beside import check_formats
from loop.export.filters import check_filters
from loop.export.line import check_newest, members, next_version
from loop.export.models import Export, Profile, SavedRecipe
from loop.export.recipe import NO_FILTERS
from loop.export.rules import ORDERED, ROWS_PER_SHARD
from loop.gate.question import ask
from loop.gate.reasons import POLICY_VERSION, REASONS
from loop.gate.rules import question_codes
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import ConflictError, LoopError, NotValidError
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission

LONGEST_KEY = 200


class OrderRefusedError(LoopError):
    """The order fails a rule that no row could pass; `facts` has the codes. Nothing was written."""

    code = "order_refused"


class KeyReusedError(ConflictError):
    """The idempotency key belongs to another order of the same actor."""

    code = "key_reused"


def order(
    *,
    production: Production,
    profile: str,
    purpose: str,
    recipient: Recipient | None,
    actor: Actor,
    labels: str = recipes.DEFAULT_LABELS,
    filters: Mapping[str, Sequence[str]] = NO_FILTERS,
    checkpoint: int | None = None,
    gate_date: date | None = None,
    idempotency_key: str | None = None,
    replaces: Export | None = None,
    next_of: Export | None = None,
    rows_per_shard: int = ROWS_PER_SHARD,
    form: str = recipes.STANDARD,
    formats: Sequence[str] = (),
    splits: str = "",
    split_seed: str = "",
    second: Actor | None = None,
    saved: SavedRecipe | None = None,
) -> Export:
    """Records an order and returns it in state `ordered`; building is somebody else's step (advance.py).

    1. Checks profile, form, formats, splits, labels and filters, then rules 1 to 3 and 5 of the gate: what fails is
       refused before anything is written, with the rule and the way out.
    2. Seals the log and waits until every event committed before the call is in it.
    3. The cut-off is `checkpoint` (the size of a signed one), by default the smallest that covers all data; the date is
       `gate_date`, by default today in UTC. The same recipe, cut-off, date and recipient give the same bytes.
    4. One transaction: the row with the production's next number, and its audit event. If it goes outside the studio,
       also the request for a second person's approval; `second` is that person, who approves it here and now.
       `saved` says which recipe it came from and decides nothing (saved.py).

    The same `idempotency_key` of the same actor answers with the first order; with another body it is KeyReusedError.
    Durable: call it outside any transaction. The door sends the message on commit. About 10 queries and one seal.
    Raises NotAllowedError, NotValidError, OrderRefusedError, NotFoundError (no such checkpoint), KeyReusedError.
    """
    at = now()
    require(actor, production, Permission.ORDER_EXPORT)
    if second is not None:
        require_approve(second, production, asked_by=actor.pid)
    if profile not in Profile.values:
        raise NotValidError(f"profile: expected {' or '.join(Profile.values)}, found {profile!r}", field="profile")
    recipe = recipes.write(
        labels=labels, filters=filters, rows_per_shard=rows_per_shard, profile=profile, form=form, formats=formats,
        splits=splits, split_seed=split_seed,
    )  # fmt: skip
    check_filters(production, recipe)
    check_formats(profile, recipe.formats)
    date_asked = gate_date or utc_date(at)
    check_question(production, profile=profile, purpose=purpose, recipient=recipient, on=date_asked, at=at)
    if recipient is None:  # rule 3 refused it already; this is for the type checker
        raise OrderRefusedError("expected a registered recipient, found none", codes=["RECIPIENT_NOT_AUTHORISED"])
    for field, before in (("replaces", replaces), ("next_of", next_of)):
        if before is not None:
            _check_line(before, field, production=production, profile=profile, purpose=purpose, recipient=recipient)
    if replaces is not None and next_of is not None:
        raise NotValidError(
            "next_of: expected one release to come after, found one to replace as well", field="next_of"
        )
    key = _scoped(idempotency_key, actor)
    sealed = seal_all()
    size = checkpoint_at(checkpoint).size if checkpoint is not None else cutoff_for_export().size
    if size > sealed.size:
        raise NotValidError(f"checkpoint: expected at most {sealed.size}, found {size}", field="checkpoint")
    wanted = Export(
        production=production,
        idempotency_key=key,
        profile=profile,
        purpose=purpose,
        recipient=recipient,
        recipe=recipe.stored(),
        saved=saved,
        checkpoint_size=size,
        gate_date=date_asked,
        order_digest=recipes.order_digest(
            recipe, production=production.uid, profile=profile, purpose=purpose, recipient=recipient.code,
            checkpoint_size=size, gate_date=date_asked, replaces=replaces.uid if replaces is not None else None,
        ),
        policy_version=POLICY_VERSION,
        state=ORDERED,
        replaces=replaces,
        next_of=next_of,
        ordered_by_id=actor.user_id,
        ordered_at=at,
    )  # fmt: skip
    return _record(
        wanted, actor, at, second=second, given_checkpoint=checkpoint is not None, given_date=gate_date is not None
    )


def check_question(
    production: Production, *, profile: str, purpose: str, recipient: Recipient | None, on: date, at: datetime
) -> None:
    """Raises OrderRefusedError if rules 1 to 3 or 5 refuse the order whatever its rows: says which and the way out."""
    question = ask(production=production, purpose=purpose, profile=profile, recipient=recipient, on=on, moment=at)
    refused = question_codes(question)
    if not refused:
        return
    reason = next(each for each in REASONS if each.code == refused[0])
    raise OrderRefusedError(
        f"rule {reason.rule} ({reason.code}): {reason.sentence}. {reason.remedy}{_expected(reason.code, purpose)}",
        codes=list(refused), rule=reason.rule, purpose=purpose, profile=profile,
    )  # fmt: skip


def _expected(code: str, purpose: str) -> str:
    if code != "PURPOSE_UNKNOWN":
        return ""
    return f" Expected one of {', '.join(sorted(GRANTABLE_PURPOSES))}; found {purpose!r}."


def _scoped(key: str | None, actor: Actor) -> str | None:
    """A key is the actor's own: two tools that count from 1 must not answer each other."""
    if key is None:
        return None
    if not key or len(key) > LONGEST_KEY:
        raise NotValidError(
            f"idempotency_key: expected 1 to {LONGEST_KEY} characters, found {len(key)}", field="idempotency_key"
        )
    return hashlib.sha256(f"{actor.pid}\n{key}".encode()).hexdigest()


def _record(
    wanted: Export, actor: Actor, at: datetime, *, second: Actor | None, given_checkpoint: bool, given_date: bool
) -> Export:
    with transaction.atomic(durable=True):
        # Orders of one production take turns: its number is the next one, and an equal key is seen.
        Production.objects.select_for_update(no_key=True).get(pk=wanted.production_id)
        first = (
            Export.objects.filter(idempotency_key=wanted.idempotency_key).first() if wanted.idempotency_key else None
        )
        if first is not None:
            _must_be_same(first, wanted, given_checkpoint=given_checkpoint, given_date=given_date)
            return first
        last = Export.objects.filter(production=wanted.production_id).aggregate(last=Max("number"))["last"]
        wanted.number = (last or 0) + 1
        if wanted.replaces is not None:
            wanted.version = _version_after(wanted.replaces)
        if wanted.next_of is not None:
            check_newest(wanted.next_of)
            wanted.version = ""  # its rows decide (line.py)
        wanted.save(force_insert=True)
        record(
            event="export.ordered",
            actor=actor,
            obj_table="loop_export",
            obj_uid=wanted.uid,
            production_id=wanted.production_id,
            at=at,
            facts={
                "profile": wanted.profile,
                "purpose": wanted.purpose,
                "recipient": wanted.recipient.code,
                "order": bytes(wanted.order_digest).hex(),
                "checkpoint_size": str(wanted.checkpoint_size),
                **({"saved": str(wanted.saved)} if wanted.saved else {}),
                **({"version": wanted.version, "replaces": str(wanted.replaces.uid)} if wanted.replaces else {}),
                **({"next_of": str(wanted.next_of.uid)} if wanted.next_of else {}),
            },
        )
        if goes_outside(wanted.recipient):
            asked = ask_for_release(wanted, actor=actor, at=at)
            if second is not None:
                answer_approval(request=asked, approved=True, actor=second, at=at)
    return wanted


def _check_line(
    before: Export, field: str, *, production: Production, profile: str, purpose: str, recipient: Recipient
) -> None:
    asked = {"production": production.pk, "profile": profile, "purpose": purpose, "recipient": recipient.pk}
    had = {
        "production": before.production_id, "profile": before.profile, "purpose": before.purpose,
        "recipient": before.recipient_id,
    }  # fmt: skip
    other = next((name for name in asked if asked[name] != had[name]), None)
    if other is not None:
        raise NotValidError(
            f"{field}: expected a release of the same production, profile, purpose and recipient,"
            f" found another {other}",
            field=field,
        )


def _version_after(replaced: Export) -> str:
    """The version of what replaces it. Raises ConflictError while another replacement is in the making."""
    other = next((each for each in members(replaced) if each.state != Export.State.PUBLISHED), None)
    if other is not None:
        raise ConflictError(
            f"replaces: expected a release that nobody replaces yet, found E-{other.number} in the making",
            field="replaces",
        )
    return next_version(replaced)


def _must_be_same(first: Export, wanted: Export, *, given_checkpoint: bool, given_date: bool) -> None:
    fields = ["production_id", "profile", "purpose", "recipient_id", "recipe", "replaces_id", "next_of_id"]
    fields += ["checkpoint_size"] if given_checkpoint else []
    fields += ["gate_date"] if given_date else []
    for name in fields:
        if getattr(first, name) != getattr(wanted, name):
            raise KeyReusedError(
                f"idempotency_key: expected the same order as {first.uid}, found another {name.removesuffix('_id')}",
                field="idempotency_key",
            )
