// What was typed but not decided yet, kept in this browser by person and item; and the active time on an item.

const user = document.body.dataset.user || "";
const name = (uid) => `circled.draft.${user}.${uid}`;
const IDLE_MS = 30_000;

export function readDraft(uid) {
  try {
    return JSON.parse(localStorage.getItem(name(uid)) || "null");
  } catch {
    return null;
  }
}

export function writeDraft(uid, draft) {
  try {
    localStorage.setItem(name(uid), JSON.stringify({ ...draft, at: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(uid) {
  try {
    localStorage.removeItem(name(uid));
  } catch {
    // No storage, no draft.
  }
}

// Drafts are words of an unreleased production: they leave the browser with the person, and old ones of anybody go too.
const DRAFT_KEPT_MS = 14 * 24 * 3600 * 1000;

export function forgetDrafts({ all = false } = {}) {
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith("circled.draft.")) continue;
      const mine = key.startsWith(name(""));
      let at = 0;
      try {
        at = JSON.parse(localStorage.getItem(key)).at || 0;
      } catch {
        // Not one of ours any more: it goes.
      }
      if ((all && mine) || at < Date.now() - DRAFT_KEPT_MS) localStorage.removeItem(key);
    }
    if (all) sessionStorage.removeItem(`circled.undo.${user}`);
  } catch {
    // No storage, no draft.
  }
}

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
