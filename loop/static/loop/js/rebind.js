// The settings page: "Change" waits for one key and writes it into the field beside it. The field itself takes text, with or without this.
import { say } from "./app.js";
import { spell, text } from "./keymap.js";

let waiting = null; // {button, words}

function stop(words = "") {
  if (!waiting) return;
  waiting.button.firstChild.textContent = waiting.words;
  waiting.button.removeAttribute("aria-pressed");
  waiting.button.focus();
  waiting = null;
  if (words) say(words);
}

for (const hint of document.querySelectorAll(".needs-script")) hint.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-capture]");
  if (!button) return;
  if (waiting && waiting.button === button) {
    stop("Left as it was.");
    return;
  }
  stop();
  waiting = { button, words: button.firstChild.textContent };
  button.firstChild.textContent = "Press";
  button.setAttribute("aria-pressed", "true");
  say("Press the new key. Escape leaves it as it was.");
});
document.addEventListener("focusout", (event) => {
  if (waiting && event.target === waiting.button && event.relatedTarget) stop();
});
// Before every other listener: while a key is waited for, it does nothing else.
addEventListener(
  "keydown",
  (event) => {
    if (!waiting || event.isComposing || ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Tab"].includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "Escape") {
      stop("Left as it was.");
      return;
    }
    const field = document.getElementById(waiting.button.dataset.capture);
    field.value = text(spell(event)[0]);
    stop(`${field.value}. Not kept yet.`);
  },
  true,
);
