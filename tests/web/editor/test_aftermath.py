"""What a judge is told and shown by policy: crossed verdicts, what Undo takes next, hidden models, marks, chips."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loop.decision.models import Decision
from loop.export.models import ExportRow
from loop.kernel.actor import SYSTEM
from loop.queue.policy import set_policy
from loop.suggestion.models import Suggestion
from loop.web.editor import aftermath
from loop.web.editor.sheet import alike, base_of
from tests.support.cutting_room import Room, bring_in, line
from tests.support.databases import FreshDatabase
from tests.support.releases import few_lines, stage

Say = Callable[..., Any]
Seat = Callable[[str], Client]


@pytest.fixture
def look(room: Room, seat: Seat) -> Callable[..., dict[str, Any]]:
    """`look("editor", "s01-a")`: the item as that login's page shows it."""

    def opened(name: str, external_id: str) -> dict[str, Any]:
        uid = room.suggestion(external_id).uid
        found: dict[str, Any] = seat(name).get(f"/p/FERRY/review/?item={uid}&fragment=1").context["item"]
        return found

    return opened


class TestVerdictsThatCross:
    """Two people open the same item; both decide; both verdicts stand and both are told."""

    def test_the_second_is_told_at_once_and_the_first_with_the_next_verdict(
        self, room: Room, say: Say, look: Callable[..., dict[str, Any]]
    ) -> None:
        director, editor = look("director", "s01-a")["shown"], look("editor", "s01-a")["shown"]
        first = say("director", "s01-a", "reject", shown=director).json()
        assert first["others"] == []
        second = say("editor", "s01-a", "accept", shown=editor).json()
        (told,) = second["others"]
        assert (told["by"], told["outcome"], told["label"]) == ("Director", "reject", "s01-a")
        assert told["url"] == f"/d/{first['decision']}/"
        assert told["mine"] == second["decision"]
        (told,) = say("director", "s02-a", "accept").json()["others"]
        assert (told["by"], told["outcome"], told["decision"]) == ("Editor", "accept", second["decision"])
        live = Decision.objects.filter(suggestion=room.suggestion("s01-a"), superseded_by=None)
        assert {each.outcome for each in live} == {"reject", "accept"}

    def test_who_opens_it_afterwards_crosses_nobody(self, say: Say, look: Callable[..., dict[str, Any]]) -> None:
        say("director", "s01-a", "reject", shown=look("director", "s01-a")["shown"])
        answer = say("editor", "s01-a", "accept", shown=look("editor", "s01-a")["shown"]).json()
        assert answer["others"] == []
        assert say("director", "s02-a", "accept").json()["others"] == []

    def test_a_skip_learns_nothing_where_one_judges_blind(
        self, room: Room, say: Say, look: Callable[..., dict[str, Any]]
    ) -> None:
        shown = look("editor", "s01-a")["shown"]
        say("director", "s01-a", "reject")
        assert say("editor", "s01-a", "skip", shown=shown).json()["others"] == []
        set_policy(production=room.production, actor=SYSTEM, blind_until_decided=False)
        assert len(say("editor", "s01-a", "skip", shown=shown).json()["others"]) == 1

    def test_what_was_withdrawn_crosses_nobody(self, say: Say, look: Callable[..., dict[str, Any]]) -> None:
        shown = look("editor", "s01-a")["shown"]
        theirs = say("director", "s01-a", "reject").json()["decision"]
        say("director", "s01-a", "retract", retracts=theirs)
        assert say("editor", "s01-a", "accept", shown=shown).json()["others"] == []

    def test_without_script_a_message_says_it(
        self, room: Room, say: Say, seat: Seat, look: Callable[..., dict[str, Any]]
    ) -> None:
        client, shown = seat("editor"), look("editor", "s01-a")["shown"]
        say("director", "s01-a", "reject")
        given = {"idempotency_key": "form-0001", "suggestion": str(room.suggestion("s01-a").uid), "outcome": "accept"}
        page = client.post("/p/FERRY/decide/", {**given, "shown": shown}, follow=True).content.decode()
        assert "Director rejected s01-a at the same time. Both verdicts stand." in page

    def test_it_costs_few_queries(self, room: Room, say: Say) -> None:
        for number in range(1, 6):
            say("director", f"s0{number}-a", "reject")
            say("editor", f"s0{number}-a", "accept")
        policy, me = room.production, room.contributor("editor")
        decision = Decision.objects.select_related("supersedes").order_by("-id")[0]
        with CaptureQueriesContext(connection) as captured:
            aftermath.told_after(
                room.production, aftermath.ReviewPolicy(production_id=policy.pk), me, decision, decision.recorded_at
            )
        assert len(captured) <= 4


class TestUndo:
    """As far back as one's verdicts go, in any browser."""

    def test_every_answer_names_the_next_one_to_take_back(self, say: Say) -> None:
        made = [say("editor", name, "accept").json() for name in ("s01-a", "s01-b", "s02-a")]
        assert made[-1]["last"]["label"] == "s02-a"
        answer = made[-1]
        for label in ("s01-b", "s01-a"):
            last = answer["last"]
            answer = say("editor", last["label"], "retract", retracts=last["uid"]).json()
            assert answer["last"]["label"] == label
        last = answer["last"]
        assert say("editor", last["label"], "retract", retracts=last["uid"]).json()["last"] is None

    def test_it_brings_back_what_was_said(self, say: Say) -> None:
        given = {
            "reasons": ["story.tone"],
            "beats": ["dread"],
            "rationale": "Too loud.",
            "severity": 3,
            "spans": [{"start": 0, "end": 4, "reason": "story.tone", "note": "here"}],
        }
        made = say("editor", "s01-a", "reject", **given).json()["decision"]
        said = say("editor", "s01-a", "retract", retracts=made).json()["said"]
        span = {"target": "content", **given["spans"][0]}  # type: ignore[index]
        assert said == {**given, "severity": "3", "spans": [span], "revised_content": None}

    def test_it_says_which_release_keeps_what_was_undone(self, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(aftermath, "releases_of", lambda _: ["E-12"])
        made = say("editor", "s01-a", "reject").json()["decision"]
        answer = say("editor", "s01-a", "retract", retracts=made)
        assert answer.status_code == 201
        assert answer.json()["releases"] == ["E-12"]


class TestPolicy:
    """What a production hides, asks and offers."""

    def test_the_model_waits_for_ones_own_verdict(
        self, room: Room, say: Say, seat: Seat, look: Callable[..., dict[str, Any]]
    ) -> None:
        set_policy(production=room.production, actor=SYSTEM, hide_model=True)
        address = f"/p/FERRY/review/?item={room.suggestion('s01-a').uid}&fragment=1"
        editor = seat("editor")
        page = editor.get(address).content.decode()
        assert page.count("hidden until you decide") == 2
        assert "scribe" not in page
        assert "0.0031" not in page
        dossier = f"/p/FERRY/items/{room.suggestion('s01-a').uid}/"
        assert "scribe" not in editor.get(dossier).content.decode()
        assert "vendor/scribe@1.0" in seat("producer").get(dossier).content.decode()  # reads, does not judge
        say("editor", "s01-a", "accept", shown=look("editor", "s01-a")["shown"])
        assert "vendor/scribe@1.0" in editor.get(dossier).content.decode()
        assert Decision.objects.get().context["model_hidden"] is True
        assert "vendor/scribe@1.0" in editor.get(address).content.decode()

    def test_where_one_does_not_judge_blind_others_show_at_once(
        self, room: Room, say: Say, look: Callable[..., dict[str, Any]]
    ) -> None:
        say("director", "s01-a", "reject", rationale="Never.")
        assert look("editor", "s01-a")["others"] == []
        set_policy(production=room.production, actor=SYSTEM, blind_until_decided=False)
        item = look("editor", "s01-a")
        assert [each["rationale"] for each in item["others"]] == ["Never."]
        say("editor", "s01-a", "accept", shown=item["shown"])
        assert Decision.objects.get(outcome="accept").context["blind"] is False

    def test_a_skip_is_refused_in_words(self, room: Room, say: Say) -> None:
        set_policy(production=room.production, actor=SYSTEM, skip="with_reason")
        refused = say("editor", "s01-a", "skip")
        assert refused.status_code == 422
        assert "wants a reason with every skip" in refused.json()["detail"]
        assert say("editor", "s01-a", "skip", rationale="Not mine to judge.").status_code == 201
        set_policy(production=room.production, actor=SYSTEM, skip="not_allowed")
        assert "does not skip" in say("editor", "s01-b", "skip", reasons=["story.tone"]).json()["detail"]

    def test_a_page_without_skips_has_no_button_for_one(self, room: Room, seat: Seat) -> None:
        page = seat("editor").get("/p/FERRY/review/").content.decode()
        assert 'data-action="verdict.skip" disabled' not in page
        set_policy(production=room.production, actor=SYSTEM, skip="not_allowed")
        page = seat("editor").get("/p/FERRY/review/").content.decode()
        assert 'data-action="verdict.skip" disabled' in page
        assert 'data-skip="not_allowed"' in page

    def test_chips_are_the_productions_own_or_those_of_the_kind(
        self, room: Room, look: Callable[..., dict[str, Any]]
    ) -> None:
        item = look("editor", "s01-a")
        assert item["praise"][0]["code"] == "praise.tone"
        assert [each["code"] for each in item["beat_chips"]][:2] == ["tension", "dread"]
        assert "tension" not in [each["code"] for each in item["beats"]]
        assert not any(each["code"].startswith("praise.") for each in item["more_reasons"])
        own = {"accept_chips": ["praise.light", "story.clarity"], "beat_chips": ["awe"]}
        set_policy(production=room.production, actor=SYSTEM, **own)  # type: ignore[arg-type]
        item = look("editor", "s01-a")
        assert [each["code"] for each in item["praise"]] == own["accept_chips"]
        assert [each["code"] for each in item["beat_chips"]] == own["beat_chips"]

    def test_praise_is_refused_on_a_reject_in_words(self, say: Say) -> None:
        refused = say("editor", "s01-a", "reject", reasons=["praise.light"])
        assert refused.status_code == 422
        assert "praise goes with an acceptance or a revision" in refused.json()["detail"]


class TestMarks:
    """Spans of the page: refused by their number, shown to whoever has judged."""

    @pytest.mark.parametrize(
        ("span", "words"),
        [
            ({"start": 3, "end": 900}, "span 2: expected 0 <= start <= end"),
            ({"start": 3, "end": 4, "reason": "no.such"}, "span 2: reason"),
            ({"start": 3, "end": 4, "note": "x" * 10_001}, "span 2: note"),
            ({"start": 3}, "span 2: end"),
            ({"start_frame": 5, "end_frame": 2, "rate": "24"}, "span 2: expected 0 <= start_frame"),
            ({"region": {"x": 0.5, "y": 0.5, "w": 2, "h": 0.5}}, "span 2: region.w"),
        ],
    )
    def test_a_refusal_names_the_span(self, say: Say, span: dict[str, object], words: str) -> None:
        refused = say("editor", "s01-a", "reject", spans=[{"start": 0, "end": 3}, span])
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
        assert Decision.objects.count() == 0

    def test_too_many_are_refused(self, say: Say) -> None:
        refused = say("editor", "s01-a", "reject", spans=[{"start": 0, "end": 1}] * 1_001)
        assert refused.status_code == 422
        assert "spans: expected at most 1000" in refused.json()["detail"]

    def test_shares_of_a_picture_may_come_as_numbers(self, say: Say) -> None:
        region = {"region": {"x": 0.25, "y": 0.1, "w": 0.5, "h": 1}}
        assert say("editor", "s01-a", "reject", spans=[region]).status_code == 201
        span = Decision.objects.get().spans.get()
        assert span.region == {"x": "0.25", "y": "0.1", "w": "0.5", "h": "1"}

    def test_others_marks_wait_for_ones_own_verdict(
        self, room: Room, say: Say, seat: Seat, look: Callable[..., dict[str, Any]]
    ) -> None:
        spans = [
            {"start": 0, "end": 4, "reason": "story.tone", "note": "here"},
            {"start_frame": 2, "end_frame": 5, "rate": "24000/1001", "media_sha256": "a" * 64},
        ]
        say("director", "s01-a", "reject", spans=spans)
        assert look("editor", "s01-a")["others_spans"] == []
        say("editor", "s01-a", "accept", spans=[{"start": 5, "end": 6}])
        address = f"/p/FERRY/review/?item={room.suggestion('s01-a').uid}&fragment=1"
        page = seat("editor").get(address).content.decode()
        told = json.loads(page.partition('id="others-spans" type="application/json">')[2].partition("</script>")[0])
        assert [(each["by"], each["mine"]) for each in told] == [("Director", False)] * 2 + [("Editor", True)]
        assert {**spans[0], "target": "content"}.items() <= told[0].items()
        assert {**spans[1], "drop_frame": False}.items() <= told[1].items()
        assert "Note" in unescape(page)


def test_a_base_is_what_the_suggestion_is_a_version_of(room: Room) -> None:
    text = "Tomas waits at the quay and looks at the clock."
    changed = text.replace("clock", "water")
    bring_in(
        room.production,
        [
            line("b-1", text),
            line("b-2", changed, parent="b-1"),
            line("b-3", "Quite another thing, said by others.", parent="b-1"),
            line("b-4", "replacement", kind="ai_edit", meta={"before": "what stood", "op": "replace"}),
            line("b-5", "inserted", kind="ai_edit", meta={"before": None, "op": "insert"}),
            line("b-6", "", kind="ai_edit", meta={"before": "to go", "op": "delete"}),
            line("b-7", changed, kind="edit_suggestion", prompt=text),
            line("b-8", changed, kind="script_note", prompt=text),
            line("b-9", text, parent="b-1"),
        ],
    )

    def base(name: str) -> str | None:
        found = Suggestion.objects.select_related("text").get(external_id=name)
        return base_of(found, found.text.content, found.text.prompt, found.text.meta or {})

    found = {name: base(name) for name in ("b-1", "b-2", "b-3", "b-4", "b-5", "b-6", "b-7", "b-8", "b-9")}
    assert found == {
        "b-1": None,
        "b-2": text,
        "b-3": None,
        "b-4": "what stood",
        "b-5": "",
        "b-6": "to go",
        "b-7": text,
        "b-8": None,
        "b-9": None,
    }
    assert not alike("", "")


def test_only_published_releases_keep_a_verdict(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(few_lines())
    show.authorises()
    show.orders("signals")
    decisions = list(Decision.objects.filter(production=show.production))
    assert aftermath.releases_of(decisions) == []
    release, _ = show.releases()
    kept = ExportRow.objects.filter(export=release).select_related("decision")[0].decision
    assert aftermath.releases_of([kept]) == [f"E-{release.number}"]
