"""Somebody orders the release that takes the place of one with recalled rows."""

from __future__ import annotations

from loop.export import recipe as recipes
from loop.export.models import Export
from loop.export.order import order
from loop.export.splits import said
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.recall.feed import replaced_by, replacements
from loop.recall.models import RecallNotice


class NothingToReplaceError(ConflictError):
    """The release cannot be replaced: it is not out, nothing of it was recalled, or it is replaced already."""

    code = "nothing_to_replace"


def reissue(*, export: Export, actor: Actor, second: Actor | None = None) -> Export:
    """Orders the same recipe and checkpoint for the same recipient, judged today: the release that replaces `export`.

    It is an order like any other (export/order.py), approval by a `second` person included. Its version is a MAJOR step
    further. Whatever was recalled from `export`, or from what that one replaced, is left out even where it has been
    allowed again since, and its manifest says so row by row. It stands in the feed of `export` once it is out.

    Refused with NothingToReplaceError for a release that is not published, of which nothing was recalled, or every
    notice of which has its replacement; ConflictError while one is in the making; NotAllowedError; whatever
    `order` raises. Durable: call it outside any transaction. The door sends the message on commit.
    """
    require(actor, export.production, Permission.ORDER_EXPORT)
    if export.state != Export.State.PUBLISHED:
        raise NothingToReplaceError(
            f"expected a published release, found one that is {export.state}: it leaves out what was withdrawn",
            state=export.state,
        )
    notices = list(RecallNotice.objects.filter(export=export))
    if not notices:
        raise NothingToReplaceError("expected a release with a recall, found none: there is nothing to take out")
    done = replaced_by(replacements(export), notices)
    if all(notice.pk in done for notice in notices):
        raise NothingToReplaceError(f"its recalled rows are gone from {max(done.values())} already, which replaces it")
    recipe = recipes.read(export.recipe)
    return order(
        production=export.production,
        profile=export.profile,
        purpose=export.purpose,
        recipient=export.recipient,
        actor=actor,
        labels=recipe.labels,
        filters=recipe.filters,
        checkpoint=export.checkpoint_size,
        replaces=export,
        rows_per_shard=recipe.rows_per_shard,
        form=recipe.form,
        formats=recipe.formats,
        splits=said(recipe.splits),
        split_seed=recipe.split_seed,
        second=second,
        saved=export.saved,
    )
