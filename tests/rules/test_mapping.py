"""Purposes in other vocabularies: never more is granted than was stated, a denial reaches all it covers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.consent import checks, terms
from loop.consent.foreign import import_grant
from loop.consent.mapping import OURS, TERMS, TOGETHER, VOCABULARIES, export_uses, import_uses, said
from loop.kernel.errors import NotValidError

GEN, TRAIN, INFER, MINE = "ai_generative_training", "ai_training", "ai_inference", "data_mining"
ALLOWED, DENIED = {"value": "allowed"}, {"value": "notAllowed"}
DOCS = Path(__file__).resolve().parents[2] / "docs" / "consent.md"


def odrl(*permitted: str, prohibited: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {
        "permission": [{"action": action, **more} for action in permitted],
        "prohibition": [{"action": action} for action in prohibited],
    }


@pytest.mark.parametrize(
    ("vocabulary", "statement", "uses"),
    [
        # CAWG: training excludes generative models, in both directions
        ("cawg", {"entries": {"cawg.ai_training": {"use": "allowed"}}}, {TRAIN: ALLOWED}),
        ("cawg", {"entries": {"cawg.ai_training": {"use": "notAllowed"}}}, {TRAIN: DENIED}),
        ("cawg", {"entries": {"cawg.ai_generative_training": {"use": "allowed"}}}, {GEN: ALLOWED}),
        ("cawg", {"entries": {"cawg.ai_training": {"use": "constrained"}}}, {TRAIN: DENIED}),
        ("cawg", {"entries": {"cawg.ai_training": {"use": "constrained", "constraint_info": " "}}}, {TRAIN: DENIED}),
        (
            "cawg",
            {"entries": {"cawg.ai_training": {"use": "constrained", "constraints_info": "ask me"}}},
            {TRAIN: {"value": "constrained", "constraint": {"cawg": "ask me"}}},
        ),
        # ODRL draft: data-mining includes ai-training, which includes gen-ai
        ("odrl", odrl("data-mining"), {MINE: ALLOWED}),
        ("odrl", odrl("ai-training"), {TRAIN: ALLOWED}),
        ("odrl", odrl("ai:gen-ai"), {GEN: ALLOWED}),
        ("odrl", odrl("gen-ai", prohibited=("ai-training",)), {TRAIN: DENIED, GEN: DENIED}),
        (
            "odrl",
            odrl("gen-ai", "ai-augment", prohibited=("https://example.org/ai/data-mining",)),
            {MINE: DENIED, INFER: DENIED, TRAIN: DENIED, GEN: DENIED},
        ),
        ("odrl", odrl("gen-ai", constraint=[]), {GEN: DENIED}),
        (
            "odrl",
            odrl("gen-ai", constraint=[{"leftOperand": "recipient", "operator": "eq", "rightOperand": "lab"}]),
            {GEN: {"value": "constrained", "constraint": {"recipients": ["lab"]}}},
        ),
        (
            "odrl",
            odrl("gen-ai", assignee="lab"),
            {GEN: {"value": "constrained", "constraint": {"recipients": ["lab"]}}},
        ),
        (
            "odrl",
            odrl("gen-ai", duty=[{"action": "pay"}]),
            {GEN: {"value": "constrained", "constraint": {"odrl": {"constraint": [], "duty": [{"action": "pay"}]}}}},
        ),
        # RSL: one ai-train for both kinds of training
        ("rsl", {"permits": ["ai-input"], "prohibits": ["ai-train"]}, {INFER: ALLOWED, TRAIN: DENIED, GEN: DENIED}),
        ("rsl", {"permits": ["all"]}, {MINE: ALLOWED}),
        ("rsl", {"permits": ["ai-input"], "prohibits": ["all"]}, dict.fromkeys(OURS, DENIED)),
        (
            "rsl",
            {"permits": ["ai-input"], "payment": "training"},
            {INFER: {"value": "constrained", "constraint": {"payment": "training"}}},
        ),
        # AIPREF: any disallow, else any allow, else unknown
        ("aipref", {"train-ai": "y"}, {GEN: ALLOWED}),
        ("aipref", [{"train-ai": "y"}, {"train-ai": "unknown"}], {GEN: ALLOWED}),
        ("aipref", [{"train-ai": "allow"}, {"train-ai": "disallow"}], {GEN: DENIED}),
        ("aipref", {"train-ai": "y", "search": "n"}, {GEN: ALLOWED}),
        # OASIS DPS: alignment or pre-training; `production` and `other` stand for two of ours
        ("dps", {"allowed": ["alignment", "pre-training"]}, {GEN: ALLOWED}),
        ("dps", {"allowed": ["alignment", "pre-training", "evaluation"], "notAllowed": ["alignment"]},
         {GEN: DENIED, "ai_evaluation": ALLOWED}),
        ("dps", {"allowed": ["production"]}, {"workflow_operation": ALLOWED}),
        ("dps", {"notAllowed": ["production"]}, {"workflow_operation": DENIED, INFER: DENIED}),
        ("dpv", {"allowed": ["dpv:ResearchAndDevelopment"]}, {"research": ALLOWED}),
        ("dpv", {"notAllowed": ["ai:ModelTraining"]}, {TRAIN: DENIED, GEN: DENIED}),
    ],
)  # fmt: skip
def test_what_a_statement_gives(vocabulary: str, statement: object, uses: dict[str, object]) -> None:
    found = import_grant(vocabulary, statement)
    assert found == uses
    assert checks.uses(found) == uses


@pytest.mark.parametrize(
    ("vocabulary", "statement", "words"),
    [
        ("creative-commons", {}, "vocabulary: expected one of cawg"),
        ("rsl", {"permits": ["ai-train"]}, "a broader grant is none (ai-train allowed)"),
        ("dpv", {"allowed": ["ModelTraining"]}, "a broader grant is none"),
        ("dps", {"allowed": ["alignment"]}, "a broader grant is none"),
        ("aipref", {"train-ai": "unknown"}, "says nothing of a purpose here"),
        ("aipref", {"train-ai": True}, "statement.train-ai: expected one of y, allow"),
        ("aipref", {"train": "unknown"}, "expected terms of aipref"),
        ("cawg", {"entries": {"cawg.everything": {"use": "notAllowed"}}}, "found 'cawg.everything'"),
        ("cawg", {"entries": {"cawg.ai_training": {"use": "maybe"}}}, "cawg.ai_training.use: expected one of"),
        ("cawg", {"entries": []}, "statement.entries: expected an object"),
        ("cawg", [], "statement: expected an object"),
        ("odrl", {"permission": [{"action": "read"}]}, "found 'read'"),
        ("odrl", {"permission": [{"action": 1}]}, "action: expected a list of terms"),
        ("odrl", {"obligation": []}, "statement: expected"),
        ("rsl", {"permits": "ai-train"}, "statement.permits: expected a list"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(vocabulary: str, statement: object, words: str) -> None:
    with pytest.raises(NotValidError) as refused:
        import_grant(vocabulary, statement)
    assert words in str(refused.value)
    assert refused.value.field in {"statement", "vocabulary"}


def words_of(vocabulary: str) -> Any:
    names, values = st.sampled_from(sorted(TERMS[vocabulary])), st.sampled_from(terms.USE_VALUES)
    conditions = st.sampled_from([{}, {"recipients": ["lab"]}, {"recipients": ["vendor"]}, {"info": "x"}])
    return st.lists(st.tuples(names, values, conditions), max_size=8)


@given(st.sampled_from(VOCABULARIES).flatmap(lambda name: st.tuples(st.just(name), words_of(name))))
def test_it_never_grants_more_than_was_stated(drawn: tuple[str, list[tuple[str, str, dict[str, Any]]]]) -> None:
    vocabulary, words = drawn
    found = import_uses(vocabulary, words)
    known = TERMS[vocabulary]
    denied = {
        name for name, value, condition in words if value == "notAllowed" or (value == "constrained" and not condition)
    }
    permitted = {name for name, _, _ in words} - denied
    free = {name for name, value, _ in words if value == "allowed"}
    for purpose, use in found.items():
        covered = any(purpose in known[name].covers for name in denied)
        assert (use["value"] == "notAllowed") or not covered
        together = TOGETHER.get(vocabulary, {}).get(purpose, frozenset({""}))
        naming = {name for name in permitted if purpose in known[name].grants}
        if use["value"] != "notAllowed":
            assert naming or together <= permitted
        if use["value"] == "allowed":
            assert (naming & free) or together <= free
            assert all(not condition for name, value, condition in words if name in naming and value == "constrained")
    for name in denied:
        assert all(found[purpose] == DENIED for purpose in known[name].covers if purpose in OURS)


@given(
    st.sampled_from(VOCABULARIES),
    st.dictionaries(st.sampled_from(OURS), st.sampled_from(terms.USE_VALUES)),
)
def test_there_and_back_never_widens_and_loses_no_denial(vocabulary: str, uses: dict[str, str]) -> None:
    permitted, prohibited = export_uses(vocabulary, uses)
    assert not set(permitted) & set(prohibited)
    words = [(name, "allowed", {}) for name in permitted] + [(name, "notAllowed", {}) for name in prohibited]
    back = import_uses(vocabulary, words)
    assert {purpose for purpose, use in back.items() if use == ALLOWED} <= {
        purpose for purpose, value in uses.items() if value == "allowed"
    }
    spoken = frozenset[str]().union(*(term.covers for term in TERMS[vocabulary].values()))
    for purpose, value in uses.items():
        if value == "notAllowed" and purpose in spoken:
            assert back[purpose] == DENIED
    for name in permitted:  # a reader who knows that the term includes more sees it prohibited, or it is allowed
        beside = TERMS[vocabulary][name].covers - {purpose for purpose, value in uses.items() if value == "allowed"}
        assert all(any(purpose in TERMS[vocabulary][each].covers for each in prohibited) for purpose in beside)


def test_gen_ai_is_prohibited_beside_any_permission_of_ai_training() -> None:
    assert export_uses("odrl", {TRAIN: "allowed"}) == (("ai-training",), ("gen-ai",))
    assert export_uses("odrl", {TRAIN: "allowed", GEN: "allowed"}) == (("ai-training", "gen-ai"), ())
    assert export_uses("rsl", {TRAIN: "allowed"}) == ((), ())
    assert export_uses("rsl", {TRAIN: "allowed", GEN: "allowed"}) == (("ai-train",), ())
    assert export_uses("cawg", {GEN: "constrained"}) == ((), ())


def test_the_table_in_the_documents_is_the_one_in_the_code() -> None:
    shown = {
        cells[0]: cells[1:]
        for line in DOCS.read_text()
        .partition("## Purposes in other vocabularies")[2]
        .partition("\n## ")[0]
        .splitlines()
        if (cells := [cell.strip() for cell in line.strip().strip("|").split("|")])[0] in {f"`{name}`" for name in OURS}
    }
    for purpose in OURS:
        cells = shown[f"`{purpose}`"]
        assert len(cells) == len(VOCABULARIES), purpose
        for vocabulary, cell in zip(VOCABULARIES, cells, strict=True):
            assert tuple(re.findall(r"`([^`]+)`", cell)) == said(vocabulary, purpose), (purpose, vocabulary)


def test_every_term_that_grants_covers_what_it_grants() -> None:
    for known in TERMS.values():
        for term in known.values():
            assert term.grants <= term.covers <= set(OURS)
            assert terms.REPLICA not in term.covers
