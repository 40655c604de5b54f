// From a key to an action. The map comes from the page (<script id="keymap">), the same that the `?` sheet and the palette read.
// An action without a handler presses the visible control that carries its name: <button data-action="item.next">.

const source = document.getElementById("keymap");
const map = source ? JSON.parse(source.textContent) : { singleKeys: true, bindings: [] };
const handlers = new Map();
const CHORD_MS = 1200;
const TEXT = new Set(["text", "search", "email", "password", "number", "url", "tel", "date", "time", "datetime-local"]);
let prefix = "";
let prefixAt = 0;

export const bindings = map.bindings;

export function handle(id, handler) {
  handlers.set(id, handler);
}

export function control(id) {
  for (const found of document.querySelectorAll(`[data-action="${id}"]`)) {
    if (!found.hidden && !found.disabled && found.getAttribute("aria-disabled") !== "true") return found;
  }
  return null;
}

export function available(binding) {
  if (binding.where === "review" && !document.body.classList.contains("review")) return false;
  return handlers.has(binding.id) || control(binding.id) !== null;
}

export function run(id, event) {
  const handler = handlers.get(id);
  if (handler) return handler(event) !== false;
  const found = control(id);
  if (!found) return false;
  found.click();
  return true;
}

function writesText(target) {
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, [contenteditable]:not([contenteditable=false])")) return true;
  return target instanceof HTMLInputElement && TEXT.has(target.type);
}

// How the key is written in the map. Letters by what they produce (AZERTY is safe); the place on the keyboard only where the
// layout gives no Latin letter or no digit.
export function spell(event) {
  let key = event.key;
  if (key === " ") key = "space";
  const letter = /^Key([A-Z])$/.exec(event.code || "");
  const digit = /^Digit([0-9])$/.exec(event.code || "");
  if (letter && key.length === 1 && !/^[\x20-\x7e]$/.test(key)) key = letter[1];
  key = key.toLowerCase();
  const modifiers = (event.ctrlKey || event.metaKey ? "ctrl+" : "") + (event.altKey ? "alt+" : "");
  const shifted = event.shiftKey && (key.length > 1 || /^[a-z]$/.test(key)) ? "shift+" : "";
  const spelled = [modifiers + shifted + key];
  if (digit && !event.shiftKey && key !== digit[1]) spelled.push(modifiers + digit[1]);
  return spelled;
}

function find(spelled, typing) {
  return bindings.find((each) => (!typing || each.typing) && available(each) && each.keys.some((key) => spelled.includes(key)));
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.getModifierState && event.getModifierState("AltGraph")) return;
  if (event.ctrlKey && event.altKey) return;
  if (["Shift", "Control", "Alt", "Meta", "CapsLock", "Dead"].includes(event.key)) return;
  if (document.querySelector("dialog[open]")) return;
  const spelled = spell(event);
  const typing = writesText(event.target);
  const native = event.key === "Enter" || event.key === " ";
  if (native && !typing && !event.ctrlKey && event.target.closest && event.target.closest("a, button, summary, input, label")) return;
  const single = !event.ctrlKey && !event.metaKey && event.key.length === 1;
  if (single && !map.singleKeys && event.key !== "?") return;

  if (!typing && prefix && performance.now() - prefixAt < CHORD_MS) {
    const chord = find(spelled.map((key) => `${prefix} ${key}`), false);
    prefix = "";
    if (chord) {
      event.preventDefault();
      run(chord.id, event);
      return;
    }
  }
  prefix = "";
  const binding = find(spelled, typing);
  if (binding) {
    if (event.repeat && !binding.repeat) {
      event.preventDefault();
      return;
    }
    if (run(binding.id, event)) event.preventDefault();
    return;
  }
  if (!typing && single && bindings.some((each) => available(each) && each.keys.some((key) => key.startsWith(`${spelled[0]} `)))) {
    prefix = spelled[0];
    prefixAt = performance.now();
  }
}

const SHOWN = { ctrl: "Ctrl", shift: "Shift", escape: "Esc", enter: "Enter", space: "Space", arrowup: "Up", arrowdown: "Down" };

// "shift+n" -> [["Shift", "N"]], "g q" -> [["G"], ["Q"]]
export function show(key) {
  return key.split(" ").map((press) => press.split("+").map((part) => SHOWN[part] || part.toUpperCase()));
}

export function keycaps(key) {
  const holder = document.createElement("span");
  holder.className = "keys";
  for (const press of show(key)) {
    const cap = document.createElement("kbd");
    cap.textContent = press.join(" ");
    holder.append(cap);
  }
  return holder;
}

document.addEventListener("keydown", onKey);
