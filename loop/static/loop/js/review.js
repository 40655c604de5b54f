// The review room. One key is one decision: write it down, show the next item (it is already here), send it behind the scenes.
import "./app.js";
import { say } from "./app.js";
import { dropDraft, readDraft, stopwatch, writeDraft } from "./drafts.js";
import { control, handle } from "./keymap.js";
import { outbox, uuid } from "./outbox.js";
import { tally } from "./words.js";

const PREFETCH = 2;
const KEPT = 60;
const STRIP_MS = 6000;
const DRAFT_MS = 400;
const RETRY_MS = 2000;
const WORDS = { accept: "Accepted", reject: "Rejected", revise: "Revised", skip: "Skipped" };

const room = document.getElementById("main");
const strip = document.getElementById("undo");
const stripHome = strip.innerHTML;
const decideUrl = room.dataset.decide;
const reviewUrl = room.dataset.review;
const memory = `circled.undo.${document.body.dataset.user}`;
const speaking = `circled.for.${document.body.dataset.user}`; // whom I decide for, until I say otherwise
const walksAll = room.dataset.walk === "all"; // a list to go through row by row, decided or not
const reasonRequired = "reasonRequired" in room.dataset;
const NEEDS_REASON = new Set(["reject", "revise"]);

const ahead = new Map(); // uid -> HTML of an undecided item, fetched before it is needed
const kept = new Map(); // uid -> the last HTML seen, for when the network is gone
let made = JSON.parse(sessionStorage.getItem(memory) || "[]"); // my verdicts of this sitting, newest last
let armed = null; // the verdict that digits still go to
let unreached = null; // the item that could not be loaded
let asked = null; // the verdict that waits for its reason, where the production requires one
let painted = true; // false until the item on screen has really been painted; the room says so as aria-busy
let stripTimer = 0;
let draftTimer = 0;

const item = () => document.getElementById("item");
const form = () => document.getElementById("decide");
const field = (name) => form()?.elements.namedItem(name) || null;
// The form's controls stand all over the room and belong to it by their form attribute.
const controls = (name) => [...(form()?.elements || [])].filter((each) => each.name === name);
const rows = () => [...document.querySelectorAll(".queue a[data-uid]")];
const rowOf = (uid) => document.querySelector(`.queue a[data-uid="${uid}"]`);
const current = () => item()?.dataset.uid || "";
const addressOf = (uid) => rowOf(uid)?.href || `${reviewUrl}${reviewUrl.includes("?") ? "&" : "?"}item=${encodeURIComponent(uid)}`;

function setPainted(value) {
  painted = value;
  room.setAttribute("aria-busy", String(!value));
}

function remember() {
  try {
    sessionStorage.setItem(memory, JSON.stringify(made));
  } catch {
    made = made.slice(-50);
  }
}

// ---------------------------------------------------------------- what stands in the form

function reasonBoxes() {
  return controls("reasons");
}

function digits() {
  const map = {};
  for (const box of reasonBoxes()) if (box.dataset.digit) map[box.dataset.digit] = { code: box.value, label: box.dataset.label };
  return map;
}

function read() {
  const severity = controls("severity").find((each) => each.checked);
  return {
    reasons: reasonBoxes().filter((box) => box.checked).map((box) => box.value),
    beats: controls("beats").filter((box) => box.checked).map((box) => box.value),
    rationale: field("rationale")?.value || "",
    severity: severity ? severity.value : "",
    revised_content: field("revised_content")?.value ?? null,
  };
}

function fill(draft) {
  for (const box of reasonBoxes()) box.checked = (draft.reasons || []).includes(box.value);
  for (const box of controls("beats")) box.checked = (draft.beats || []).includes(box.value);
  if (field("rationale")) field("rationale").value = draft.rationale || "";
  for (const box of controls("severity")) box.checked = box.value === draft.severity;
  const text = field("revised_content");
  if (text && draft.revised_content != null && draft.revised_content !== text.defaultValue) {
    text.value = draft.revised_content;
    count();
  }
}

function empty(draft) {
  const text = field("revised_content");
  return !draft.reasons.length && !draft.beats.length && !draft.rationale && !draft.severity && (!text || text.value === text.defaultValue);
}

function saveDraft() {
  clearTimeout(draftTimer);
  if (!form() || !current()) return;
  const draft = read();
  const badge = document.getElementById("draft");
  if (empty(draft)) {
    dropDraft(current());
    if (badge) badge.textContent = "";
    return;
  }
  const saved = writeDraft(current(), draft);
  if (badge) badge.textContent = saved ? "Draft kept" : "No room for drafts in this browser";
}

function count() {
  const text = field("revised_content");
  const shown = document.getElementById("tally");
  if (text && shown) shown.textContent = tally(text.defaultValue, text.value);
}

// Whom the verdict is for stays as it was chosen, item after item: who logs for the director does so all day.
function speakFor() {
  const select = field("on_behalf_of");
  if (!select) return;
  const chosen = sessionStorage.getItem(speaking);
  if (chosen !== null && [...select.options].some((option) => option.value === chosen)) select.value = chosen;
}

function tellBeats() {
  const told = document.getElementById("beats-told");
  if (told) told.textContent = controls("beats").filter((box) => box.checked).map((box) => box.dataset.label).join(", ");
}

// ---------------------------------------------------------------- showing an item

async function load(uid) {
  if (ahead.has(uid)) return ahead.get(uid);
  const url = new URL(uid ? addressOf(uid) : reviewUrl, location.href);
  url.searchParams.set("fragment", "1");
  const response = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  const html = await response.text();
  keep(kept, uid, html);
  return html;
}

function keep(store, uid, html) {
  store.delete(uid);
  store.set(uid, html);
  while (store.size > KEPT) store.delete(store.keys().next().value);
}

function swap(html) {
  const fragment = document.createRange().createContextualFragment(html);
  const arrived = fragment.querySelector("#item");
  if (!arrived) return false;
  setPainted(false);
  item().replaceWith(arrived);
  settle();
  return true;
}

// After every arrival: the row, the draft, the words for the ear, and two of the next.
function settle() {
  const uid = current();
  for (const row of rows()) {
    if (row.dataset.uid === uid) {
      row.setAttribute("aria-current", "true");
      row.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else row.removeAttribute("aria-current");
  }
  const moves = { "item.next": neighbour(1), "item.previous": neighbour(-1) };
  for (const [action, row] of Object.entries(moves)) {
    const link = document.querySelector(`a[data-action="${action}"]`);
    if (!link) continue;
    if (row) link.href = row.href;
    link.setAttribute("aria-disabled", String(!row));
  }
  for (const button of document.querySelectorAll(".bar [data-action^='verdict.']")) button.disabled = !form();
  if (form()) {
    const draft = readDraft(uid);
    if (draft) {
      fill(draft);
      const badge = document.getElementById("draft");
      if (badge) badge.textContent = "Draft kept";
    }
    count();
    speakFor();
    tellBeats();
  }
  asked = null;
  stopwatch.restart();
  const focused = document.activeElement;
  if (!focused || focused === document.body || !focused.isConnected || focused.closest("#item")) document.getElementById("stage")?.focus({ preventScroll: true });
  const seen = () => {
    setPainted(true);
    fetchAhead();
  };
  // Two frames: the first is laid out, the second has been shown. A hidden tab paints nothing, and nobody judges there.
  if (document.hidden) setTimeout(seen, 100);
  else requestAnimationFrame(() => requestAnimationFrame(seen));
}

async function show(uid, { push = true, fresh = false } = {}) {
  let html = null;
  if (fresh) {
    ahead.delete(uid);
    await outbox.settled(1500);
  }
  try {
    html = await load(uid);
  } catch {
    html = kept.get(uid) || null;
  }
  if (html === null) {
    if (uid) say("This item could not be loaded.");
    const card = document.getElementById("unreachable");
    if (card) swap(card.innerHTML.replace('id="item"', `id="item" data-uid="${encodeURIComponent(uid)}"`));
    unreached = uid;
    setTimeout(tryAgain, RETRY_MS);
    return;
  }
  unreached = null;
  if (!swap(html)) location.assign(uid ? addressOf(uid) : reviewUrl);
  // The server went on beyond the rows of the strip: a new page brings the next stretch of them.
  if (!uid && current() && !rowOf(current())) location.replace(reviewUrl);
  if (push) history.pushState({ uid: current() }, "", uid ? addressOf(uid) : reviewUrl);
}

// An item that did not arrive is asked for until it does, or until somebody has gone elsewhere.
function tryAgain() {
  if (unreached !== null && unreached === current() && !form()) show(unreached, { push: false });
}
addEventListener("online", tryAgain);

function neighbour(step) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.uid === current());
  return at < 0 ? null : all[at + step] || null;
}

function undecidedAfter(uid) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.uid === uid);
  return [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0))].filter((row) => !row.dataset.outcome && row.dataset.uid !== uid);
}

function nextAfter(uid) {
  if (!walksAll) return undecidedAfter(uid)[0];
  const all = rows();
  return all[all.findIndex((row) => row.dataset.uid === uid) + 1];
}

function fetchAhead() {
  const wanted = undecidedAfter(current()).slice(0, PREFETCH).map((row) => row.dataset.uid);
  const previous = neighbour(-1);
  if (previous && !previous.dataset.outcome) wanted.push(previous.dataset.uid);
  for (const uid of wanted) {
    if (ahead.has(uid)) continue;
    load(uid).then((html) => keep(ahead, uid, html), () => {});
  }
}

// ---------------------------------------------------------------- deciding

async function decide(outcome) {
  if (!painted || !form()) return;
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
  clearTimeout(draftTimer);
  dropDraft(uid);
  made.push(entry);
  remember();
  markRow(uid, outcome);
  const next = nextAfter(uid);
  ahead.delete(uid);
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

function openRevision() {
  const box = document.getElementById("revise");
  const text = field("revised_content");
  if (!box || !text) return;
  box.open = true;
  text.focus();
  text.setSelectionRange(0, 0);
  text.scrollTop = 0;
  count();
}

function markRow(uid, outcome) {
  const row = rowOf(uid);
  if (row) {
    row.querySelector(".mark")?.remove();
    row.querySelector(".told")?.remove();
    if (outcome) {
      row.dataset.outcome = outcome;
      const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      drawn.setAttribute("class", `mark mark-${outcome}`);
      drawn.setAttribute("viewBox", "0 0 24 24");
      drawn.setAttribute("aria-hidden", "true");
      const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      use.setAttribute("href", `#m-${outcome}`);
      drawn.append(use);
      const told = document.createElement("span");
      told.className = "told sr";
      told.textContent = WORDS[outcome];
      row.append(drawn, told);
    } else delete row.dataset.outcome;
  }
}

// Progress is the server's figure; between answers the page counts on.
outbox.addEventListener("answer", ({ detail: { entry, answer } }) => {
  ahead.delete(entry.body.suggestion);
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
  if (!painted) return true;
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

handle("reason", (event) => {
  const digit = /[1-9]/.exec(event.key)?.[0] || /Digit([1-9])/.exec(event.code)?.[1];
  if (!digit) return false;
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
document.addEventListener("input", (event) => {
  if (!event.target.form || event.target.form.id !== "decide") return;
  if (event.target.name === "revised_content") count();
  clearTimeout(draftTimer);
  draftTimer = setTimeout(saveDraft, DRAFT_MS);
});
document.addEventListener("change", (event) => {
  if (event.target.name === "beats") tellBeats();
  if (event.target.name === "on_behalf_of") sessionStorage.setItem(speaking, event.target.value);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches && event.target.matches("textarea")) saveDraft();
});
document.addEventListener("toggle", (event) => {
  if (event.target.id === "revise" && event.target.open && !event.target.contains(document.activeElement)) openRevision();
}, true);
document.addEventListener("visibilitychange", () => document.hidden && saveDraft());
addEventListener("pagehide", saveDraft);
addEventListener("popstate", (event) => {
  const uid = event.state?.uid || new URL(location.href).searchParams.get("item");
  if (uid) show(uid, { push: false, fresh: Boolean(rowOf(uid)?.dataset.outcome) });
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
history.replaceState({ uid: current() }, "", location.href);
if (item()) {
  keep(kept, current(), item().outerHTML);
  settle();
}
if (control("undo") === null) {
  const button = document.querySelector("[data-action='undo']");
  if (button) button.disabled = false;
}
