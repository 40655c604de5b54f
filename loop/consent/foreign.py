"""Statements of other vocabularies, read: what a party said elsewhere, as uses of ours.

| vocabulary | shape of the statement |
|---|---|
| `cawg` | `{"entries": {"cawg.ai_training": {"use": "allowed", "constraint_info": "..."}}}`, as in the assertion |
| `aipref` | `{"train-ai": "n"}`, or a list of such, which are combined; y/n, allow/disallow, unknown |
| `rsl` | `{"permits": ["ai-train"], "prohibits": [...], "payment": "free"}` |
| `odrl` | `{"permission": [{"action": "ai-training", "constraint": [...]}], "prohibition": [...]}` |
| `dps`, `dpv` | `{"allowed": [...], "notAllowed": [...]}` |

What material a statement is about is not read from it: the record that it becomes says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from loop.consent import terms
from loop.consent.mapping import TERMS, VOCABULARIES, import_uses
from loop.kernel.canonical import Json, NotCanonicalError, canonical
from loop.kernel.errors import NotValidError

Word = tuple[str, str, Mapping[str, Json]]

PREFERENCE: Final = {
    "y": terms.ALLOWED, "allow": terms.ALLOWED, "n": terms.NOT_ALLOWED, "disallow": terms.NOT_ALLOWED,
    "unknown": None,
}  # fmt: skip
ODRL_KEYS: Final = frozenset({"permission", "prohibition", "conflict", "@context", "@type", "type", "uid", "profile"})
_PLACED: Final = {"recipient": "recipients", "spatial": "places"}
_DATED: Final = {"lteq": "not_after", "gteq": "not_before"}


def import_grant(vocabulary: str, statement: object) -> dict[str, dict[str, Json]]:
    """Our uses {purpose: {"value", "constraint"}} out of a statement in another vocabulary; never more than it says.

    What is unclear denies (mapping.py). A condition that can be checked here becomes one of ours (recipients, places,
    dates); any other is kept under the vocabulary's name and is never met. Raises NotValidError with the field for an
    unknown vocabulary, shape, term or value, and for a statement that says nothing of any purpose of ours.
    """
    if vocabulary not in VOCABULARIES:
        raise NotValidError(
            f"vocabulary: expected one of {', '.join(VOCABULARIES)}; found {vocabulary!r}", field="vocabulary"
        )
    words = list({"cawg": _cawg, "aipref": _aipref, "rsl": _rsl, "odrl": _odrl}.get(vocabulary, _lists)(statement))
    for name, _, condition in words:
        if name not in TERMS[vocabulary]:
            known = ", ".join(TERMS[vocabulary])
            raise NotValidError(
                f"statement: expected terms of {vocabulary} ({known}), found {name!r}", field="statement"
            )
        try:
            canonical(condition)
        except NotCanonicalError as error:
            raise NotValidError(f"statement: {name}: {error}", field="statement") from error
    found = import_uses(vocabulary, words)
    if not found:
        raise NotValidError(
            f"statement: it says nothing of a purpose here; a broader grant is none ({_told(words)})", field="statement"
        )
    return found


def _cawg(statement: object) -> Iterator[Word]:
    entries = _object("statement.entries", _object("statement", statement, {"entries", "metadata"}).get("entries"))
    for name, given in entries.items():
        entry = _object(f"statement.entries.{name}", given, {"use", "constraint_info", "constraints_info"})
        value = entry.get("use")
        if value not in terms.USE_VALUES:
            raise NotValidError(
                f"statement.entries.{name}.use: expected one of {', '.join(terms.USE_VALUES)}, found {value!r}",
                field="statement",
            )
        # The specification's schema and its prose spell it differently; what is blank tells nothing.
        info = entry.get("constraint_info") or entry.get("constraints_info") or ""
        if not isinstance(info, str):
            raise NotValidError(f"statement.entries.{name}: expected text as constraint_info", field="statement")
        yield name, str(value), {"cawg": info.strip()} if info.strip() else {}


def _aipref(statement: object) -> Iterator[Word]:
    for each in statement if isinstance(statement, list) else [statement]:
        for name, given in _object("statement", each).items():
            if not isinstance(given, str) or given not in PREFERENCE:
                raise NotValidError(
                    f"statement.{name}: expected one of {', '.join(PREFERENCE)}, found {given!r}", field="statement"
                )
            value = PREFERENCE[given]
            if value is not None:
                yield name, value, {}
            elif name not in TERMS["aipref"]:
                yield name, terms.NOT_ALLOWED, {}  # so that an unknown term is refused by name


def _rsl(statement: object) -> Iterator[Word]:
    found = _object("statement", statement, {"permits", "prohibits", "payment"})
    payment = found.get("payment")
    free = payment is None or payment == "free"
    for name in _names("statement.permits", found.get("permits", [])):
        yield name, terms.ALLOWED if free else terms.CONSTRAINED, {} if free else {"payment": payment}
    for name in _names("statement.prohibits", found.get("prohibits", [])):
        yield name, terms.NOT_ALLOWED, {}


def _lists(statement: object) -> Iterator[Word]:
    found = _object("statement", statement, {terms.ALLOWED, terms.NOT_ALLOWED})
    for value, given in found.items():
        for name in _names(f"statement.{value}", given):
            yield name.rpartition(":")[2], value, {}


def _odrl(statement: object) -> Iterator[Word]:
    found = _object("statement", statement, ODRL_KEYS)
    for name, given in _rules("statement.prohibition", found.get("prohibition", [])):
        yield name, terms.NOT_ALLOWED, {}  # a prohibition under a condition denies: any denial wins
        if "duty" in given:
            raise NotValidError("statement.prohibition: expected no duty with a prohibition", field="statement")
    for name, given in _rules("statement.permission", found.get("permission", [])):
        if not {"constraint", "duty", "assignee"} & set(given):
            yield name, terms.ALLOWED, {}
            continue
        yield name, terms.CONSTRAINED, _condition(given)


def _rules(field: str, given: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, each in enumerate(given if isinstance(given, list) else [given]):
        rule = _object(f"{field}[{number}]", each, {"action", "target", "assigner", "assignee", "constraint", "duty"})
        action = rule.get("action")
        for name in _names(f"{field}[{number}].action", action if isinstance(action, list) else [action]):
            yield name.replace("#", ":").replace("/", ":").rpartition(":")[2], rule


def _condition(rule: Mapping[str, Any]) -> dict[str, Json]:
    """One of ours where every constraint is an equality of recipients or places or a date; else theirs, kept whole."""
    given = rule.get("constraint", [])
    constraints = list(given) if isinstance(given, list) else [given]
    if "assignee" in rule:  # who may do it: the same as a constraint on the recipient
        constraints.append({"leftOperand": "recipient", "operator": "eq", "rightOperand": rule["assignee"]})
    theirs: dict[str, Json] = {"odrl": {"constraint": constraints, "duty": rule.get("duty")}}
    ours: dict[str, Json] = {}
    for each in constraints:
        one = each if isinstance(each, Mapping) else {}
        left, how, right = (one.get(key) for key in ("leftOperand", "operator", "rightOperand"))
        values = right if isinstance(right, list) else [right]
        if left in _PLACED and how in {"eq", "isAnyOf"} and all(isinstance(value, str) for value in values):
            key: str = _PLACED[str(left)]
            value: Json = values
        elif left == "dateTime" and how in _DATED and isinstance(right, str):
            key, value = _DATED[str(how)], right
        else:
            return theirs
        if key in ours:
            return theirs
        ours[key] = value
    return theirs if rule.get("duty") else ours


def _object(field: str, given: object, keys: Iterable[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise NotValidError(f"{field}: expected an object, found {type(given).__name__}", field="statement")
    unknown = sorted(map(str, set(given) - set(keys))) if keys is not None else []
    if unknown:
        expected = ", ".join(sorted(keys or ()))
        raise NotValidError(f"{field}: expected {expected}; found {', '.join(unknown)}", field="statement")
    return given


def _names(field: str, given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise NotValidError(f"{field}: expected a list of terms, found {given!r}", field="statement")
    return given


def _told(words: Iterable[Word]) -> str:
    return ", ".join(f"{name} {value}" for name, value, _ in words) or "nothing"
