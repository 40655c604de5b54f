// The review room. One key is one decision: write it down, show the next item (it is already here), send it behind the scenes.
import "./app.js";
import { say } from "./app.js";
import { stopwatch } from "./drafts.js";
import { control, handle, keyOf, reasonKeys } from "./keymap.js";
import { outbox, uuid } from "./outbox.js";
import { controls, current, digits, field, forgetDraft, form, isPraise, item, openRevision, read, reasonBoxes, room, rowOf, rows, saveDraft } from "./sheet.js";
import { spans } from "./spans.js";
import { armedFor, ask, attach, disarm, keep, labels, madeOf, mark, openStrip, undo } from "./strip.js";
import { begin, heading, isPainted, nextAfter, onArrival, outdated, setPainted, show, undecidedAfter, WORDS } from "./walk.js";

const MAY_PRAISE = new Set(["accept", "revise", "best"]);
let asked = null; // the verdict that waits for its reason, where the production requires one

// The stage by what lies on it. A module comes only where its medium does, and is told when it may let go.
const MODULES = {
  video: () => import("./player.js"),
  audio: () => import("./player.js"),
  still: () => import("./still.js"),
  text: () => import("./text.js"),
  wait: () => import("./wait.js"),
};
let leave = null;
let visit = 0;

async function mount() {
  const stage = document.getElementById("stage");
  const mine = ++visit;
  if (leave) leave();
  leave = null;
  const found = await MODULES[stage?.dataset.medium]?.().catch(() => say("The stage could not be loaded."));
  if (found && mine === visit && stage.isConnected) leave = found.mount(stage) || null;
}

onArrival(() => {
  asked = null;
  const skip = document.querySelector(".bar [data-action='verdict.skip']");
  if (skip && item()?.dataset.skip === "not_allowed") skip.disabled = true;
  mount();
});

// ---------------------------------------------------------------- deciding

async function decide(outcome) {
  if (!isPainted() || !form()) return;
  const given = read();
  if (outcome === "revise" && !revisionReady(given)) return;
  if (!reasonReady(outcome, given)) return;
  asked = null;
  setPainted(false);
  const uid = current();
  const among = outcome === "best" ? candidates() : [];
  const earlier = madeOf(uid);
  const reasons = MAY_PRAISE.has(outcome) ? given.reasons : given.reasons.filter((code) => !isPraise(code));
  const body = {
    ...given,
    reasons,
    idempotency_key: uuid(),
    suggestion: uid,
    outcome,
    revised_content: outcome === "revise" ? given.revised_content : null,
    severity: given.severity === "" ? null : Number(given.severity),
    on_behalf_of: field("on_behalf_of")?.value || null,
    shown: field("shown")?.value || "",
    queue: field("queue")?.value || "",
    active_ms: stopwatch.read(),
    decided_at: new Date().toISOString(),
    among: among.map((each) => each.dataset.uid),
  };
  const entry = {
    key: body.idempotency_key,
    uid,
    outcome,
    body,
    given,
    before: among.map(({ dataset }) => [dataset.uid, rowOf(dataset.uid)?.dataset.outcome || ""]),
    label: among.length ? overWords(among, uid) : item().dataset.label || "",
    digits: digits(),
    praise: controls("reasons").filter((box) => "praise" in box.dataset).map((box) => ({ code: box.value, label: box.dataset.label })),
    early: reasons.length > 0,
  };
  const url = among.length ? room.dataset.choose : room.dataset.decide;
  await outbox.put(url, body, { refers: earlier ? { supersedes: earlier.key } : {}, label: `${WORDS[outcome]}: ${entry.label}` });
  if (!outbox.durable) await outbox.settled(20_000);
  forgetDraft(uid);
  keep(entry);
  mark(body);
  let next = nextAfter(uid);
  while (next && body.among.includes(next.dataset.uid)) next = nextAfter(next.dataset.uid);
  openStrip(entry);
  if (next) await show(next.dataset.uid, { fresh: Boolean(next.dataset.outcome) });
  else await atTheEnd();
  const place = item()?.dataset.place || "";
  say(`${WORDS[outcome]}${reasons.length ? `: ${labels(entry, reasons)}` : ""}. ${place}`);
}

// The candidates in view beside the one on the table, itself among them.
const candidates = () => [...document.querySelectorAll(".candidates a[data-uid]")];

// "take 9 over 3, 7 and 12", "C over A, B and D"
function overWords(among, uid) {
  const best = among.find((each) => each.dataset.uid === uid);
  const rest = among.filter((each) => each !== best).map((each) => each.dataset.name);
  return `${[best?.dataset.noun, best?.dataset.name].filter(Boolean).join(" ")} over ${[rest.slice(0, -1).join(", "), rest.at(-1)].filter(Boolean).join(" and ")}`;
}

// Nothing undecided in the strip: ask the server, which knows the rest of the queue.
async function atTheEnd() {
  if (await outbox.settled(4000)) await show("", { push: true });
  else await show("");
}

function revisionReady(given) {
  const text = field("revised_content");
  const box = document.getElementById("revise");
  // A picture or a sound has no text to rewrite: what should change is said in words, by marks or by reasons.
  if (!text || !box) {
    if (given.rationale.trim() || given.spans.length || given.reasons.length) return true;
    asked = "revise";
    ask(`What should change? Write it, then ${keyOf("submit") || "Revise"}; or mark it`);
    field("rationale")?.focus();
    return false;
  }
  if (!box.open) {
    openRevision();
    return false;
  }
  if (text.value === text.defaultValue) {
    const shown = document.getElementById("tally");
    if (shown) shown.textContent = "Nothing changed yet: a revision needs other text";
    say("Nothing changed yet.");
    text.focus();
    return false;
  }
  return true;
}

// The production wants a reason: the verdict waits for it, in place, and the next digit sends it.
function reasonReady(outcome, given) {
  const isOwed = "reasonRequired" in room.dataset && (outcome === "reject" || outcome === "revise");
  const isSkip = outcome === "skip" && item().dataset.skip === "with_reason";
  const words = given.rationale.trim();
  const reasons = given.reasons.filter((code) => !isPraise(code));
  if ((isOwed && !reasons.length) || (isSkip && !reasons.length && !words)) {
    asked = outcome;
    ask(`${WORDS[outcome]}: why? ${reasonKeys()}, or ${isSkip ? `${keyOf("rationale") || "the box"} for words` : `${keyOf("reason.more") || "the list"} for all reasons`}`);
    document.getElementById("stage")?.focus();
    return false;
  }
  if (isOwed && reasons.includes("other") && !words) {
    asked = outcome;
    ask(`\u201cOther\u201d needs words: write them, then ${keyOf("submit")}`);
    field("rationale")?.focus();
    return false;
  }
  return true;
}

// Progress is the server's figure; between answers the page counts on.
outbox.addEventListener("answer", ({ detail: { entry, answer, elsewhere } }) => {
  if (elsewhere) mark(entry.body); // given in another tab of mine
  for (const uid of [entry.body.suggestion, ...(entry.body.among || [])]) outdated(uid);
  if (answer.progress) {
    const { done, total } = answer.progress;
    for (const bar of document.querySelectorAll("progress[data-progress]")) {
      bar.max = total;
      bar.value = done;
    }
    const shown = document.getElementById("done");
    if (shown) shown.textContent = done;
  }
});

// ---------------------------------------------------------------- keys and controls

handle("reason", (event, place) => {
  const digit = String(place + 1);
  const box = reasonBoxes().find((each) => each.dataset.digit === digit);
  // A mark that has no reason yet gets it, and so does the verdict.
  const at = spans.chosen;
  const isForMark = box && at >= 0 && !spans.at(at).reason;
  const armed = isForMark ? null : armedFor();
  if (armed) {
    if (armed.digits[digit]) attach(armed, armed.digits[digit]);
    return true;
  }
  if (!box) return false;
  box.checked = isForMark || !box.checked;
  if (isForMark) spans.change(at, { reason: box.value });
  saveDraft();
  if (asked && box.checked) {
    decide(asked);
    return true;
  }
  say(`${box.checked ? "Reason" : "Not"}: ${box.dataset.label}`);
  return true;
});
handle("reason.more", () => {
  const more = document.getElementById("more-reasons");
  if (!more) return false;
  disarm();
  more.open = true;
  more.querySelector("input")?.focus();
  return true;
});
handle("rationale", () => {
  disarm();
  field("rationale")?.focus();
  return true;
});
handle("submit", (event) => {
  if (event.target === field("revised_content")) decide("revise");
  else if (asked) decide(asked);
  else document.getElementById("stage")?.focus();
  return true;
});
handle("leave", () => {
  disarm();
  asked = null;
  const box = document.getElementById("revise");
  if (box && box.open) box.open = false;
  document.getElementById("stage")?.focus();
  saveDraft();
  return true;
});
handle("praise", () => {
  const all = [...document.querySelectorAll("#chips .quick input")];
  (all.find((box) => box.checked) || all[0])?.focus();
  return all.length > 0;
});
handle("span.note", () => {
  const note = document.querySelector("#spans [aria-current] [data-field=note]");
  note?.focus();
  return Boolean(note);
});
// Arrows go along a row of chips, and from one row to the other.
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.(".quick");
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row || !step || event.ctrlKey || event.altKey || event.metaKey) return;
  const isAcross = event.key.length > 9 || event.key === "ArrowLeft";
  const rows = [...document.querySelectorAll(row.closest("#chips") ? "#chips .quick" : "#undo .quick")];
  const among = isAcross ? [...row.querySelectorAll("input, button")] : rows.map((each) => each.querySelector("input, button"));
  const at = isAcross ? among.indexOf(event.target) : rows.indexOf(row);
  among[(at + step + among.length) % among.length]?.focus();
  event.preventDefault();
}, true);
spans.onChange(() => spans.chosen >= 0 && disarm());
handle("prompt", () => {
  const asked = document.getElementById("asked");
  if (!asked) return false;
  asked.open = !asked.open;
  return true;
});
for (const [id, step] of [["candidate.next", 1], ["candidate.previous", -1]]) {
  handle(id, () => {
    const all = [...document.querySelectorAll(".candidates a")];
    if (all.length < 2) return false;
    const at = all.findIndex((each) => each.hasAttribute("aria-current"));
    all[(at + step + all.length) % all.length].click();
    return true;
  });
}

document.addEventListener("submit", (event) => {
  if (event.target.id === "decide") {
    event.preventDefault();
    const pressed = event.submitter?.value;
    if (pressed) decide(pressed);
  }
});
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest(":is(.queue, .candidates, .beside) a[data-uid], a[data-action^='item.']");
  if (link) {
    event.preventDefault();
    if (link.getAttribute("aria-disabled") === "true") return;
    const all = rows().map((each) => each.dataset.uid);
    const step = { "item.next": 1, "item.previous": -1 }[link.dataset.action];
    const uid = step ? all[all.indexOf(heading()) + step] : link.dataset.uid;
    if (!uid || uid === heading()) return;
    saveDraft();
    disarm();
    show(uid, { fresh: Boolean(rowOf(uid)?.dataset.outcome) });
    return;
  }
  if (event.target.closest("[data-action='undo']")) {
    event.preventDefault();
    undo();
  }
});
// ---------------------------------------------------------------- start

// Verdicts that were written down before a reload still count, even if the page came from the server before they arrived there.
// Until that is known no key counts: the item under the hand must not change by itself.
setPainted(false);
outbox.ready
  .then(() => outbox.mine())
  .then((entries) => {
    for (const entry of entries.filter((each) => !each.refused)) mark(entry.body);
    const standing = rowOf(current());
    if (standing?.dataset.outcome && !new URL(location.href).searchParams.get("item")) {
      const next = undecidedAfter(current())[0];
      if (next) return show(next.dataset.uid, { push: false });
    }
    if (!item()) setPainted(true);
    return begin();
  });
if (room.dataset.claims) import("./claims.js");
if (control("undo") === null) {
  const button = document.querySelector("[data-action='undo']");
  if (button) button.disabled = false;
}
