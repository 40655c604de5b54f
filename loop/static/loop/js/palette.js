// Two dialogs drawn from the key map: the palette (every command and page link, with its key) and the sheet of keys.
import { available, bindings, handle, keycaps, run } from "./keymap.js";

const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

let palette = null;
let sheet = null;

function commands() {
  const listed = bindings
    .filter((each) => each.listed && each.id !== "palette" && available(each))
    .map((each) => ({ label: each.label, group: each.group, key: each.keys[0], act: () => run(each.id) }));
  const seen = new Set();
  for (const link of document.querySelectorAll(".top nav a, .top .menu a, .queue a, [data-palette]")) {
    const label = link.dataset.palette || link.textContent.trim().replace(/\s+/g, " ");
    if (!label || seen.has(label) || (link.dataset.action && listed.length && link.dataset.action.startsWith("go."))) continue;
    seen.add(label);
    listed.push({ label, group: link.closest(".queue") ? "Item" : "Page", key: "", act: () => link.click() });
  }
  return listed;
}

// All typed words must occur, in any order; a label that begins with the text comes first.
function match(all, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = all.filter((each) => words.every((word) => `${each.label} ${each.group}`.toLowerCase().includes(word)));
  const starts = (each) => (each.label.toLowerCase().startsWith(typed.toLowerCase()) ? 0 : 1);
  return fits.sort((a, b) => starts(a) - starts(b)).slice(0, 60);
}

function openPalette() {
  const back = document.activeElement;
  const all = commands();
  let shown = [];
  let at = 0;
  if (!palette) {
    palette = make("dialog", { class: "palette", "aria-label": "Commands" });
    document.body.append(palette);
  }
  const input = make("input", {
    type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
    "aria-label": "Command", placeholder: "Command, page or item", autocomplete: "off", spellcheck: "false",
  });
  const list = make("ul", { id: "palette-list", role: "listbox", "aria-label": "Commands" });
  const none = make("p", { class: "none", hidden: "" }, "No command of that name.");
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
  const draw = () => {
    shown = match(all, input.value.trim());
    list.replaceChildren(
      ...shown.map((each, i) => {
        const row = make("li", { id: `palette-${i}`, role: "option" }, make("span", {}, each.label), make("small", {}, each.group));
        if (each.key) row.append(keycaps(each.key));
        row.addEventListener("click", () => choose(i));
        return row;
      }),
    );
    none.hidden = shown.length > 0;
    select(0);
  };
  const choose = (index) => {
    const chosen = shown[index];
    palette.close();
    if (back && back.isConnected) back.focus({ preventScroll: true });
    if (chosen) chosen.act();
  };
  input.addEventListener("input", draw);
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
}

function openSheet() {
  if (!sheet) {
    sheet = make("dialog", { "aria-label": "Keys of this page" });
    document.body.append(sheet);
  }
  const groups = new Map();
  for (const each of bindings.filter(available)) {
    if (!groups.has(each.group)) groups.set(each.group, []);
    groups.get(each.group).push(each);
  }
  const columns = make("div", { class: "sheet" });
  for (const [name, members] of groups) {
    const section = make("section", {}, make("h3", {}, name));
    for (const each of members) {
      const caps = keycaps(each.keys[0]);
      if (each.keys.length > 4) caps.append(" to ", keycaps(each.keys.at(-1)));
      section.append(make("div", {}, make("span", {}, each.label), caps));
    }
    columns.append(section);
  }
  const close = make("form", { method: "dialog", class: "buttons right" }, make("button", { class: "button" }, "Close ", make("kbd", {}, "Esc")));
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
  }
}
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
});
