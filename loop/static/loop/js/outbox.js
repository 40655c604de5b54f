// What somebody decided leaves through here: written to IndexedDB first, sent in order, answered once. A closed lid, a dead
// network, a lost answer or an ended session loses nothing; the server answers a repeated idempotency key with the first answer.
// Any gesture may go: `outbox.put(url, body, {method, refers, label})`. The server's answer is JSON; its `decision` is what later
// gestures refer to. Works on plain HTTP: without crypto.randomUUID, without Web Locks.

const STORE = "entries";
const ANSWERS = "answers";
const LEASE = "circled.lease";
const BACKOFF_MS = [250, 500, 1000, 2000, 4000];
const BUSY_MS = 300; // until a tab asks again whether the one that sends is still there
const SEND_TIMEOUT_MS = 20_000;
const OPEN_TIMEOUT_MS = 15_000; // a disk that never answers is rarer than a machine that is busy
const LOGIN_RETRY_MS = 15_000;
const LEASE_MS = 4_000; // how long a tab that was killed keeps the others waiting
const BEAT_MS = 1_000;
const ANSWER_KEPT_MS = 7 * 24 * 3600 * 1000;
const KEEPALIVE_MAX = 15_000; // characters; browsers refuse to outlive a page with more than 64 KiB under way
const AGAIN = new Set([408, 409, 425, 429]);
const tab = uuid();

export function uuid() {
  if (globalThis.crypto && crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const deadline = (ms) => (AbortSignal.timeout ? AbortSignal.timeout(ms) : undefined);

// The same calls in memory, for browsers that refuse IndexedDB; then nothing is acknowledged before the server has it.
class Memory {
  constructor(rows = []) {
    this.rows = new Map(rows.map((entry) => [entry.seq, entry]));
    this.next = Math.max(0, ...this.rows.keys()) + 1;
  }
  async add(entry) {
    const seq = this.next++;
    this.rows.set(seq, { ...entry, seq });
  }
  async all() {
    return [...this.rows.values()];
  }
  async change(entry) {
    if (this.rows.has(entry.seq)) this.rows.set(entry.seq, entry);
  }
  async settle(entry) {
    this.rows.delete(entry.seq);
  }
  async answer() {
    return null;
  }
}

class Disk {
  constructor(database) {
    this.database = database;
  }
  static open() {
    const opened = new Promise((resolve, reject) => {
      const request = indexedDB.open("circled", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(STORE, { keyPath: "seq", autoIncrement: true });
        request.result.createObjectStore(ANSWERS, { keyPath: "key" });
      };
      request.onblocked = () => reject(new Error("blocked"));
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        resolve(new Disk(request.result));
      };
    });
    return Promise.race([opened, after(OPEN_TIMEOUT_MS).then(() => Promise.reject(new Error("no answer")))]);
  }
  // Only what cannot be repeated has to be on the platter when it is acknowledged.
  write(work, durability = "relaxed") {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction([STORE, ANSWERS], "readwrite", { durability });
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      work(transaction.objectStore(STORE), transaction.objectStore(ANSWERS));
    });
  }
  add(entry) {
    return this.write((entries) => entries.add(entry), "strict");
  }
  // Another tab may have settled it meanwhile: then there is nothing to change.
  change(entry) {
    return this.write((entries) => {
      const found = entries.get(entry.seq);
      found.onsuccess = () => found.result && entries.put(entry);
    });
  }
  settle(entry, decision) {
    return this.write((entries, answers) => {
      entries.delete(entry.seq);
      if (decision) answers.put({ key: entry.key, decision, at: Date.now() });
    });
  }
  all() {
    return done(this.database.transaction(STORE).objectStore(STORE).getAll());
  }
  async answer(key) {
    const row = await done(this.database.transaction(ANSWERS).objectStore(ANSWERS).get(key));
    return row ? row.decision : null;
  }
  forgetOld() {
    return this.write((entries, answers) => {
      const request = answers.openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        if (cursor.value.at < Date.now() - ANSWER_KEPT_MS) cursor.delete();
        cursor.continue();
      };
    });
  }
}

// One tab sends at a time. Without Web Locks (plain HTTP) a lease in localStorage does; should two tabs overlap after all, the
// order still holds, because each sends the first entry until it is answered, and the server absorbs the double.
async function exclusive(work) {
  if (navigator.locks) {
    try {
      return await navigator.locks.request("circled.outbox", { ifAvailable: true }, (lock) => (lock ? work() : "busy"));
    } catch {
      return work(); // a browser that closes its storage to us closes its locks too
    }
  }
  if (!lease()) return "busy";
  const beat = setInterval(lease, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    release();
  }
}

function lease() {
  try {
    const [owner, until] = (localStorage.getItem(LEASE) || "").split(" ");
    const left = Number(until) - Date.now(); // more than a whole lease: the clock was set back
    if (owner && owner !== tab && left > 0 && left <= LEASE_MS) return false;
    localStorage.setItem(LEASE, `${tab} ${Date.now() + LEASE_MS}`);
  } catch {
    // No storage to agree in: what two tabs send twice, the server keeps once.
  }
  return true;
}

function release() {
  try {
    if ((localStorage.getItem(LEASE) || "").startsWith(tab)) localStorage.removeItem(LEASE);
  } catch {
    // Storage is closed to us: there was no lease to give back.
  }
}

// The cookie is closed to scripts, so the token comes from the page, or from the session page after a new login.
let freshToken = "";
function csrfToken() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return freshToken || (field ? field.value : "");
}

// Asks who is logged in now; true if it is still the person whose decisions wait here.
async function renewSession(user) {
  const url = document.body.dataset.session || "/session/";
  const response = await fetch(url, { headers: { Accept: "application/json" }, redirect: "manual", signal: deadline(SEND_TIMEOUT_MS) });
  if (!response.ok || response.type === "opaqueredirect") return false;
  const session = await response.json();
  freshToken = session.csrf || "";
  return session.user === user;
}

class Outbox extends EventTarget {
  user = document.body.dataset.user || "";
  state = "idle"; // idle, waiting, login, refused
  durable = true;
  attempt = 0;
  timer = 0;
  draining = false;
  again = false;
  seen = []; // my entries when they were last read, should the disk fail afterwards
  answers = new Map(); // key -> decision, as far as this page heard

  constructor() {
    super();
    this.ready = this.start();
  }

  async start() {
    try {
      this.store = await Disk.open();
      this.store.forgetOld().catch(() => {});
    } catch {
      this.store = new Memory();
      this.durable = false;
    }
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("circled.outbox") : null;
    if (this.channel) this.channel.onmessage = ({ data }) => this.hear(data);
    for (const name of ["online", "focus", "pageshow"]) addEventListener(name, () => this.soon());
    addEventListener("pagehide", release);
    document.addEventListener("visibilitychange", () => document.hidden || this.soon());
    this.soon();
    return this;
  }

  // The disk; opened once more if it was closed under us, and after that memory with what was seen on it.
  async use(work) {
    if (!this.durable) return work(this.store);
    try {
      return await work(this.store);
    } catch {
      try {
        const disk = await Disk.open();
        if (this.durable) this.store = disk;
        return await work(this.store);
      } catch {
        if (this.durable) this.store = new Memory(this.seen);
        this.durable = false;
        return work(this.store);
      }
    }
  }

  async mine() {
    const all = await this.use((store) => store.all());
    this.seen = all.filter((entry) => entry.user === this.user).sort((a, b) => a.seq - b.seq);
    return this.seen;
  }

  // Resolves when the entry is on disk; in a browser without a disk for us, when the server has answered it. `refers` names earlier
  // entries by key: {retracts: key}; the uid the server gave them is put in when this one is sent, which is always later.
  async put(url, body, { method = "POST", refers = {}, label = "" } = {}) {
    await this.ready;
    const entry = { key: body.idempotency_key || uuid(), user: this.user, url, method, body, refers, label, at: Date.now(), refused: null };
    await this.use((store) => store.add(entry));
    this.report();
    this.soon();
    if (!this.durable) await this.settled(Infinity);
    return entry.key;
  }

  soon(delay = 0) {
    clearTimeout(this.timer);
    if (delay) this.timer = setTimeout(() => this.soon(), delay);
    else this.drain();
  }

  async drain() {
    if (!this.store || !this.user) return;
    this.again = this.draining;
    if (this.draining) return;
    this.draining = true;
    let wait = 0;
    try {
      do {
        this.again = false;
        const outcome = await (this.durable ? exclusive(() => this.sendAll()) : this.sendAll());
        if (outcome === "busy") wait = (await this.waiting()) ? BUSY_MS : 0;
        else if (outcome === "login") wait = LOGIN_RETRY_MS;
        else if (outcome === "retry") wait = BACKOFF_MS[Math.min(this.attempt++, BACKOFF_MS.length - 1)];
        else wait = 0;
      } while (this.again && !wait);
    } finally {
      this.draining = false;
    }
    await this.report();
    if (wait) this.soon(wait);
  }

  async waiting() {
    return (await this.mine()).filter((entry) => !entry.refused).length;
  }

  async sendAll() {
    for (;;) {
      const entry = (await this.mine()).find((each) => !each.refused);
      if (!entry) return "empty";
      const result = await this.send(entry);
      if (result !== "next") return result;
      this.attempt = 0;
      await this.report();
    }
  }

  async send(entry, renewed = false) {
    const fields = { ...entry.body, actor: entry.user };
    for (const [field, key] of Object.entries(entry.refers)) {
      fields[field] = this.answers.get(key) || (await this.use((store) => store.answer(key)));
      // What was to be superseded and never came to be needs no superseding; what was to be taken back does.
      if (!fields[field] && field !== "supersedes") return this.refuse(entry, "The decision that this one refers to was not accepted.");
    }
    const body = JSON.stringify(fields);
    let response;
    let answer = null;
    try {
      response = await fetch(entry.url, {
        method: entry.method || "POST",
        credentials: "same-origin",
        redirect: "manual",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken(), "Idempotency-Key": entry.key },
        body,
        keepalive: body.length < KEEPALIVE_MAX, // a tab that closes now still delivers it
        signal: deadline(SEND_TIMEOUT_MS),
      });
      if (response.type !== "opaqueredirect" && (response.headers.get("Content-Type") || "").includes("json")) answer = await response.json();
    } catch {
      return this.later();
    }
    if (response.ok && answer) {
      if (answer.decision) this.answers.set(entry.key, answer.decision);
      await this.use((store) => store.settle(entry, answer.decision));
      this.state = "idle";
      this.tell("answer", { entry, answer });
      return "next";
    }
    if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
      if (answer && answer.permanent) return this.refuse(entry, answer.detail);
      // A login in another tab makes a new token; one more try with it before anybody is asked to log in.
      if (!renewed && (await renewSession(this.user).catch(() => false))) return this.send(entry, true);
      this.state = "login";
      await this.report();
      return "login";
    }
    if (response.ok || response.status >= 500 || AGAIN.has(response.status)) return this.later();
    return this.refuse(entry, (answer && (answer.detail || answer.title)) || `The server answered ${response.status}.`);
  }

  async later() {
    this.state = "waiting";
    await this.report();
    return "retry";
  }

  async refuse(entry, why) {
    await this.use((store) => store.change({ ...entry, refused: String(why) }));
    this.tell("refused", { entry, why });
    return "next";
  }

  // The tab that sent it hears of it, and the others do: the gesture may have been theirs.
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail: { ...detail, elsewhere: false } }));
    if (this.channel) this.channel.postMessage({ name, detail });
  }

  hear({ name, detail }) {
    if (name === "answer" && detail.answer.decision) this.answers.set(detail.entry.key, detail.answer.decision);
    if (name && detail.entry.user === this.user) this.dispatchEvent(new CustomEvent(name, { detail: { ...detail, elsewhere: true } }));
    this.report(false);
  }

  async refused() {
    return (await this.mine()).filter((entry) => entry.refused);
  }

  async discard(entry) {
    await this.use((store) => store.settle(entry, null));
    await this.report();
  }

  async retry(entry) {
    await this.use((store) => store.change({ ...entry, refused: null }));
    this.soon();
  }

  // Resolves when nothing waits any more, or after `ms`; true if all is sent.
  async settled(ms) {
    await this.ready;
    const until = Date.now() + ms;
    while (await this.waiting()) {
      if (Date.now() > until) return false;
      await after(25);
    }
    return true;
  }

  async report(tell = true) {
    const entries = await this.mine();
    const waiting = entries.filter((entry) => !entry.refused).length;
    const refused = entries.length - waiting;
    if (!waiting) this.state = "idle"; // another tab may have sent what waited for us
    const state = waiting ? this.state : refused ? "refused" : "idle";
    this.dispatchEvent(new CustomEvent("change", { detail: { waiting, refused, state, durable: this.durable } }));
    if (tell && this.channel) this.channel.postMessage({ name: "" });
  }
}

export const outbox = new Outbox();
