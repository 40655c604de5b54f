"""Bulk lines become suggestions, decisions, signals and contributors; twice changes nothing; bad lines keep nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from loop.decision.models import Decision, DecisionSpan, DecisionText, ProductionBeat, ProductionReason
from loop.intake import report as reports
from loop.kernel.actor import Actor
from loop.kernel.canonical import commitment
from loop.kernel.commit_form import commit_form
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.material.models import Material, Media
from loop.people.models import Contributor, Credit
from loop.signal.counts import counts
from loop.signal.models import Signal
from loop.suggestion.models import Brief, ModelVersion, Suggestion, SuggestionText
from tests.intake.shows import decision, fields, line, push, show

pytestmark = pytest.mark.django_db

FULL = {
    "external_id": "s1:q5:0", "group_id": "s1:q5", "origin": "model", "kind": "script_note", "stage": "development",
    "prompt": "  What does the scene want?\n", "content": "She hides the letter. ", "model": "north/notes@2026-04",
    "media": {"uri": "s3://dailies/a.mp4", "sha256": "AB" * 32, "mime": "video/mp4"},
    "parameters": {"temperature": 0.7, "größe": [1e2, 2**60]}, "seed": -7, "created_at": "2026-05-01T12:00:00+02:00",
    "latency_ms": 840.4, "cost_usd": "0.0031", "tokens_in": 900, "tokens_out": 120, "constraints": ["no rain"],
    "materials": [{"external_id": "script-blue", "kind": "script"}],
    "contributors": [{"id": "p-12", "capacity": "author_of_source"}, {"id": "p-13"}],
    "decisions": [{
        "external_id": "d-1", "outcome": "reject", "reasons": ["continuity.prop"], "rationale": "", "severity": 2,
        "revised_content": None, "confidence": 0.8, "beats": ["dread"], "decided_by": "writer-09",
        "on_behalf_of": "director-1", "decided_at": "2026-05-01T10:00:07Z", "active_ms": 6200,
        "spans": [
            {"start": 4, "end": 9, "label": "hides", "reason": "continuity.prop", "note": "from whom?"},
            {"start_frame": 195, "end_frame": 195, "rate": "24000/1001", "media_sha256": "ab" * 32},
            {"region": {"x": 0.5, "y": "0.25", "w": 0, "h": 1}},
        ],
    }],
    "meta": {"probability": -4.987534481500001},
}  # fmt: skip


def test_every_field_of_the_format_is_kept() -> None:
    production = show()
    report = push(production, FULL)
    assert (report.errors, report.kept) == ([], True)
    assert [str(one.problem) for one in report.warnings] == [
        "latency_ms: expected a whole number, found 840.4; it is rounded"
    ]
    suggestion = Suggestion.objects.get(production=production)
    assert (suggestion.brief.external_id, suggestion.brief.grouped) == ("s1:q5", True)
    assert suggestion.brief.constraints_asked == ["no rain"]
    assert suggestion.model is not None
    assert (suggestion.model.vendor, suggestion.model.name, suggestion.model.version) == ("north", "notes", "2026-04")
    assert (suggestion.seed, suggestion.latency_ms, suggestion.cost_usd) == (-7, 840, Decimal("0.0031"))
    assert suggestion.parameters == {"temperature": 0.7, "größe": [100, 2**60]}
    assert suggestion.suggested_at is not None
    assert suggestion.suggested_at.isoformat() == "2026-05-01T10:00:00+00:00"
    assert Media.objects.get(production=production).sha256 == "ab" * 32
    assert Material.objects.get(production=production).kind == "script"
    assert set(suggestion.contributions.values_list("contributor__external_id", "capacity")) == {
        ("p-12", "author_of_source"), ("p-13", "")
    }  # fmt: skip
    text = SuggestionText.objects.get(suggestion=suggestion)
    assert (text.prompt, text.content) == ("  What does the scene want?\n", "She hides the letter. ")
    form = {"prompt": text.prompt, "content": text.content, "meta": text.meta}
    assert commitment(bytes(text.salt), commit_form(form)) == bytes(suggestion.text_commit)
    made = Decision.objects.get(production=production)
    assert (made.external_id, made.severity, made.confidence) == ("d-1", 2, Decimal("0.800"))
    assert (made.decided_by.external_id, made.on_behalf_of and made.on_behalf_of.external_id) == (
        "writer-09",
        "director-1",
    )
    assert (made.beats, made.has_rationale, made.has_revision, made.span_count) == (["dread"], False, False, 3)
    said = DecisionText.objects.get(decision=made)
    assert said.span_texts[0] == {"label": "hides", "note": "from whom?"}
    form = {"rationale": said.rationale, "revised_content": None, "span_texts": said.span_texts}
    assert commitment(bytes(said.salt), commit_form(form)) == bytes(made.text_commit or b"")
    units = DecisionSpan.objects.filter(decision=made).order_by("position").values_list("unit", "start", "rate_num")
    assert list(units) == [("code_point", 4, None), ("frame", 195, 24000), ("region", None, None)]
    assert Signal.objects.get(decision=made).suggestion_label == "negative"
    assert bytes(made.event.entry).find(bytes(made.digest).hex().encode()) > 0
    credited = Credit.objects.filter(production=production).values_list("contributor__external_id", "function")
    assert set(credited) == {
        ("writer-09", "decider"), ("director-1", "decider"), ("p-12", "author_of_source"), ("p-13", "contributor")
    }  # fmt: skip


def test_the_same_lines_again_change_nothing() -> None:
    production = show()
    objects = [
        FULL,
        line("s2", decisions=[decision("reject"), decision("retract"), decision("revise", revised_content="")]),
    ]
    push(production, *objects)
    before = counts(production.pk)
    again = push(production, *objects)
    assert (again.suggestions_new, again.decisions_new) == (0, 0)
    assert (again.suggestions_known, again.decisions_known) == (2, 4)
    assert counts(production.pk) == before == again.counts


def test_other_content_under_a_known_id_is_an_error() -> None:
    production = show()
    push(production, line("s1", decisions=[decision(external_id="d1")]))
    assert fields(push(production, line("s1", content="Other"))) == [(1, "external_id")]
    assert fields(push(production, line("s1", seed=1))) == [(1, "external_id")]
    changed = push(production, line("s1", decisions=[decision("reject", external_id="d1")]))
    assert fields(changed) == [(1, "decisions[0].external_id")]
    elsewhere = push(production, line("s9", decisions=[decision(external_id="d1")]))
    assert fields(elsewhere) == [(1, "decisions[0].external_id")]
    assert Suggestion.objects.filter(production=production).count() == 1


def test_decisions_come_later_also_within_one_file() -> None:
    production = show()
    push(production, line("s1", decisions=[decision(by="anna")]))
    report = push(
        production,
        line("s1", decisions=[decision(by="anna"), decision("reject", by="ben")]),
        line("s1", decisions=[decision(by="cleo")]),
    )
    assert (report.errors, report.decisions_new, report.decisions_known) == ([], 2, 1)
    positions = Decision.objects.filter(production=production).order_by("id").values_list("position", flat=True)
    assert list(positions) == [0, 1, 2]
    assert report.counts["suggestions_with_3+_decisions"] == 1


def test_nothing_is_kept_if_any_line_is_bad() -> None:
    production = show()
    report = push(
        production, line("s1"), b"{", line("s2", cost_usd=-1, decisions=[decision("love")]), b'{"a": 1, "a": 1}'
    )
    assert fields(report) == [(2, "line"), (3, "cost_usd"), (3, "decisions[0].outcome"), (4, "a")]
    assert (report.kept, report.bad_lines, report.lines) == (False, 3, 4)
    assert not Suggestion.objects.filter(production=production).exists()
    assert not Contributor.objects.filter(namespace=production.code).exists()


def test_keep_good_keeps_whole_lines() -> None:
    production = show()
    bad = line("s2", decisions=[decision(by="nobody"), decision("reject", by="nobody", reasons=["tone"])])
    report = push(production, line("s1", decisions=[decision()]), bad, keep_good=True)
    assert (report.kept, report.bad_lines, report.suggestions_new) == (True, 1, 1)
    assert "story.tone)" in str(report.errors[0])
    assert not Contributor.objects.filter(external_id="nobody", namespace=production.code).exists()


def test_errors_are_counted_beyond_those_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MAX_LISTED", 3)
    report = push(show(), *[b"[]"] * 8)
    assert (len(report.errors), report.error_count) == (3, 8)


def test_a_parent_may_come_later_but_must_come() -> None:
    production = show()
    report = push(production, line("child", parent="mother"), line("mother"))
    assert report.errors == []
    assert Suggestion.objects.get(production=production, external_id="child").parent == Suggestion.objects.get(
        production=production, external_id="mother"
    )
    report = push(
        production, line("a", parent="b"), line("b", parent="nobody"), line("c", parent="mother"), keep_good=True
    )
    assert fields(report) == [(1, "parent"), (2, "parent")]
    assert Suggestion.objects.filter(production=production).count() == 3
    assert fields(push(production, line("x", parent="y"), line("y", parent="z"), line("z", parent="x"))) == [
        (1, "parent"), (2, "parent"), (3, "parent")
    ]  # fmt: skip
    assert fields(push(production, line("me", parent="me"))) == [(1, "parent")]


def test_a_bad_parent_makes_its_children_bad() -> None:
    production = show()
    report = push(production, line("mother", seed="x"), line("child", parent="mother"), keep_good=True)
    assert fields(report) == [(1, "seed"), (2, "parent")]
    assert not Suggestion.objects.filter(production=production).exists()


def test_unknown_reasons_are_registered_or_mapped() -> None:
    production = show()
    told = line("s1", decisions=[decision("reject", reasons=["sibling_chosen", "fluency"], beats=["Angst"])])
    assert fields(push(production, told)) == [
        (1, "decisions[0].reasons[0]"), (1, "decisions[0].reasons[1]"), (1, "decisions[0].beats[0]")
    ]  # fmt: skip
    report = push(production, told, register_reasons=True, reason_map={"sibling_chosen": "sibling"})
    assert (report.registered_reasons, report.registered_beats) == (["imported.fluency"], ["Angst"])
    made = Decision.objects.get(production=production)
    assert (made.reasons, made.negative_kind, made.beats) == (["imported.fluency"], "sibling", ["Angst"])
    assert ProductionReason.objects.get(production=production).label == "fluency"
    assert ProductionBeat.objects.filter(production=production).count() == 1
    ProductionReason.objects.filter(production=production).update(deprecated_at=made.recorded_at)
    # What is registered is known from then on; another map says something else of the same decision.
    assert push(production, told, reason_map={"sibling_chosen": "sibling"}).decisions_known == 1
    assert fields(push(production, told, reason_map={"sibling_chosen": "story.tone"})) == [
        (1, "decisions[0].external_id")
    ]


def test_a_map_names_known_codes_only() -> None:
    with pytest.raises(NotValidError, match=r"near: story\.tone"):
        push(show(), line(), reason_map={"tone": "story.tones"})
    accepted = line(decisions=[decision("accept", reasons=["won"])])
    assert fields(push(show(), accepted, reason_map={"won": "sibling"})) == [(1, "decisions[0].negative_kind")]


def test_a_retract_undoes_that_persons_latest_live_decision() -> None:
    production = show()
    told = [
        decision("accept", "anna", external_id="a1", decided_at="2026-05-01T10:00:00Z"),
        decision("accept", "ben", external_id="b1", decided_at="2026-05-01T10:01:00Z"),
        decision("reject", "typist", on_behalf_of="anna", external_id="a2", decided_at="2026-05-01T10:02:00Z"),
        decision("retract", "anna", external_id="a3", decided_at="2026-05-01T10:03:00Z"),
    ]
    push(production, line("s1", decisions=told))
    later = push(production, line("s1", decisions=[decision("retract", "anna", external_id="a4")]))
    assert later.errors == []
    undone = dict(
        Decision.objects.filter(production=production, outcome="retract").values_list(
            "external_id", "supersedes__external_id"
        )
    )
    assert undone == {"a3": "a2", "a4": "a1"}
    nothing = push(production, line("s1", decisions=[decision("retract", "anna", external_id="a5")]))
    assert fields(nothing) == [(1, "decisions[0].outcome")]


def test_supersedes_names_a_live_decision_of_the_same_person() -> None:
    production = show()
    push(production, line("s1", decisions=[decision("accept", "anna", external_id="a1")]))
    again = line("s1", decisions=[decision("reject", "anna", external_id="a2", supersedes="a1")])
    assert push(production, again).errors == []
    assert push(production, again).decisions_known == 1
    for wrong in (
        {"by": "ben", "supersedes": "a2"},
        {"by": "anna", "supersedes": "a1"},
        {"by": "anna", "supersedes": "?"},
    ):
        report = push(production, line("s1", decisions=[decision("accept", external_id="a9", **wrong)]))
        assert fields(report) == [(1, "decisions[0].supersedes")]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"content": None}, "content"),
        ({"model": None}, "model"),
        ({"origin": "robot"}, "origin"),
        ({"external_id": " "}, "external_id"),
        ({"external_id": "x" * 301}, "external_id"),
        ({"stage": "later"}, "stage"),
        ({"media": {"uri": "a", "sha256": "short"}}, "media.sha256"),
        ({"created_at": "2026-05-01T10:00:00"}, "created_at"),
        ({"created_at": "2026-02-30T10:00:00Z"}, "created_at"),
        ({"latency_ms": True}, "latency_ms"),
        ({"tokens_in": 1.5}, "tokens_in"),
        ({"cost_usd": "cheap"}, "cost_usd"),
        ({"cost_usd": "NaN"}, "cost_usd"),
        ({"meta": []}, "meta"),
        ({"decisions": {}}, "decisions"),
        ({"decisions": [3]}, "decisions[0]"),
        ({"contributors": [{"id": "p", "capacity": "friend"}]}, "contributors[0].capacity"),
        ({"contributors": [{"capacity": "decider"}]}, "contributors[0].id"),
        ({"decisions": [{"outcome": "accept"}]}, "decisions[0].decided_by"),
        ({"decisions": [decision(confidence=1.1)]}, "decisions[0].confidence"),
        ({"decisions": [decision(spans=[{"start": 0, "end": 99}])]}, "decisions[0].spans[0]"),
        ({"decisions": [decision(spans=[{"start": 0}])]}, "decisions[0].spans[0].end"),
        (
            {"decisions": [decision(spans=[{"start_frame": 0, "end_frame": 1, "rate": "23.976"}])]},
            "decisions[0].spans[0].rate",
        ),
        ({"decisions": [decision(spans=[{"start": 0, "end": 1, "target": "title"}])]}, "decisions[0].spans[0].target"),
        (
            {"decisions": [decision(spans=[{"region": {"x": 2, "y": 0, "w": 0, "h": 0}}])]},
            "decisions[0].spans[0].region.x",
        ),
    ],
)
def test_each_bad_field_is_named(more: dict[str, object], field: str) -> None:
    assert fields(push(show(), line(**more))) == [(1, field)]


def test_a_person_or_a_camera_needs_no_model_and_media_no_text() -> None:
    production = show()
    report = push(production, {"external_id": "27A-3", "origin": "camera", "media": {"uri": "a", "sha256": "0" * 64}})
    assert report.errors == []
    suggestion = Suggestion.objects.get(production=production)
    assert (suggestion.origin, suggestion.model, suggestion.content_sha256) == ("camera", None, None)
    assert suggestion.brief.grouped is False


def test_a_material_keeps_its_kind() -> None:
    production = show()
    push(production, line("s1", materials=[{"external_id": "blue", "kind": "script"}]))
    report = push(production, line("s2", materials=[{"external_id": "blue", "kind": "storyboard"}]))
    assert fields(report) == [(1, "materials[0].kind")]


def test_a_field_nobody_reads_is_said() -> None:
    report = push(show(), line(revised_contents="x"))
    assert [(one.line, one.problem.field) for one in report.warnings] == [(1, "revised_contents")]


def test_lines_that_come_once_are_read_twice_if_need_be() -> None:
    production = show()

    def once() -> Iterator[bytes]:
        yield b'{"external_id": "a", "content": "", "model": "m", "parent": "nobody"}'
        yield b'{"external_id": "b", "content": "", "model": "m"}\n'

    from loop.intake.ingest import ingest
    from loop.kernel.actor import SYSTEM

    report = ingest(lines=once(), production=production, actor=SYSTEM, source="pipe", keep_good=True)
    assert (report.bad_lines, report.suggestions_new) == (1, 1)


def test_who_may_not_bring_in_is_refused() -> None:
    production = show()
    with pytest.raises(NotFoundError):
        push(production, line(), actor=Actor(pid="user:x", label="stranger", user_id=None))
    mine = frozenset({production.pk})
    reader = Actor(pid="token:x", label="reader", scopes=frozenset({"suggestions:read"}), production_ids=mine)
    with pytest.raises(NotAllowedError):
        push(production, line(), actor=reader)
    writer = Actor(pid="token:y", label="writer", scopes=frozenset({"suggestions:write"}), production_ids=mine)
    assert push(production, line("s1"), actor=writer).errors == []
    assert fields(push(production, line("s2", decisions=[decision()]), actor=writer)) == [(1, "decisions")]


def test_an_erased_text_is_never_brought_back() -> None:
    production = show()
    told = line("s1", decisions=[decision(external_id="d1", rationale="private")])
    push(production, told)
    suggestion, made = Suggestion.objects.get(production=production), Decision.objects.get(production=production)
    erase("suggestion", suggestion.pk, suggestion.uid)
    erase("decision", made.pk, made.uid)
    again = push(production, told)
    assert (again.errors, again.suggestions_known, again.decisions_known) == ([], 1, 1)
    assert not SuggestionText.objects.filter(suggestion=suggestion).exists()
    unnamed = push(production, line("s1", decisions=[decision()]))
    assert (unnamed.decisions_new, unnamed.warning_count) == (0, 1)


def erase(kind: str, row: int, uid: object) -> None:
    from django.db import connection

    from loop.audit.record import record
    from loop.kernel.actor import SYSTEM
    from loop.kernel.clock import now

    event = record(
        event="text.erased", actor=SYSTEM, obj_table=f"loop_{kind}", obj_uid=uid, production_id=None, at=now(),  # type: ignore[arg-type]
        facts={"basis": "request"},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT loop_erase_text(%s, %s, %s)", [kind, row, event.pk])


def test_groups_share_a_brief_and_models_a_version() -> None:
    production = show()
    push(production, line("s1", group_id="g"), line("s2", group_id="g"), line("s3"))
    assert Brief.objects.filter(production=production).count() == 2
    assert ModelVersion.objects.filter(label="north/notes@1").count() == 1
