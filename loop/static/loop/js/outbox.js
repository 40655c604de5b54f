// Decisions leave through here: written to IndexedDB first, sent in order, answered once. A closed lid, a dead network, a lost
// answer or an ended session loses nothing; the server answers a repeated idempotency key with the first answer.
// Works on plain HTTP: without crypto.randomUUID, without Web Locks.

const STORE = "entries";
const ANSWERS = "answers";
const BACKOFF_MS = [250, 500, 1000, 2000, 4000];
const SEND_TIMEOUT_MS = 20_000;
const LOGIN_RETRY_MS = 15_000;
const LEASE_MS = 8_000;
const ANSWER_KEPT_MS = 7 * 24 * 3600 * 1000;
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

// The same four calls in memory, for browsers that refuse IndexedDB; then nothing is acknowledged before the server has it.
class Memory {
  rows = new Map();
  known = new Map();
  next = 1;
  async add(entry) {
    const seq = this.next++;
    this.rows.set(seq, { ...entry, seq });
    return seq;
  }
  async all() {
    return [...this.rows.values()];
  }
  async put(entry) {
    this.rows.set(entry.seq, entry);
  }
  async settle(entry, decision) {
    this.rows.delete(entry.seq);
    if (decision) this.known.set(entry.key, decision);
  }
  async answer(key) {
    return this.known.get(key) || null;
  }
}

class Disk {
  constructor(database) {
    this.database = database;
  }
  static open() {
    return new Promise((resolve, reject) => {
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
  }
  write(work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction([STORE, ANSWERS], "readwrite", { durability: "strict" });
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      const request = work(transaction.objectStore(STORE), transaction.objectStore(ANSWERS));
      if (request) request.onsuccess = () => (result = request.result);
    });
  }
  add(entry) {
    return this.write((entries) => entries.add(entry));
  }
  put(entry) {
    return this.write((entries) => entries.put(entry));
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
// order still holds, because each sends its first entry until it is answered, and the server absorbs the double.
async function exclusive(work) {
  if (navigator.locks) return navigator.locks.request("circled.outbox", { ifAvailable: true }, (lock) => (lock ? work() : "busy"));
  try {
    const [owner, until] = (localStorage.getItem("circled.lease") || "").split(" ");
    if (owner && owner !== tab && Number(until) > Date.now()) return "busy";
    renew();
    return await work();
  } finally {
    try {
      if ((localStorage.getItem("circled.lease") || "").startsWith(tab)) localStorage.removeItem("circled.lease");
    } catch {
      // Storage is closed to us: there was no lease to give back.
    }
  }
}

function renew() {
  if (!navigator.locks) localStorage.setItem("circled.lease", `${tab} ${Date.now() + LEASE_MS + SEND_TIMEOUT_MS}`);
}

// The cookie is closed to scripts, so the token comes from the page, or from the session page after a new login.
let freshToken = "";
function csrfToken() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return freshToken || (field ? field.value : "");
}

// Asks who is logged in now; true if it is still the person whose decisions wait here.
async function renewSession(user) {
  const response = await fetch(document.body.dataset.session || "/session/", { headers: { Accept: "application/json" }, redirect: "manual" });
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

  constructor() {
    super();
    this.ready = this.start();
  }

  async start() {
    try {
      this.store = await Disk.open();
      await this.store.forgetOld();
    } catch {
      this.store = new Memory();
      this.durable = false;
    }
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("circled.outbox") : null;
    if (this.channel) this.channel.onmessage = () => this.report(false);
    addEventListener("online", () => this.soon());
    addEventListener("focus", () => this.soon());
    addEventListener("pageshow", () => this.soon());
    document.addEventListener("visibilitychange", () => document.hidden || this.soon());
    if (this.user) await this.soon();
    return this;
  }

  async mine() {
    return (await this.store.all()).filter((entry) => entry.user === this.user).sort((a, b) => a.seq - b.seq);
  }

  // Resolves when the entry is on disk. `refers` names earlier entries by key: {supersedes: key}; the uid the server gave them is
  // put in when this one is sent, which is always later.
  async put(url, body, { refers = {}, label = "" } = {}) {
    await this.ready;
    const entry = { key: body.idempotency_key, user: this.user, url, body, refers, label, at: Date.now(), refused: null };
    await this.store.add(entry);
    await this.report();
    this.soon();
    return entry.key;
  }

  soon(delay = 0) {
    clearTimeout(this.timer);
    if (delay) {
      this.timer = setTimeout(() => this.soon(), delay);
      return null;
    }
    return this.drain();
  }

  async drain() {
    if (!this.store || !this.user) return;
    if (this.draining) {
      this.again = true;
      return;
    }
    this.draining = true;
    let wait = 0;
    try {
      do {
        this.again = false;
        const outcome = await exclusive(() => this.sendAll());
        if (outcome === "busy") wait = (await this.waiting()) ? 1000 : 0;
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
      if (!entry) {
        this.state = "idle";
        return "empty";
      }
      renew();
      const result = await this.send(entry);
      if (result !== "next") return result;
      this.attempt = 0;
      await this.report();
    }
  }

  async send(entry, renewed = false) {
    const body = { ...entry.body, actor: entry.user };
    for (const [field, key] of Object.entries(entry.refers)) {
      const decision = await this.store.answer(key);
      if (!decision) return this.refuse(entry, "The decision that this one refers to was not accepted.");
      body[field] = decision;
    }
    let response;
    let answer = null;
    try {
      response = await fetch(entry.url, {
        method: "POST",
        credentials: "same-origin",
        redirect: "manual",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken(), "Idempotency-Key": entry.key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout ? AbortSignal.timeout(SEND_TIMEOUT_MS) : undefined,
      });
      if (response.type !== "opaqueredirect" && (response.headers.get("Content-Type") || "").includes("json")) answer = await response.json();
    } catch {
      return this.later();
    }
    if (response.ok && answer) {
      await this.store.settle(entry, answer.decision);
      this.dispatchEvent(new CustomEvent("answer", { detail: { entry, answer } }));
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
    if (response.ok || response.status >= 500 || [408, 409, 425, 429].includes(response.status)) return this.later();
    return this.refuse(entry, (answer && (answer.detail || answer.title)) || `The server answered ${response.status}.`);
  }

  async later() {
    this.state = "waiting";
    await this.report();
    return "retry";
  }

  async refuse(entry, why) {
    await this.store.put({ ...entry, refused: String(why) });
    this.dispatchEvent(new CustomEvent("refused", { detail: { entry, why } }));
    return "next";
  }

  async refused() {
    return (await this.mine()).filter((entry) => entry.refused);
  }

  async discard(entry) {
    await this.store.settle(entry, null);
    await this.report();
  }

  async retry(entry) {
    await this.store.put({ ...entry, refused: null });
    this.soon();
  }

  // Resolves when nothing waits any more, or after `ms`; true if all is sent.
  async settled(ms) {
    await this.ready;
    const until = Date.now() + ms;
    while (await this.waiting()) {
      if (Date.now() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return true;
  }

  async report(tell = true) {
    const entries = await this.mine();
    const waiting = entries.filter((entry) => !entry.refused).length;
    const refused = entries.length - waiting;
    const state = waiting ? this.state : refused ? "refused" : "idle";
    this.dispatchEvent(new CustomEvent("change", { detail: { waiting, refused, state, durable: this.durable } }));
    if (tell && this.channel) this.channel.postMessage("changed");
  }
}

export const outbox = new Outbox();
