"""The review room by keyboard: one key a verdict, reasons before and after it, revising, undo, what the page keeps."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from loop.decision.models import Decision
from loop.decision.taxonomy import digit_reasons
from tests.browser.conftest import press, ready, saved
from tests.support.cutting_room import TEXTS, Room, bring_in, line

REASONS = digit_reasons("script_note")
AtWork = Callable[..., Page]


def standing(room: Room) -> dict[str, tuple[str, list[str]]]:
    """The live verdict on each suggestion."""
    found = Decision.objects.filter(production=room.production, superseded_by=None).exclude(outcome="retract")
    return {each.suggestion.external_id: (each.outcome, each.reasons) for each in found.select_related("suggestion")}


def test_from_the_login_to_a_verdict_without_a_mouse(room: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor")
    expect(page.get_by_role("heading", level=1)).to_have_text("12 suggestions wait for you")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    ready(page)
    press(page, "a")
    saved(page)
    assert standing(room) == {"s01-a": ("accept", [])}
    with page.expect_navigation():
        press(page, "g", "q")
    expect(page.locator(".lead")).to_have_text("1 of 12 done, 11 left")


def test_reasons_go_before_the_verdict_or_after_it(room: Room, at_work: AtWork) -> None:
    page = at_work()
    press(page, "a")  # s01-a
    press(page, "2", "5", "x")  # s01-b
    press(page, "x", "3", "1")  # s02-a, and its reasons while the strip shows
    expect(page.locator("#item")).to_have_attribute("data-label", "s02-b")
    expect(page.locator("#undo")).to_contain_text("s02-a")
    saved(page)
    assert standing(room) == {
        "s01-a": ("accept", []),
        "s01-b": ("reject", [REASONS[1], REASONS[4]]),
        "s02-a": ("reject", [REASONS[2], REASONS[0]]),
    }
    assert Decision.objects.filter(suggestion__external_id="s02-a").count() == 3
    expect(page.locator("#done")).to_have_text("3")


def test_a_digit_after_an_accept_belongs_to_the_item_on_screen(room: Room, at_work: AtWork) -> None:
    page = at_work()
    press(page, "a", "4", "x")
    saved(page)
    assert standing(room) == {"s01-a": ("accept", []), "s01-b": ("reject", [REASONS[3]])}


def test_a_revision_is_typed_and_sent(room: Room, at_work: AtWork) -> None:
    page = at_work()
    press(page, "r")
    expect(page.locator("#tally")).to_have_text("Unchanged")
    press(page, "Control+Enter")
    expect(page.locator("#tally")).to_contain_text("Nothing changed yet")
    page.keyboard.press("Control+End")
    page.keyboard.type(" And x a r 1 are only letters here.")
    expect(page.locator("#tally")).to_have_text("9 words changed")
    press(page, "Control+Enter")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-b")
    saved(page)
    decision = Decision.objects.get()
    assert decision.outcome == "revise"
    assert decision.text.revised_content == "Note 1. The pause says it. And x a r 1 are only letters here."
    assert decision.active_ms is not None
    assert decision.context["candidates"]


def test_what_has_no_text_is_revised_in_words(room: Room, at_work: AtWork) -> None:
    """R on a picture asks what should change; words, a mark or a reason say it, and no new text is claimed."""
    bring_in(room.production, [line("clip-a", None), line("clip-b", None)])
    page = at_work(address=f"/p/FERRY/review/?item={room.suggestion('clip-a').uid}")
    press(page, "r")
    expect(page.locator("#rationale")).to_be_focused()
    expect(page.locator("#undo")).to_contain_text("What should change?")
    assert not Decision.objects.exists()
    page.keyboard.type("Half as fast, and end on her hand.")
    press(page, "Control+Enter")
    expect(page.locator("#item")).to_have_attribute("data-label", "clip-b")
    press(page, "2", "r")
    saved(page)
    first, second = Decision.objects.order_by("id").select_related("text")
    assert (first.outcome, first.text.rationale, first.has_revision) == (
        "revise", "Half as fast, and end on her hand.", False,
    )  # fmt: skip
    assert (second.outcome, second.reasons, second.has_revision) == ("revise", [REASONS[1]], False)


def test_undo_brings_the_item_back_with_what_was_said(room: Room, at_work: AtWork) -> None:
    page = at_work()
    press(page, "e")
    page.keyboard.type("Because of the pause.")
    press(page, "Escape", "2", "x")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-b")
    press(page, "z")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-a")
    expect(page.locator("#rationale")).to_have_value("Because of the pause.")
    expect(page.locator("[data-digit='2']")).to_be_checked()
    saved(page)
    assert standing(room) == {}
    press(page, "a")
    saved(page)
    assert standing(room) == {"s01-a": ("accept", [REASONS[1]])}
    assert [each.outcome for each in Decision.objects.order_by("id")] == ["reject", "retract", "accept"]


def test_moving_keeps_what_was_begun(room: Room, at_work: AtWork) -> None:
    page = at_work()
    press(page, "e")
    page.keyboard.type("Half a thought")
    press(page, "Escape", "n", "n")
    expect(page.locator("#item")).to_have_attribute("data-label", "s02-a")
    press(page, "p", "p")
    expect(page.locator("#rationale")).to_have_value("Half a thought")
    page.reload()
    ready(page)
    expect(page.locator("#rationale")).to_have_value("Half a thought")
    assert Decision.objects.count() == 0


def test_skipped_ones_come_again_when_asked_for(room: Room, at_work: AtWork) -> None:
    page = at_work()
    press(page, *("s" if number in {2, 7} else "a" for number in range(12)))
    saved(page)
    expect(page.get_by_role("heading", name="Nothing to review. 10 of 12 done.")).to_be_visible()
    again = page.get_by_role("link", name="2 skipped: go through them again")
    again.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    ready(page)
    press(page, "a", "a")
    saved(page)
    expect(page.get_by_role("heading", name="Nothing to review. 12 of 12 done.")).to_be_visible()
    assert {outcome for outcome, _ in standing(room).values()} == {"accept"}


def test_a_script_supervisor_logs_for_the_director(room: Room, at_work: AtWork) -> None:
    page = at_work("scripty")
    expect(page.locator("#on_behalf_of option:checked")).to_have_text("Director")
    press(page, "x", "1", "a")
    saved(page)
    people = {(str(each.decided_by), str(each.on_behalf_of)) for each in Decision.objects.all()}
    assert people == {("Scripty", "Director")}


def test_where_a_reason_is_required_the_verdict_waits_for_it(room: Room, at_work: AtWork) -> None:
    room.production.reason_required = True
    room.production.save()
    page = at_work()
    press(page, "x")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-a")
    expect(page.locator("#undo")).to_contain_text("why? 1–9")
    press(page, "3")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-b")
    press(page, "9", "x")  # "other" needs words
    expect(page.locator("#rationale")).to_be_focused()
    page.keyboard.type("Wrong ship.")
    press(page, "Control+Enter")
    expect(page.locator("#item")).to_have_attribute("data-label", "s02-a")
    press(page, "a")  # an accept needs none
    saved(page)
    assert standing(room) == {
        "s01-a": ("reject", [REASONS[2]]),
        "s01-b": ("reject", ["other"]),
        "s02-a": ("accept", []),
    }


def test_single_keys_can_be_switched_off(room: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor")
    page.goto("/me/")
    page.locator("[name=single_keys]").focus()
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/p/FERRY/review/")
    ready(page)
    press(page, "a", "x", "2")
    assert Decision.objects.count() == 0
    page.locator("[data-action='verdict.accept']").focus()
    press(page, "Enter")
    saved(page)
    assert standing(room) == {"s01-a": ("accept", [])}


def test_drafts_leave_the_browser_with_the_person(room: Room, at_work: AtWork) -> None:
    page = at_work()
    press(page, "e")
    page.keyboard.type("A secret of the third act")
    press(page, "Escape")
    page.wait_for_timeout(500)
    drafts = "Object.keys(localStorage).filter((key) => key.startsWith('circled.draft.'))"
    assert len(page.evaluate(drafts)) == 1
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Log out").last.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/accounts/login/")
    assert page.evaluate(drafts) == []


SIZES = [(1440, 900), (1440, 780), (1280, 680), (1024, 700), (820, 1100)]


SEEN = """() => {
  const inside = (each) => {
    const box = each.getBoundingClientRect();
    const [low, wide] = [innerHeight + 1, innerWidth + 1];
    return box.width > 0 && box.top >= 0 && box.left >= 0 && box.bottom <= low && box.right <= wide;
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const panel = document.querySelector(".panel").getBoundingClientRect();
  const within = (each) => inside(each) && each.getBoundingClientRect().bottom <= panel.bottom;
  const page = document.scrollingElement;
  return {
    scrolls: page.scrollHeight > innerHeight || page.scrollWidth > innerWidth,
    verbs: all(".bar .verb").filter(inside).length,
    reasons: all(".reasonbox > .reasons label").filter(within).length,
    rationale: all("#rationale").filter(within).length,
  };
}"""


def test_everything_for_a_verdict_is_on_screen_at_every_size(room: Room, at_work: AtWork) -> None:
    page = at_work("editor")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        seen = page.evaluate(SEEN)
        assert seen == {"scrolls": False, "verbs": 4, "reasons": 9, "rationale": 1}, f"{width} x {height}"


def test_texts_of_every_kind_fit_the_stage(room: Room, at_work: AtWork) -> None:
    bring_in(room.production, [line(f"text-{name}", text, group_id=f"g-{name}") for name, text in TEXTS.items()])
    page = at_work()
    for name, text in TEXTS.items():
        uid = room.suggestion(f"text-{name}").uid
        for address in (f"/p/FERRY/review/?item={uid}", f"/p/FERRY/items/{uid}/"):
            page.goto(address)
            page.locator("main").wait_for()
            wide = page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
            assert not wide, f"{address} scrolls sideways with {name}"
        if text and name not in {"script", "right-to-left"}:
            page.goto(f"/p/FERRY/review/?item={uid}")
            assert page.locator(".prose").first.evaluate("e => e.textContent") == text, name
            assert page.locator("[name=revised_content]").input_value() == text, name
