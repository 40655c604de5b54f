"""The next step of a release, whatever state it is in. What a message, a sweep and `run_worker` call."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from loop.export.build import build
from loop.export.finish import NotVerifiedError, finish
from loop.export.freeze import freeze
from loop.export.lease import claim_export, release
from loop.export.lifecycle import close_building, fail, open_building
from loop.export.models import Export, ExportShard
from loop.export.publish import PublishRefusedError
from loop.export.rules import BUILDING, FROZEN, MAX_ATTEMPTS, ORDERED, UNFINISHED, VERIFYING
from loop.kernel.clock import now

MOST_HELPERS = 8


@dataclass(frozen=True, slots=True)
class Step:
    """What a call did. `state` is the release's after it; `messages`: how many workers should look at it next."""

    state: str
    did: bool
    messages: int = 0


def advance(export_id: int) -> Step:
    """Runs one step of the release. Safe to call at any time, from anywhere, any number of times.

    1. ordered: freeze. 2. frozen: open the shards. 3. building: write one shard; the last one closes the building.
    4. verifying: assemble, verify, publish. Other states: nothing.

    A step that raises gives its lease back and may be tried again, MAX_ATTEMPTS times in all; then the release fails
    with the kind of the error as its reason. The table in rules.py says what a death in each state leaves behind.
    """
    state = _state(export_id)
    if state == ORDERED:
        return _leased(export_id, state, freeze)
    if state == FROZEN:
        did = open_building(export_id)
        waiting = ExportShard.objects.filter(export_id=export_id).count()
        return Step(_state(export_id), did=did, messages=min(waiting, MOST_HELPERS))
    if state == BUILDING:
        return _build(export_id)
    if state == VERIFYING:
        return _leased(export_id, state, _finish)
    return Step(state, did=False)


def _build(export_id: int) -> Step:
    try:
        did = build(export_id)
    finally:
        closed = close_building(export_id)
    state = _state(export_id)
    return Step(state, did=did or closed, messages=1 if did or closed else 0)


def _finish(export_id: int, token: UUID) -> object:
    export = Export.objects.select_related("production", "recipient", "replaces", "next_of", "saved").get(pk=export_id)
    return finish(export, token)


def _leased(export_id: int, state: str, step: Callable[[int, UUID], object]) -> Step:
    token = claim_export(export_id, state)
    if token is None:
        return Step(_state(export_id), did=False)
    try:
        step(export_id, token)
    except PublishRefusedError:
        return Step(_state(export_id), did=True)  # recorded as failed, with the rule
    except Exception as error:
        # What verification finds names files and rows, never a text: whoever looks at the release needs it.
        found = f": {error}" if isinstance(error, NotVerifiedError) else ""
        _gave_up(export_id, token, f"{type(error).__name__} while {state}{found}")
        raise
    following = _state(export_id)
    return Step(following, did=True, messages=1 if following in UNFINISHED else 0)


def _gave_up(export_id: int, token: UUID, reason: str) -> None:
    if Export.objects.filter(pk=export_id, lease_token=token, attempts__gte=MAX_ATTEMPTS).exists():
        fail(export_id, reason, now())
    release("loop_export", export_id, token)


def _state(export_id: int) -> str:
    return Export.objects.values_list("state", flat=True).get(pk=export_id)
