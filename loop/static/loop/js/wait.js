// A file that is being made ready: says how far it is, and brings the item again when there is something to show.
import { current } from "./sheet.js";
import { show } from "./walk.js";

const EVERY_MS = 2000;

export function mount(stage) {
  const card = stage.querySelector("[data-poll]");
  if (!card) return null;
  const bar = card.querySelector("progress");
  const told = card.querySelector("[data-told]");
  let timer = 0;

  // Nothing moves under the hand: whoever is writing is asked first.
  const bring = () => show(current(), { push: false, fresh: true });
  const isWriting = () => document.activeElement?.matches("textarea, input:not([type=checkbox])");

  async function ask() {
    let found = null;
    try {
      const response = await fetch(card.dataset.poll, { credentials: "same-origin" });
      found = response.ok ? await response.json() : null;
    } catch {
      // Offline: the next time.
    }
    if (!card.isConnected) return;
    if (found && found.state !== "preparing") {
      if (!isWriting()) return void bring();
      const ready = card.querySelector("[data-ready]");
      ready.hidden = false;
      ready.querySelector("button").addEventListener("click", bring);
      return;
    }
    if (found?.progress) {
      bar.value = found.progress;
      told.textContent = `${found.progress} %`;
    }
    timer = setTimeout(ask, EVERY_MS);
  }

  timer = setTimeout(ask, EVERY_MS);
  return () => clearTimeout(timer);
}
