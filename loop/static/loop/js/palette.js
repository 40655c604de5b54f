// Two dialogs drawn from the key map: the palette (every command with its key, pages, productions, views, items) and the sheet of keys.
import { available, bindings, handle, keycaps, keyOf, run } from "./keymap.js";

const SHOWN = 60;
const RECENT = 5;
const WAIT_MS = 150;
const remembered = `circled.recent.${document.body.dataset.user}`;
let places = null; // where this login can go, from the server: asked for when the palette first opens

const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

let palette = null;
let sheet = null;

function recent() {
  try {
    return JSON.parse(localStorage.getItem(remembered)) || [];
  } catch {
    return [];
  }
}

function remember(label) {
  try {
    localStorage.setItem(remembered, JSON.stringify([label, ...recent().filter((each) => each !== label)].slice(0, RECENT)));
  } catch {
    // No storage, no memory of what was used last.
  }
}

async function ask(words) {
  const answer = await fetch(`/find/?q=${encodeURIComponent(words)}&p=${encodeURIComponent(document.body.dataset.production || "")}`, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const found = await answer.json();
  return found.places.map((each) => ({ ...each, key: "", act: () => location.assign(each.url) }));
}

function commands() {
  const listed = bindings
    .filter((each) => each.listed && each.id !== "palette" && available(each))
    .map((each) => ({ label: each.label, group: each.group, key: each.keys[0] || "", act: () => run(each.id) }));
  for (const link of document.querySelectorAll(".top nav a, .top .menu a, .queue a, [data-palette]")) {
    if (link.dataset.action?.startsWith("go.")) continue;
    const label = link.dataset.palette || link.textContent.trim().replace(/\s+/g, " ");
    if (label) listed.push({ label, group: link.closest(".queue") ? "Item" : "Page", key: "", act: () => link.click() });
  }
  return listed;
}

// All typed words must occur, in any order; a label that begins with the text comes first, then what was used last.
function match(all, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const last = recent();
  const seen = new Set();
  const rank = (each) => {
    const at = last.indexOf(each.label);
    return (words.length && each.label.toLowerCase().startsWith(words[0]) ? 0 : RECENT + 1) + (at < 0 ? RECENT : at);
  };
  return all
    .filter((each) => !seen.has(each.label) && seen.add(each.label) && words.every((word) => `${each.label} ${each.group}`.toLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, SHOWN);
}

function openPalette() {
  const back = document.activeElement;
  const own = commands();
  let found = [];
  let shown = [];
  let at = 0;
  let timer = 0;
  if (!palette) {
    palette = make("dialog", { class: "palette", "aria-label": "Commands" });
    document.body.append(palette);
  }
  const input = make("input", {
    type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
    "aria-label": "Command", placeholder: "Command, page, production or item", autocomplete: "off", spellcheck: "false",
  });
  const list = make("ul", { id: "palette-list", role: "listbox", "aria-label": "Commands" });
  const none = make("p", { class: "none", hidden: "" }, "Nothing of that name.");
  palette.replaceChildren(input, list, none);

  const select = (index) => {
    at = Math.max(0, Math.min(index, shown.length - 1));
    [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
    const row = list.children[at];
    if (row) {
      input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const draw = (stay = 0) => {
    shown = match([...own, ...(places || []), ...found], input.value.trim());
    const last = input.value.trim() ? [] : recent();
    list.replaceChildren(
      ...shown.map((each, i) => {
        const group = last.includes(each.label) ? `${each.group} · used before` : each.group;
        const row = make("li", { id: `palette-${i}`, role: "option" }, make("span", {}, each.label), make("small", {}, group));
        if (each.key) row.append(keycaps(each.key));
        row.addEventListener("click", () => choose(i));
        return row;
      }),
    );
    none.hidden = shown.length > 0;
    select(stay);
  };
  const choose = (index) => {
    const chosen = shown[index];
    palette.close();
    if (back && back.isConnected) back.focus({ preventScroll: true });
    if (!chosen) return;
    remember(chosen.label);
    chosen.act();
  };
  // What the server finds comes after what the page knows, and never moves the choice under the hand.
  const look = async () => {
    const words = input.value.trim();
    try {
      if (!places) places = await ask("");
      const answer = words.length > 1 ? await ask(words) : [];
      if (words !== input.value.trim()) return;
      found = answer;
      if (palette.open) draw(at);
    } catch {
      // Without the server the page's own commands are there.
    }
  };
  input.addEventListener("input", () => {
    found = [];
    draw();
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 };
    if (event.key in moves) select(moves[event.key]);
    else if (event.key === "Enter") choose(at);
    else return;
    event.preventDefault();
  });
  draw();
  palette.showModal();
  input.focus();
  look();
}

function openSheet() {
  if (!sheet) {
    sheet = make("dialog", { "aria-label": "Keys of this page" });
    document.body.append(sheet);
  }
  const groups = new Map();
  for (const each of bindings.filter((one) => one.keys.length && available(one))) {
    if (!groups.has(each.group)) groups.set(each.group, []);
    groups.get(each.group).push(each);
  }
  const columns = make("div", { class: "sheet" });
  for (const [name, members] of groups) {
    const section = make("section", {}, make("h3", {}, name));
    for (const each of members) {
      const caps = keycaps(each.keys[0]);
      if (each.ordered) caps.append(" to ", keycaps(each.keys.at(-1)));
      else for (const key of each.keys.slice(1)) caps.append(" or ", keycaps(key));
      section.append(make("div", {}, make("span", {}, each.label), caps));
    }
    columns.append(section);
  }
  const change = make("a", { class: "button quiet", href: "/me/#keys-head" }, "Change keys");
  const close = make("form", { method: "dialog", class: "buttons right" }, change, make("button", { class: "button" }, "Close ", make("kbd", {}, "Esc")));
  const head = make("div", { class: "head" }, make("h2", {}, "Keys of this page"), close);
  sheet.replaceChildren(make("div", { class: "body" }, head, columns));
  sheet.showModal();
}

handle("palette", openPalette);
handle("keys", openSheet);
for (const [action, open] of [["palette", openPalette], ["keys", openSheet]]) {
  for (const button of document.querySelectorAll(`[data-action="${action}"]`)) {
    button.hidden = false;
    button.addEventListener("click", open);
    const held = keyOf(action);
    if (held) button.setAttribute("aria-keyshortcuts", held.replaceAll(" ", "+").replace("Ctrl", "Control"));
  }
}
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
});
