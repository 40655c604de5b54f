"""Purposes in other vocabularies, pure: what a statement of theirs gives here, and how ours is said in theirs.

The vocabularies do not nest alike: CAWG's `ai_training` excludes generative models, the ODRL draft's `ai-training`
includes them, RSL has one `ai-train` for both. So each term says two things: what it `covers`, and what a permission of
it `grants`, which is never more.

- A grant in a broader term never widens into ours: it gives what the term names and nothing that it merely includes.
- A denial of a term denies everything that it covers.
- Of several words about the same purpose any denial wins, then a condition, then a permission (AIPREF: any disallow,
  else any allow, else unknown).
- What is `constrained` without saying how counts as not allowed.
- An unknown term is refused by name: a denial that nobody understood must not get lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from loop.consent import terms
from loop.kernel.canonical import Json, canonical

OURS: Final = tuple(name for name in terms.PURPOSES if name in terms.GRANTABLE_PURPOSES)
GENERATIVE: Final = "ai_generative_training"
TRAINING: Final = "ai_training"
DENIED: Final = terms.USE_VALUES.index(terms.NOT_ALLOWED)


@dataclass(frozen=True, slots=True)
class Term:
    """A term of another vocabulary. `grants` is what a permission of it alone gives here."""

    covers: frozenset[str]
    grants: frozenset[str]


def _exact(*purposes: str) -> Term:
    return Term(frozenset(purposes), frozenset(purposes))


def _broad(grants: Iterable[str], *covers: str) -> Term:
    return Term(frozenset(covers), frozenset(grants))


_NOTHING: Final = Term(frozenset(), frozenset())

TERMS: Final[Mapping[str, Mapping[str, Term]]] = {
    "cawg": {  # Training and Data Mining 1.1: separate entries, none includes another
        "cawg.data_mining": _exact("data_mining"),
        "cawg.ai_inference": _exact("ai_inference"),
        "cawg.ai_training": _exact(TRAINING),
        "cawg.ai_generative_training": _exact(GENERATIVE),
        "circled.ai_evaluation": _exact("ai_evaluation"),
        "circled.synthetic_data": _exact("synthetic_data"),
    },
    "dps": {  # OASIS Data Provenance Standards: intended use
        "production": _broad(["workflow_operation"], "workflow_operation", "ai_inference"),
        "quality-assurance": _exact("internal_analytics"),
        "other": _broad([], "data_mining", TRAINING),
        "alignment": _broad([], GENERATIVE),
        "pre-training": _broad([], GENERATIVE),
        "evaluation": _exact("ai_evaluation"),
        "synthetic-data-generation": _exact("synthetic_data"),
        "research": _exact("research"),
    },
    "aipref": {"train-ai": _exact(GENERATIVE), "search": _NOTHING},
    "rsl": {
        "all": _broad(["data_mining"], *OURS),
        "ai-input": _exact("ai_inference"),
        "ai-index": _broad([], "ai_inference"),
        "ai-train": _broad([], TRAINING, GENERATIVE),
        "search": _NOTHING,
    },
    "odrl": {  # the draft AI profile: data-mining includes ai-training, which includes gen-ai, and ai-augment
        "data-mining": _broad(["data_mining"], "data_mining", "ai_inference", TRAINING, GENERATIVE),
        "ai-training": _broad([TRAINING], TRAINING, GENERATIVE),
        "gen-ai": _exact(GENERATIVE),
        "ai-augment": _exact("ai_inference"),
        "search": _NOTHING,
        "index": _NOTHING,
    },
    "dpv": {
        "ModelTraining": _broad([], TRAINING, GENERATIVE),
        "ResearchAndDevelopment": _exact("research"),
    },
}

TOGETHER: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "dps": {GENERATIVE: frozenset({"alignment", "pre-training"})}
}
"""Purposes that no single term grants, and the terms that grant it when all of them are permitted."""

VOCABULARIES: Final = tuple(TERMS)


def said(vocabulary: str, purpose: str) -> tuple[str, ...]:
    """The terms that mean our purpose, else the narrowest that include it: the cells of the table in docs/consent.md.

    A term that includes everything says nothing of one purpose.
    """
    known = TERMS[vocabulary]
    found = [name for name, term in known.items() if purpose in term.grants or term.covers == {purpose}]
    within = [name for name in _narrowest(vocabulary, purpose) if len(known[name].covers) < len(OURS)]
    return tuple(sorted(found or within))


def import_uses(vocabulary: str, words: Iterable[tuple[str, str, Mapping[str, Json]]]) -> dict[str, dict[str, Json]]:
    """Our uses out of (term, value, condition) triples; values are those of terms.USE_VALUES.

    A purpose that nobody allowed, constrained or denied is not mentioned, which denies it too (rule 9). Conditions of
    several words about one purpose are kept together; two different ones under one name deny. Raises KeyError for an
    unknown vocabulary or term: foreign.py refuses those by name first.
    """
    known = TERMS[vocabulary]
    found: dict[str, tuple[int, dict[str, Json]]] = {}
    permitted: list[tuple[str, dict[str, Json]]] = []
    for name, value, condition in words:
        term = known[name]
        bare = value == terms.CONSTRAINED and not condition
        if value == terms.NOT_ALLOWED or bare:
            found.update(dict.fromkeys(term.covers, (DENIED, {})))
            continue
        permitted.append((name, dict(condition) if value == terms.CONSTRAINED else {}))
        for purpose in term.grants:
            found[purpose] = _both(found.get(purpose), permitted[-1][1])
    for purpose, needed in TOGETHER.get(vocabulary, {}).items():
        if needed <= {name for name, _ in permitted}:
            for _, condition in (each for each in permitted if each[0] in needed):
                found[purpose] = _both(found.get(purpose), condition)
    return {purpose: _use(*found[purpose]) for purpose in OURS if purpose in found}


def export_uses(vocabulary: str, uses: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(permitted, prohibited) terms that say our uses {purpose: value} in another vocabulary, never more than they do.

    A term is permitted if all it grants is allowed and everything else it covers is either allowed too or prohibited
    beside it by a term of its own: so `gen-ai` is prohibited beside any `ai-training` unless it is itself allowed. What
    is constrained is not permitted. What is not allowed is prohibited by the narrowest terms that cover it.
    """
    known = TERMS[vocabulary]
    allowed = {purpose for purpose, value in uses.items() if value == terms.ALLOWED}
    own = {next(iter(term.covers)): name for name, term in known.items() if len(term.covers) == 1 and term.grants}
    permitted = [
        name for name, term in known.items()
        if term.covers and term.grants <= allowed
        and all(purpose in allowed or (term.grants and purpose in own) for purpose in term.covers - term.grants)
    ]  # fmt: skip
    beside = {purpose for name in permitted for purpose in known[name].covers} - allowed
    prohibited = {
        name
        for purpose in beside | {purpose for purpose, value in uses.items() if value == terms.NOT_ALLOWED}
        for name in _narrowest(vocabulary, purpose)
    }
    return tuple(sorted(set(permitted) - prohibited)), tuple(sorted(prohibited))


def _narrowest(vocabulary: str, purpose: str) -> list[str]:
    """The terms that cover it and the least beside it."""
    known = TERMS[vocabulary]
    sizes = {name: len(term.covers) for name, term in known.items() if purpose in term.covers}
    return [name for name, size in sizes.items() if size == min(sizes.values())]


def _both(earlier: tuple[int, dict[str, Json]] | None, condition: Mapping[str, Json]) -> tuple[int, dict[str, Json]]:
    """What is left of two words about one purpose: 0 allowed, 1 constrained, 2 not allowed."""
    rank, kept = earlier or (0, {})
    if rank == DENIED or any(
        key in kept and canonical(kept[key]) != canonical(value) for key, value in condition.items()
    ):
        return DENIED, {}
    both = {**kept, **condition}
    return (1 if both else 0), both


def _use(rank: int, condition: dict[str, Json]) -> dict[str, Json]:
    return {"value": terms.USE_VALUES[rank], **({"constraint": condition} if condition else {})}
