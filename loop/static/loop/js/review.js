// The review room. One key is one decision: write it down, show the next item (it is already here), send it behind the scenes.
import "./app.js";
import { say } from "./app.js";
import { stopwatch, writeDraft } from "./drafts.js";
import { control, handle } from "./keymap.js";
import { outbox, uuid } from "./outbox.js";
import { current, digits, field, forgetDraft, form, item, openRevision, read, reasonBoxes, room, rowOf, saveDraft } from "./sheet.js";
import "./stages.js";
import { begin, isPainted, markRow, nextAfter, onArrival, outdated, setPainted, show, undecidedAfter, WORDS } from "./walk.js";

const STRIP_MS = 6000;
const strip = document.getElementById("undo");
const stripHome = strip.innerHTML;
const decideUrl = room.dataset.decide;
const memory = `circled.undo.${document.body.dataset.user}`;
const reasonRequired = "reasonRequired" in room.dataset;
const NEEDS_REASON = new Set(["reject", "revise"]);

let made = JSON.parse(sessionStorage.getItem(memory) || "[]"); // my verdicts of this sitting, newest last
let armed = null; // the verdict that digits still go to
let asked = null; // the verdict that waits for its reason, where the production requires one
let stripTimer = 0;

onArrival(() => {
  asked = null;
});

function remember() {
  try {
    sessionStorage.setItem(memory, JSON.stringify(made));
  } catch {
    made = made.slice(-50);
  }
}

// ---------------------------------------------------------------- deciding

async function decide(outcome) {
  if (!isPainted() || !form()) return;
  const given = read();
  if (outcome === "revise" && !revisionReady()) return;
  if (reasonRequired && NEEDS_REASON.has(outcome) && !reasonReady(outcome, given)) return;
  asked = null;
  setPainted(false);
  const uid = current();
  const earlier = [...made].reverse().find((each) => each.uid === uid);
  const body = {
    ...given,
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
  };
  const entry = {
    key: body.idempotency_key,
    uid,
    outcome,
    body,
    given,
    label: item().dataset.label || "",
    digits: digits(),
    early: given.reasons.length > 0,
  };
  await outbox.put(decideUrl, body, { refers: earlier ? { supersedes: earlier.key } : {}, label: `${WORDS[outcome]}: ${entry.label}` });
  if (!outbox.durable) await outbox.settled(20_000);
  forgetDraft(uid);
  made.push(entry);
  remember();
  markRow(uid, outcome);
  const next = nextAfter(uid);
  outdated(uid);
  openStrip(entry);
  if (next) await show(next.dataset.uid, { fresh: Boolean(next.dataset.outcome) });
  else await atTheEnd();
  const place = item()?.dataset.place || "";
  say(`${WORDS[outcome]}${given.reasons.length ? `: ${labels(entry, given.reasons)}` : ""}. ${place}`);
}

// Nothing undecided in the strip: ask the server, which knows the rest of the queue.
async function atTheEnd() {
  if (await outbox.settled(4000)) await show("", { push: true });
  else await show("");
}

function revisionReady() {
  const text = field("revised_content");
  const box = document.getElementById("revise");
  if (!text || !box) return false;
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
  if (!given.reasons.length) {
    asked = outcome;
    disarm();
    ask(`${WORDS[outcome]}: why? 1\u20139, or 0 for all reasons`);
    document.getElementById("stage")?.focus();
    return false;
  }
  if (given.reasons.includes("other") && !given.rationale.trim()) {
    asked = outcome;
    ask("\u201cOther\u201d needs words: write them, then Ctrl Enter");
    field("rationale")?.focus();
    return false;
  }
  return true;
}

function ask(words) {
  clearTimeout(stripTimer);
  const shown = document.createElement("span");
  shown.className = "ask";
  shown.textContent = words;
  strip.replaceChildren(shown);
  strip.classList.add("armed");
  say(words);
}

// Progress is the server's figure; between answers the page counts on.
outbox.addEventListener("answer", ({ detail: { entry, answer } }) => {
  outdated(entry.body.suggestion);
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
outbox.addEventListener("refused", ({ detail: { entry } }) => {
  markRow(entry.body.suggestion, "");
  made = made.filter((each) => each.key !== entry.key);
  remember();
});

// ---------------------------------------------------------------- the undo strip

function labels(entry, codes) {
  const known = Object.values(entry.digits);
  return codes.map((code) => known.find((each) => each.code === code)?.label || code).join(", ");
}

// Digits go to the last verdict only if it was a reject or a revision without a reason: whoever presses the reason first means
// the item on screen.
function openStrip(entry) {
  clearTimeout(stripTimer);
  armed = (entry.outcome === "reject" || entry.outcome === "revise") && !entry.early && Object.keys(entry.digits).length ? entry : null;
  strip.replaceChildren();
  const words = document.createElement("span");
  words.textContent = `${WORDS[entry.outcome]} ${entry.label}${entry.given.reasons.length ? `: ${labels(entry, entry.given.reasons)}` : ""}`;
  strip.append(words);
  strip.classList.toggle("armed", Boolean(armed));
  if (armed) {
    const ask = document.createElement("span");
    ask.className = "ask";
    ask.textContent = entry.given.reasons.length ? "1\u20139 another" : "why? 1\u20139";
    strip.append(ask);
  }
  stripTimer = setTimeout(disarm, STRIP_MS);
}

function disarm() {
  armed = null;
  strip.classList.remove("armed");
  strip.querySelector(".ask")?.remove();
}

async function attach(digit) {
  const entry = armed;
  const reason = entry.digits[digit];
  if (!reason) return;
  const had = entry.given.reasons.includes(reason.code);
  const reasons = had ? entry.given.reasons.filter((code) => code !== reason.code) : [...entry.given.reasons, reason.code];
  const body = { ...entry.body, idempotency_key: uuid(), reasons, decided_at: new Date().toISOString(), active_ms: null };
  delete body.supersedes;
  const before = entry.key;
  entry.key = body.idempotency_key;
  entry.body = body;
  entry.given = { ...entry.given, reasons };
  openStrip(entry);
  remember();
  await outbox.put(decideUrl, body, { refers: { supersedes: before }, label: `${WORDS[entry.outcome]}: ${entry.label}` });
  say(`${had ? "Taken back" : "Added"}: ${reason.label}, to ${entry.label}.`);
}

async function undo() {
  if (!isPainted()) return true;
  const entry = made.pop();
  if (!entry) {
    const last = document.getElementById("retract");
    if (last) last.requestSubmit();
    else say("Nothing to undo in this sitting.");
    return true;
  }
  remember();
  disarm();
  clearTimeout(stripTimer);
  strip.innerHTML = stripHome;
  saveDraft();
  await outbox.put(
    decideUrl,
    { idempotency_key: uuid(), suggestion: entry.uid, outcome: "retract", queue: entry.body.queue, decided_at: new Date().toISOString() },
    { refers: { retracts: entry.key }, label: `Undo: ${entry.label}` },
  );
  markRow(entry.uid, "");
  writeDraft(entry.uid, entry.given);
  await show(entry.uid, { fresh: true });
  say(`Undone: ${entry.label}. ${item()?.dataset.place || ""}`);
  return true;
}

// ---------------------------------------------------------------- keys and controls

handle("reason", (event, place) => {
  const digit = String(place + 1);
  if (armed) {
    attach(digit);
    return true;
  }
  const box = reasonBoxes().find((each) => each.dataset.digit === digit);
  if (!box) return false;
  box.checked = !box.checked;
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
handle("undo", undo);
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
  const link = event.target.closest(".queue a[data-uid], .candidates a[data-uid], a[data-action^='item.']");
  if (link) {
    event.preventDefault();
    if (link.getAttribute("aria-disabled") === "true") return;
    const uid = link.dataset.uid || new URL(link.href).searchParams.get("item");
    if (!uid || uid === current()) return;
    saveDraft();
    disarm();
    show(uid, { fresh: Boolean(rowOf(uid)?.dataset.outcome) });
    return;
  }
  if (event.target.closest("[data-action='undo']")) {
    if (made.length) {
      event.preventDefault();
      undo();
    }
  }
});
// ---------------------------------------------------------------- start

// Verdicts that were written down before a reload still count, even if the page came from the server before they arrived there.
outbox.ready
  .then(() => outbox.mine())
  .then((entries) => {
    for (const entry of entries.filter((each) => !each.refused)) markRow(entry.body.suggestion, entry.body.outcome === "retract" ? "" : entry.body.outcome);
    const standing = rowOf(current());
    if (standing?.dataset.outcome && !new URL(location.href).searchParams.get("item")) {
      const next = undecidedAfter(current())[0];
      if (next) show(next.dataset.uid, { push: false });
    }
  });
begin();
if (control("undo") === null) {
  const button = document.querySelector("[data-action='undo']");
  if (button) button.disabled = false;
}
