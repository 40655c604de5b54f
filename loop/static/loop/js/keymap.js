// From a key to an action. The map comes from the page (<script id="keymap">), the same that the `?` sheet and the palette read.
// An action without a handler presses the visible control that carries its name: <button data-action="item.next">.

const source = document.getElementById("keymap");
const map = source ? JSON.parse(source.textContent) : { names: {}, bindings: [] };
const handlers = new Map();
const CHORD_MS = 1200;
const TEXT = new Set(["text", "search", "email", "password", "number", "url", "tel", "date", "time", "datetime-local"]);
let prefix = "";
let prefixAt = 0;

export const bindings = map.bindings;

// Several may handle an action, a stage each: the last one is asked first. Whoever returns false passes it on, in the end to
// the control of that name.
export function handle(id, handler) {
  handlers.set(id, [handler, ...(handlers.get(id) || [])]);
}

export function control(id) {
  for (const found of document.querySelectorAll(`[data-action="${id}"]`)) {
    if (!found.hidden && !found.disabled && found.getAttribute("aria-disabled") !== "true") return found;
  }
  return null;
}

export function available(binding) {
  if (binding.where !== "everywhere" && !document.body.classList.contains(binding.where)) return false;
  return handlers.has(binding.id) || control(binding.id) !== null;
}

// `place` says which of an action's keys it was, for those whose keys are first, second, third ...
export function run(id, event, place = 0) {
  if (handlers.get(id)?.some((handler) => handler(event, place) !== false)) return true;
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
const WRITTEN_OUT = { " ": "space", "+": "plus", ",": "comma" };

export function spell(event) {
  let key = WRITTEN_OUT[event.key] || event.key;
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
  return bindings.filter((each) => (!typing || each.typing) && available(each) && each.keys.some((key) => spelled.includes(key)));
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.getModifierState && event.getModifierState("AltGraph")) return;
  if (event.ctrlKey && event.altKey) return;
  if (["Shift", "Control", "Alt", "Meta", "CapsLock", "Dead"].includes(event.key)) return;
  if (document.querySelector("dialog[open]")) return;
  const spelled = spell(event);
  const typing = writesText(event.target);
  // Arrows on a slider or a row of choices are that control's own.
  if (/^(Arrow|Home|End|Page)/.test(event.key) && event.target.matches?.("input[type=range], input[type=radio]")) return;
  const native = event.key === "Enter" || event.key === " ";
  if (native && !typing && !event.ctrlKey && event.target.closest && event.target.closest("a, button, summary, input, label")) return;
  if (!typing && prefix && performance.now() - prefixAt < CHORD_MS) {
    const [chord] = find(spelled.map((key) => `${prefix} ${key}`), false);
    prefix = "";
    if (chord) {
      event.preventDefault();
      if (!event.repeat) run(chord.id, event);
      return;
    }
  }
  prefix = "";
  // Stages share keys: the first action that has something to do takes it.
  const found = find(spelled, typing);
  for (const binding of found) {
    const isHeld = event.repeat && !binding.repeat;
    if (!isHeld && !run(binding.id, event, binding.keys.findIndex((key) => spelled.includes(key)))) continue;
    event.preventDefault();
    return;
  }
  if (found.length) return;
  if (!typing && bindings.some((each) => available(each) && each.keys.some((key) => key.startsWith(`${spelled[0]} `)))) {
    prefix = spelled[0];
    prefixAt = performance.now();
  }
}

// "shift+n" -> ["Shift N"], "g q" -> ["G", "Q"]; `joint` stands between the keys of one press.
export function caps(key, joint = " ") {
  return key.split(" ").map((press) => press.split("+").map((part) => map.names[part] || part.toUpperCase()).join(joint));
}

// A key as a settings field takes it.
export const text = (key) => (WRITTEN[key] || caps(key, "+").join(" ")).replace("Page ", "Page");
const WRITTEN = { plus: "Plus", comma: "Comma" };

// The key of an action in words, "" without one: for sentences that the page makes itself.
export function keyOf(id, place = 0) {
  const key = bindings.find((each) => each.id === id)?.keys[place];
  return key ? caps(key).join(" ") : "";
}

// "1\u20139": the keys of the reasons, as a sentence names them; words where they are switched off.
export const reasonKeys = () => [keyOf("reason"), keyOf("reason", 8)].filter(Boolean).join("\u2013") || "a reason";

export function keycaps(key) {
  const holder = document.createElement("span");
  holder.className = "keys";
  for (const press of caps(key)) {
    const cap = document.createElement("kbd");
    cap.textContent = press;
    holder.append(cap);
  }
  return holder;
}

document.addEventListener("keydown", onKey);
