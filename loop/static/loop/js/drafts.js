// What was begun and not decided yet. Every change stands in this browser at once and on the server five seconds later, so that
// neither a killed tab nor another machine loses it. Of two drafts the newer stands and the other is offered.
// A record: {body, at, url, synced: the server's moment this browser knows, dirty: the server lacks it, other: a second draft,
// gone: emptied, the server still has to hear it}.

const user = document.body.dataset.user || "";
const name = (uid) => `circled.draft.${user}.${uid}`;
const IDLE_MS = 30_000;
const SERVER_MS = 5_000;
const AGAIN_MS = 30_000;
const DRAFT_KEPT_MS = 14 * 24 * 3600 * 1000;
const KEEPALIVE_BYTES = 60_000; // browsers refuse longer bodies of requests that outlive the page
const FIELDS = ["reasons", "beats", "rationale", "severity", "revised_content", "spans", "playhead"];

const memory = new Map(); // records where the browser gives us no storage
const timers = new Map();
const sent = new Map(); // uid -> the last bodies that left, so that a lost answer is not taken for another browser's draft
const dropped = new Map(); // uid -> the server's time when it was dropped here: a page fetched before that is out of date
const takers = [];
let chain = Promise.resolve(); // one request at a time, in order
let skew = 0; // the server's clock less this one
let isOver = false; // the person has left: nothing is written down any more
let stores = true; // this browser keeps what we give it

const canonical = (body) => JSON.stringify(body, (_, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value));
const saying = (body) => canonical({ ...body, playhead: null });
const moment = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const shown = () => document.getElementById("item")?.dataset.uid || "";
const copy = (body) => Object.fromEntries(FIELDS.filter((each) => body[each] !== undefined).map((each) => [each, body[each]]));

function load(uid) {
  try {
    const found = JSON.parse(localStorage.getItem(name(uid)) || "null");
    if (found) return found.body || found.gone ? found : null;
  } catch {
    // Not one of ours, or no storage.
  }
  return memory.get(uid) || null;
}

function store(uid, record) {
  if (isOver) return;
  try {
    localStorage.setItem(name(uid), JSON.stringify(record));
    memory.delete(uid);
    stores = true;
  } catch {
    memory.set(uid, record);
    stores = false;
  }
}

function erase(uid) {
  memory.delete(uid);
  try {
    localStorage.removeItem(name(uid));
  } catch {
    // No storage, no draft.
  }
}

// What the page that came with an item says of its draft, null for another item or none.
function told(uid) {
  const source = document.getElementById("server-draft");
  const found = source ? JSON.parse(source.textContent) : null;
  return found && found.uid === uid ? found : null;
}

const first = told(shown());
if (first) skew = Date.parse(first.now) - Date.now();

function urlOf(uid) {
  const found = told(shown());
  return found ? found.url.replace(found.uid, uid) : "";
}

// The draft that stands on the item, null for none.
export function readDraft(uid) {
  const record = settle(uid, load(uid), told(uid));
  if (record?.dirty) plan(uid);
  tell(uid);
  if (!record || record.gone) return null;
  const memoryOfFrame = `circled.at.${uid}`;
  if (record.body.playhead && !sessionStorage.getItem(memoryOfFrame)) sessionStorage.setItem(memoryOfFrame, record.body.playhead);
  return record.body;
}

function settle(uid, record, page) {
  const isOld = page && Date.parse(page.now) < Math.max(Date.parse(record?.synced || 0) || 0, dropped.get(uid) || 0);
  if (!page || isOld) return record;
  const other = page.draft;
  if (!other) {
    // Decided or emptied elsewhere. What the server never had stays.
    if (record && record.synced && !record.dirty) erase(uid);
    return load(uid);
  }
  if (record?.synced === other.saved_at) return record;
  const theirs = { body: other.body, at: Date.parse(other.saved_at) - skew, url: page.url, synced: other.saved_at, dirty: false };
  if (!record || record.gone || !record.dirty || saying(record.body) === saying(other.body)) store(uid, theirs);
  else if (record.at > theirs.at) store(uid, { ...record, synced: other.saved_at, other: { at: theirs.at, body: theirs.body } });
  else store(uid, { ...theirs, other: { at: record.at, body: record.body } });
  return load(uid);
}

export function writeDraft(uid, draft) {
  const before = load(uid);
  const body = copy(draft);
  const rail = uid === shown() && document.querySelector("#stage .rail[aria-valuenow]");
  if (rail) body.playhead = Number(rail.getAttribute("aria-valuenow")) || 0;
  if (before && !before.gone && saying(before.body) === saying(body)) return stores;
  store(uid, { ...before, gone: undefined, body, at: Date.now(), url: before?.url || urlOf(uid), synced: before?.synced || null, dirty: true });
  plan(uid);
  tell(uid);
  return stores;
}

// Decided, or emptied by hand. The server drops it with the verdict; what it only heard of from us is taken back.
export function dropDraft(uid) {
  const record = load(uid);
  if (!record) return;
  clearTimeout(timers.get(uid));
  dropped.set(uid, Date.now() + skew);
  if (record.synced) {
    store(uid, { gone: true, at: Date.now(), url: record.url, synced: record.synced, dirty: true });
    send(uid);
  } else erase(uid);
  tell(uid);
}

// ---------------------------------------------------------------- the server's copy

function plan(uid, wait = SERVER_MS) {
  clearTimeout(timers.get(uid));
  timers.set(uid, setTimeout(() => send(uid), wait));
}

function send(uid) {
  chain = chain.then(() => put(uid)).catch(() => plan(uid, AGAIN_MS));
  return chain;
}

// The token of the page, or a new one once somebody has logged in again; "" if it is somebody else.
async function token(isNew) {
  if (!isNew) return document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "";
  const answer = await fetch(document.body.dataset.session || "/session/", { headers: { Accept: "application/json" } });
  const session = answer.ok ? await answer.json() : {};
  return session.user === user ? session.csrf : "";
}

async function put(uid, { isLast = false, isNew = false } = {}) {
  const record = load(uid);
  if (!record?.dirty || !record.url) return;
  const body = record.gone ? undefined : JSON.stringify({ body: record.body, base: record.synced });
  const csrf = isLast ? document.querySelector("input[name=csrfmiddlewaretoken]")?.value : await token(isNew);
  if (!csrf) return;
  if (!record.gone) sent.set(uid, [saying(record.body), ...(sent.get(uid) || [])].slice(0, 4));
  const answer = await fetch(record.url, {
    method: record.gone ? "DELETE" : "PUT",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    keepalive: isLast && (body || "").length < KEEPALIVE_BYTES,
    body,
  });
  const fresh = load(uid);
  if (record.gone && (answer.ok || answer.status === 404)) {
    if (fresh?.gone) erase(uid);
    else if (fresh) store(uid, { ...fresh, synced: null });
  } else if (answer.ok) {
    const { saved_at, now } = await answer.json();
    skew = Date.parse(now) - Date.now();
    if (!fresh || fresh.gone) store(uid, { gone: true, at: Date.now(), url: record.url, synced: saved_at, dirty: true });
    else store(uid, { ...fresh, synced: saved_at, dirty: saying(fresh.body) !== saying(record.body) });
    if (!fresh || fresh.gone) await put(uid);
  } else if (answer.status === 409) {
    const { draft } = await answer.json();
    const isMine = sent.get(uid).includes(saying(draft.body));
    if (fresh) store(uid, { ...fresh, synced: draft.saved_at, other: isMine ? fresh.other : { at: Date.parse(draft.saved_at) - skew, body: draft.body } });
    if (uid === shown()) plan(uid);
  } else if ((answer.status === 403 || answer.status === 401) && !isNew && !isLast) await put(uid, { isNew: true });
  else if (answer.status === 404 || answer.status === 422) store(uid, { ...fresh, dirty: false, synced: null });
  else plan(uid, AGAIN_MS);
  tell(uid);
}

// ---------------------------------------------------------------- what the page says of it

function tell(uid) {
  if (uid !== shown()) return;
  const badge = document.getElementById("draft");
  const record = load(uid);
  const isThere = record && !record.gone;
  if (badge) {
    badge.textContent = !isThere ? "" : !record.dirty && record.synced ? `Draft saved ${moment(Date.parse(record.synced))}` : stores ? `Draft in this browser ${moment(record.at)}` : "Draft not saved yet";
    badge.title = isThere ? (record.dirty ? "Kept in this browser, and on the server in a moment." : "Kept on the server: it waits for you on any machine.") : "";
  }
  offer(uid, isThere && record.other, badge?.closest(".rationale"));
}

function offer(uid, other, place) {
  document.getElementById("draft-offer")?.remove();
  if (!other || !place) return;
  const line = document.createElement("p");
  line.id = "draft-offer";
  line.className = "offer";
  const use = document.createElement("button");
  use.type = "button";
  use.className = "button link";
  use.textContent = "Use it";
  use.addEventListener("click", () => {
    const record = load(uid);
    store(uid, { ...record, body: record.other.body, at: Date.now(), dirty: true, other: { at: record.at, body: record.body } });
    for (const take of takers) take(record.other.body);
    plan(uid);
    tell(uid);
  });
  line.append(`Another draft, from ${moment(other.at)}, was begun in another browser. `, use);
  place.querySelector("h2").after(line);
}

// `take(draft)` puts a draft that somebody chose onto the sheet.
export const onTaken = (take) => takers.push(take);

// ---------------------------------------------------------------- coming and going

function mine() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(name(""))).map((key) => key.slice(name("").length));
  } catch {
    return [];
  }
}

const unsent = () => mine().filter((uid) => load(uid)?.dirty);

// Sends what the server lacks and says how many drafts it could not send in time.
export async function settleDrafts(within) {
  const waiting = Promise.all(unsent().map(send));
  await Promise.race([waiting, new Promise((done) => setTimeout(done, within))]);
  return unsent().filter((uid) => !load(uid).gone).length;
}

// Drafts are words of an unreleased production: they leave the browser with the person, and old ones of anybody go too.
export function forgetDrafts({ all = false } = {}) {
  isOver = all;
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith("circled.draft.")) continue;
      let at = 0;
      try {
        at = JSON.parse(localStorage.getItem(key)).at || 0;
      } catch {
        // Not one of ours any more: it goes.
      }
      if ((all && key.startsWith(name(""))) || at < Date.now() - DRAFT_KEPT_MS) localStorage.removeItem(key);
    }
    if (all) for (const each of ["undo", "for"]) sessionStorage.removeItem(`circled.${each}.${user}`);
    if (all) localStorage.removeItem(`circled.recent.${user}`);
  } catch {
    // No storage, no draft.
  }
}

// Registered after every module has begun, so that the sheet has written its last words down before they are sent.
setTimeout(() => {
  const last = () => shown() && put(shown(), { isLast: true }).catch(() => {});
  document.addEventListener("focusout", (event) => event.target.matches?.("textarea") && shown() && send(shown()));
  document.addEventListener("visibilitychange", () => document.hidden && last());
  addEventListener("pagehide", last);
  for (const uid of unsent()) if (uid !== shown()) plan(uid, 1000); // of a tab that was killed
});

// Milliseconds that somebody was at it: visible, and never more than 30 s after the last sign of life.
class Stopwatch {
  total = 0;
  seen = 0;

  constructor() {
    for (const type of ["pointermove", "pointerdown", "keydown", "wheel"]) addEventListener(type, () => this.touch(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : (this.seen = performance.now())));
  }
  touch() {
    const now = performance.now();
    if (this.seen) this.total += Math.min(now - this.seen, IDLE_MS);
    this.seen = now;
  }
  pause() {
    this.touch();
    this.seen = 0;
  }
  restart() {
    this.total = 0;
    this.seen = performance.now();
  }
  read() {
    this.touch();
    return Math.round(this.total);
  }
}

export const stopwatch = new Stopwatch();
