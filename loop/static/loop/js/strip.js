// What follows a verdict: the strip that takes further reasons, undo as far back as one's verdicts go, and word of somebody who
// judged the same at the same time.
import { say } from "./app.js";
import { writeDraft } from "./drafts.js";
import { bindings, handle, keycaps, reasonKeys, run } from "./keymap.js";
import { outbox, uuid } from "./outbox.js";
import { item, room, rowOf, saveDraft } from "./sheet.js";
import { isPainted, markRow, outdated, show, WORDS } from "./walk.js";

const STRIP_MS = 6000;
const strip = document.getElementById("undo");
const met = document.getElementById("met");
const user = document.body.dataset.user;
const memory = `circled.undo.${user}`;

let made = JSON.parse(sessionStorage.getItem(memory) || "[]"); // my verdicts of this sitting, newest last
let armed = null; // the verdict that digits still go to
let praised = null; // the accepted one that may still be praised
let stripTimer = 0;
let last = fromPage(); // what the server would take back next, once those of this sitting are gone
const crossed = []; // verdicts of others that crossed mine and were not answered yet
const known = new Set(JSON.parse(sessionStorage.getItem(`circled.met.${user}`) || "[]"));

const make = (tag, words, attributes = {}) => {
  const made = document.createElement(tag);
  made.textContent = words;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

function fromPage() {
  const found = document.getElementById("retract");
  const value = (name) => found.elements.namedItem(name).value;
  return found && { uid: value("retracts"), suggestion: value("suggestion"), label: found.dataset.label, queue: value("queue") };
}

function remember() {
  try {
    sessionStorage.setItem(memory, JSON.stringify(made));
  } catch {
    made = made.slice(-50);
  }
}

export const madeOf = (uid) => made.findLast((each) => each.uid === uid);
export const armedFor = () => armed;
export function keep(entry) {
  made.push(entry);
  remember();
}

// What a verdict does to the rows of the queue: the best of a brief leaves its siblings behind.
export function mark({ suggestion, outcome, among = [] }) {
  for (const uid of among) if (uid !== suggestion && rowOf(uid)?.dataset.outcome !== "revise") markRow(uid, outcome === "retract" ? "" : "reject");
  markRow(suggestion, { best: "accept", dismissed: "reject", retract: "" }[outcome] ?? outcome);
  for (const uid of [suggestion, ...among]) outdated(uid);
}

// ---------------------------------------------------------------- further reasons

export function labels(entry, codes) {
  const all = [...Object.values(entry.digits), ...(entry.praise || [])];
  return codes.map((code) => all.find((each) => each.code === code)?.label || code).join(", ");
}

function put(...shown) {
  clearTimeout(stripTimer);
  strip.replaceChildren(...shown);
  strip.classList.toggle("armed", Boolean(armed || shown.some((each) => each.className === "ask")));
}

export function ask(words) {
  armed = praised = null;
  put(make("span", words, { class: "ask" }));
  say(words);
}

const verdictWords = (entry) => `${WORDS[entry.outcome]} ${entry.label}${entry.body.reasons.length ? `: ${labels(entry, entry.body.reasons)}` : ""}`;

// Digits go to the last verdict only if it was a reject or a revision without a reason: whoever presses the reason first means
// the item on screen.
export function openStrip(entry) {
  const isOpen = (entry.outcome === "reject" || entry.outcome === "revise") && !entry.early && Object.keys(entry.digits).length;
  armed = isOpen ? entry : null;
  praised = entry.outcome === "accept" && entry.praise?.length ? entry : null;
  const shown = [make("span", verdictWords(entry))];
  if (armed) shown.push(make("span", entry.body.reasons.length ? `${reasonKeys()} another` : `why? ${reasonKeys()}`, { class: "ask" }));
  if (praised) {
    const why = make("button", "Why it works ", { type: "button", class: "button quiet", "data-action": "praise.last" });
    const key = bindings.find((each) => each.id === "praise.last")?.keys[0];
    if (key) why.append(keycaps(key));
    shown.push(why);
  }
  put(...shown);
  stripTimer = setTimeout(disarm, STRIP_MS);
}

export function disarm() {
  if (strip.contains(document.activeElement)) return;
  armed = praised = null;
  strip.classList.remove("armed");
  for (const each of strip.querySelectorAll(".ask, button")) each.remove();
}

export async function attach(entry, reason) {
  const had = entry.body.reasons.includes(reason.code);
  const change = (codes) => (had ? codes.filter((code) => code !== reason.code) : [...codes, reason.code]);
  const body = { ...entry.body, idempotency_key: uuid(), reasons: change(entry.body.reasons), decided_at: new Date().toISOString(), active_ms: null };
  const before = entry.key;
  entry.key = body.idempotency_key;
  entry.body = body;
  entry.given = { ...entry.given, reasons: change(entry.given.reasons) };
  if (entry === armed) openStrip(entry);
  remember();
  say(`${had ? "Taken back" : "Added"}: ${reason.label}, to ${entry.label}.`);
  await outbox.put(room.dataset.decide, body, { refers: { supersedes: before }, label: verdictWords(entry) });
}

// Why the last accepted one works: chips in the strip, for as long as the hand is on them.
handle("praise.last", () => {
  const entry = praised || made.findLast((each) => each.outcome === "accept" && each.praise?.length);
  if (!entry) return false;
  clearTimeout(stripTimer);
  const row = make("div", "", { class: "quick", role: "group", "aria-label": `Why ${entry.label} works` });
  for (const each of entry.praise) {
    const chip = make("button", each.label, { type: "button", class: "chip", "aria-pressed": entry.body.reasons.includes(each.code) });
    chip.addEventListener("click", () => {
      attach(entry, each);
      chip.setAttribute("aria-pressed", entry.body.reasons.includes(each.code));
    });
    row.append(chip);
  }
  put(make("span", entry.label), row);
  row.firstChild.focus();
  return true;
});
strip.addEventListener("click", (event) => event.target.closest("[data-action='praise.last']") && run("praise.last", event));
strip.addEventListener("focusout", () => (stripTimer = setTimeout(disarm, STRIP_MS)));

// ---------------------------------------------------------------- undo

function taken(uid, label, words) {
  mark({ suggestion: uid, outcome: "retract" });
  put(make("span", `${words}: ${label}`));
}

async function retract(suggestion, body, refers, label) {
  const gesture = { idempotency_key: uuid(), suggestion, outcome: "retract", decided_at: new Date().toISOString(), ...body };
  await outbox.put(room.dataset.decide, gesture, { refers, label: `Undo: ${label}` });
}

export async function undo() {
  if (!isPainted()) return true;
  disarm();
  saveDraft();
  const entry = made.pop();
  if (!entry) return undoEarlier();
  remember();
  await retract(entry.uid, { among: entry.body.among, queue: entry.body.queue }, { retracts: entry.key }, entry.label);
  taken(entry.uid, entry.label, "Undone");
  mark({ suggestion: entry.uid, outcome: "retract", among: entry.body.among });
  for (const [uid, was] of entry.before || []) markRow(uid, was);
  writeDraft(entry.uid, entry.given);
  await show(entry.uid, { fresh: true });
  say(`Undone: ${entry.label}. ${item()?.dataset.place || ""}`);
  return true;
}

// Of earlier sittings and other browsers: the server says which is next, and what it said.
async function undoEarlier() {
  if (!(await outbox.settled(4000))) {
    say("What is unsent goes first: undo further back when it has arrived.");
    return true;
  }
  if (!last) {
    say("Nothing left to undo.");
    put(make("span", "Nothing left to undo"));
    return true;
  }
  const { uid, suggestion, label, queue } = last;
  last = null;
  await retract(suggestion, { retracts: uid, queue: queue || "" }, {}, label);
  taken(suggestion, label, "Undone");
  await outbox.settled(4000);
  await show(suggestion, { fresh: true });
  say(`Undone: ${label}. ${item()?.dataset.place || ""}`);
  return true;
}

outbox.addEventListener("answer", ({ detail: { entry, answer, elsewhere } }) => {
  if (elsewhere) return;
  const { body } = entry;
  if ("last" in answer) last = answer.last;
  if (body.outcome === "retract") {
    if (answer.said && body.retracts) writeDraft(body.suggestion, answer.said);
    if (answer.releases?.length) put(make("span", `Undone. Superseded after release ${answer.releases.join(", ")}, which keeps it.`));
  }
  for (const each of answer.others || []) {
    if (known.has(each.decision)) continue;
    known.add(each.decision);
    crossed.push(each);
  }
  sessionStorage.setItem(`circled.met.${user}`, JSON.stringify([...known].slice(-200)));
  tellCrossed();
});
outbox.addEventListener("refused", ({ detail: { entry } }) => {
  mark({ ...entry.body, outcome: "retract" });
  made = made.filter((each) => each.key !== entry.key);
  remember();
});

// ---------------------------------------------------------------- somebody judged the same at the same time

function ago(at) {
  const seconds = Math.max(1, Math.round((Date.now() - Date.parse(at)) / 1000));
  return seconds < 100 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

// Both verdicts stand, and nobody has to do anything; the choices are there for whoever would rather yield, or look.
function tellCrossed() {
  const [each] = crossed;
  if (!met || (!each && met.hidden)) return;
  const had = met.contains(document.activeElement);
  met.hidden = !each;
  if (!each) {
    if (had) document.getElementById("stage")?.focus();
    return;
  }
  if (met.dataset.decision === each.decision) return;
  met.dataset.decision = each.decision;
  const done = () => {
    crossed.shift();
    delete met.dataset.decision;
    tellCrossed();
  };
  const keepBoth = make("button", "Keep both", { type: "button", class: "button" });
  keepBoth.addEventListener("click", done);
  const withdraw = make("button", "Withdraw mine", { type: "button", class: "button" });
  withdraw.addEventListener("click", async () => {
    const entry = madeOf(each.suggestion);
    made = made.filter((one) => one !== entry);
    remember();
    await retract(each.suggestion, entry ? {} : { retracts: each.mine }, entry ? { retracts: entry.key } : {}, each.label);
    taken(each.suggestion, each.label, "Withdrawn");
    say(`Withdrawn: ${each.label}.`);
    done();
  });
  const open = make("a", "Open theirs", { class: "button", href: each.url, target: "_blank", rel: "noopener" });
  open.addEventListener("click", done);
  met.replaceChildren(make("span", `${each.by} ${each.word.toLowerCase()} ${each.label} ${ago(each.at)}, while you had it open. Both verdicts stand.`), keepBoth, withdraw, open);
}
handle("crossed", () => {
  const first = !met?.hidden && met.querySelector("button");
  if (!first) return false;
  first.focus();
  return true;
});
handle("undo", undo);
