// Going through the queue: the next item is already here when it is wanted, and what does not arrive is asked for again.
import { say } from "./app.js";
import { stopwatch } from "./drafts.js";
import { outbox } from "./outbox.js";
import { addressOf, current, form, item, restore, reviewUrl, room, rowOf, rows } from "./sheet.js";

const PREFETCH = 3;
const KEPT = 60;
const RETRY_MS = 2000;
const WARM_BYTES = 1_048_576;
export const WORDS = { accept: "Accepted", reject: "Rejected", revise: "Revised", skip: "Skipped", best: "Best", dismissed: "Dismissed" };

const walksAll = room.dataset.walk === "all"; // a list to go through row by row, decided or not
const ahead = new Map(); // uid -> HTML of an undecided item, fetched before it is needed
const coming = new Map(); // uid -> the same, on its way: nobody asks twice
const early = new Set(); // which of these come before they are needed
const kept = new Map(); // uid -> the last HTML seen, for when the network is gone
const arrivals = []; // who wants to know of every item that comes
let painted = true; // false until the item on screen has really been painted; the room says so as aria-busy
let unreached = null; // the item that could not be loaded

let turns = 0;
let going = ""; // the item on its way here: the next step counts from there

export const isPainted = () => painted;
export const heading = () => going || current();
export const onArrival = (tell) => arrivals.push(tell);
export const outdated = (uid) => ahead.delete(uid) | coming.delete(uid);

export function setPainted(value) {
  painted = value;
  room.setAttribute("aria-busy", String(!value));
}

async function load(uid) {
  if (ahead.has(uid)) return ahead.get(uid);
  if (coming.has(uid)) return coming.get(uid);
  const asked = ask(uid);
  coming.set(uid, asked);
  try {
    const html = await asked;
    // What was decided meanwhile is outdated before it is here.
    if (coming.get(uid) === asked && early.has(uid)) {
      keep(ahead, uid, html);
      warm(html);
    }
    return html;
  } finally {
    early.delete(uid);
    if (coming.get(uid) === asked) coming.delete(uid);
  }
}

async function ask(uid) {
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

// After every arrival: the row, the draft, the words for the ear, and some of the next.
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
  if (form()) restore(uid);
  for (const arrived of arrivals) arrived(uid);
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

export async function show(uid, { push = true, fresh = false } = {}) {
  let html = null;
  setPainted(false); // until it lies there, a key would still mean the item before
  const turn = ++turns;
  going = uid;
  if (fresh) {
    outdated(uid);
    await outbox.settled(1500);
  }
  try {
    html = await load(uid);
  } catch {
    html = kept.get(uid) || null;
  }
  if (turn !== turns) return; // somebody has gone on meanwhile
  going = "";
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

export function neighbour(step) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.uid === current());
  return at < 0 ? null : all[at + step] || null;
}

export function undecidedAfter(uid) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.uid === uid);
  return [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0))].filter((row) => !("gone" in row.dataset) && !row.dataset.outcome && row.dataset.uid !== uid);
}

export function nextAfter(uid) {
  if (!walksAll) return undecidedAfter(uid).find((row) => !("held" in row.dataset)); // what others hold is passed over
  const all = rows();
  return all[all.findIndex((row) => row.dataset.uid === uid) + 1];
}

export function fetchAhead() {
  const wanted = undecidedAfter(current()).filter((row) => !("held" in row.dataset)).slice(0, PREFETCH).map((row) => row.dataset.uid);
  const previous = neighbour(-1);
  if (previous && !previous.dataset.outcome) wanted.push(previous.dataset.uid);
  for (const uid of wanted) {
    if (ahead.has(uid) || coming.has(uid)) continue;
    early.add(uid);
    load(uid).catch(() => {});
  }
}

// The pictures of an item that comes soon, and the first megabyte of its film or sound: Chromium keeps that part, answers
// the player out of it and goes on asking where it ends.
const warmed = new Set();
function warm(html) {
  for (const each of new DOMParser().parseFromString(html, "text/html").querySelectorAll("#stage :is(video, audio, .view img)")) {
    const { src, poster, tagName } = each;
    if (warmed.has(src)) continue;
    warmed.add(src);
    if (poster || tagName === "IMG") new Image().src = poster || src;
    if (tagName !== "IMG") fetch(src, { headers: { Range: `bytes=0-${WARM_BYTES - 1}` }, priority: "low" }).then((part) => part.arrayBuffer()).catch(() => warmed.delete(src));
  }
}

export function markRow(uid, outcome) {
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

addEventListener("popstate", (event) => {
  const uid = event.state?.uid || new URL(location.href).searchParams.get("item");
  if (uid) show(uid, { push: false, fresh: Boolean(rowOf(uid)?.dataset.outcome) });
});

// The item that came with the page.
export function begin() {
  history.replaceState({ uid: current() }, "", location.href);
  if (!item()) return;
  keep(kept, current(), item().outerHTML);
  settle();
}

// A form that changes a line of the sheet and nothing else: its answer is the line.
document.addEventListener("submit", async (event) => {
  const quiet = event.target.closest("form[data-quiet]");
  if (!quiet) return;
  event.preventDefault();
  const response = await fetch(quiet.action, { method: "POST", body: new FormData(quiet, event.submitter), headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
  if (!response?.ok || response.redirected) return say("That did not reach the server. Try again.");
  const line = document.createRange().createContextualFragment(await response.text()).querySelector("form");
  say(line.dataset.said || "");
  outdated(current());
  return quiet.replaceWith(line);
});
