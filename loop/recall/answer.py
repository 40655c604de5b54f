"""What an answer to a recall must look like. Each refusal names the field, what was expected and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from loop.consent import checks
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.errors import NotValidError

MODEL_ACTIONS: Final = ("deleted", "none", "retrain_scheduled", "retrained", "unlearned", "use_stopped")
"""What a recipient did about a model that was trained on recalled rows."""

MODEL_KEYS: Final = frozenset({"id", "trained_on", "action"})
LONGEST = 200
MOST_MODELS = 200


def models_of(given: Sequence[object]) -> list[Json]:
    """The models as they are kept: each with a name of its own, what it was trained on, and a known action.

    A model may be trained on several releases, so the same name may return with another `trained_on`, not with the
    same. Raises NotValidError for `models_affected[n].key`.
    """
    if len(given) > MOST_MODELS:
        raise NotValidError(
            f"models_affected: expected at most {MOST_MODELS} models, found {len(given)}", field="models_affected"
        )
    found: list[Json] = []
    seen: set[tuple[str, str]] = set()
    for number, each in enumerate(given):
        here = f"models_affected[{number}]"
        if not isinstance(each, Mapping) or set(each) != MODEL_KEYS:
            keys = ", ".join(sorted(map(str, each))) if isinstance(each, Mapping) else repr(each)
            raise NotValidError(f"{here}: expected action, id and trained_on, found {keys or 'nothing'}", field=here)
        values = {key: _text(f"{here}.{key}", each[key]) for key in ("id", "trained_on")}
        values["action"] = checks.one_of(f"{here}.action", str(each["action"]), MODEL_ACTIONS)
        named = (values["id"], values["trained_on"])
        if named in seen:
            raise NotValidError(
                f"{here}.id: expected each model once, found {values['id']!r} again", field=f"{here}.id"
            )
        seen.add(named)
        found.append(dict(values))
    return found


def keyed_uid(actor: Actor, key: str) -> UUID:
    """The id of the answer that this actor gives under this key: so the key needs no place of its own."""
    return uuid5(NAMESPACE_URL, f"circled:recall-ack:{actor.pid}\n{key}")


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise NotValidError(f"{field}: expected 1 to {LONGEST} printable characters, found {value!r}", field=field)
    return checks.named(field, value, LONGEST)
