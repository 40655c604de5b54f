// The queue page: rows chosen by keys and by ranges, and what is about to be assigned. Without it the boxes work one by one.
import "./app.js";
import { say } from "./app.js";
import { control, handle } from "./keymap.js";

const form = document.getElementById("assign");
const boxes = [...document.querySelectorAll(".queue-table tbody input[name=item]")];
const all = document.getElementById("all");
const page = document.getElementById("page");
const told = document.getElementById("selected");
let anchor = 0; // where a range began

function tell() {
  const count = boxes.filter((box) => box.checked).length;
  for (const box of boxes) {
    box.closest("tr").setAttribute("aria-selected", String(box.checked || all.checked));
    box.disabled = all.checked;
  }
  page.checked = count === boxes.length;
  page.indeterminate = count > 0 && count < boxes.length;
  told.textContent = all.checked ? "All of this filter" : count ? `${count} selected` : "Select rows to assign them.";
  form.classList.toggle("armed", count > 0 || all.checked);
}

function select(from, to, checked) {
  for (let at = Math.min(from, to); at <= Math.max(from, to); at += 1) boxes[at].checked = checked;
  tell();
}

if (form) {
  page.hidden = false;
  page.addEventListener("change", () => select(0, boxes.length - 1, page.checked));
  all.addEventListener("change", tell);
  boxes.forEach((box, at) => {
    box.addEventListener("click", (event) => {
      if (event.shiftKey) select(anchor, at, box.checked);
      anchor = at;
      tell();
    });
    // The boxes are one column: arrows go along it, with Shift they take the rows along.
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, Home: -at, End: boxes.length - 1 - at }[event.key];
      if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const next = Math.max(0, Math.min(boxes.length - 1, at + step));
      boxes[next].focus();
      if (event.shiftKey) select(anchor, next, true);
      else anchor = next;
    });
  });
  handle("queue.rows", () => boxes[anchor]?.focus());
  handle("queue.assign", () => {
    control("queue.assign").focus();
    say(told.textContent);
  });
  form.addEventListener("submit", (event) => {
    const person = form.elements.namedItem("person");
    const missing = !all.checked && !boxes.some((box) => box.checked) ? "Select rows first." : event.submitter?.value === "assign" && !person.value ? "Choose somebody first." : "";
    if (!missing) return;
    event.preventDefault();
    told.textContent = missing;
    say(missing);
    (missing.startsWith("Choose") ? person : boxes[anchor])?.focus();
  });
  tell();
}

handle("view.save", () => {
  const summary = control("view.save");
  if (!summary) return false;
  summary.closest("details").open = true;
  document.getElementById("view-name").select();
  return true;
});
