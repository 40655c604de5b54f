// The sheet on the table and the form beside it: what stands in it, what is kept of it as a draft.
import { dropDraft, onTaken, readDraft, writeDraft } from "./drafts.js";
import { spans } from "./spans.js";

const DRAFT_MS = 400;
export const room = document.getElementById("main");
export const reviewUrl = room.dataset.review;
const speaking = `circled.for.${document.body.dataset.user}`; // whom I decide for, until I say otherwise
let draftTimer = 0;

export const item = () => document.getElementById("item");
export const form = () => document.getElementById("decide");
export const field = (name) => form()?.elements.namedItem(name) || null;
// The form's controls stand all over the room and belong to it by their form attribute.
export const controls = (name) => [...(form()?.elements || [])].filter((each) => each.name === name);
export const rows = () => [...document.querySelectorAll(".queue a[data-uid]")];
export const rowOf = (uid) => document.querySelector(`.queue a[data-uid="${uid}"]`);
export const current = () => item()?.dataset.uid || "";
export const addressOf = (uid) => rowOf(uid)?.href || `${reviewUrl}${reviewUrl.includes("?") ? "&" : "?"}item=${encodeURIComponent(uid)}`;

export function reasonBoxes() {
  return controls("reasons");
}

export function digits() {
  const map = {};
  for (const box of reasonBoxes()) if (box.dataset.digit) map[box.dataset.digit] = { code: box.value, label: box.dataset.label };
  return map;
}

// A code may stand on a digit and on a chip.
const ticked = (name) => [...new Set(controls(name).filter((box) => box.checked).map((box) => box.value))];
export const isPraise = (code) => code.startsWith("praise.");

export function read() {
  const severity = controls("severity").find((each) => each.checked);
  return {
    reasons: ticked("reasons"),
    beats: ticked("beats"),
    rationale: field("rationale")?.value || "",
    severity: severity ? severity.value : "",
    spans: spans.all(),
    revised_content: field("revised_content")?.value ?? null,
  };
}

function fill(draft) {
  spans.load(draft.spans);
  for (const box of reasonBoxes()) box.checked = (draft.reasons || []).includes(box.value);
  for (const box of controls("beats")) box.checked = (draft.beats || []).includes(box.value);
  if (field("rationale")) field("rationale").value = draft.rationale || "";
  for (const box of controls("severity")) box.checked = box.value === draft.severity;
  const text = field("revised_content");
  if (text && draft.revised_content != null && draft.revised_content !== text.defaultValue) {
    text.value = draft.revised_content;
    count();
  }
}

function empty(draft) {
  const text = field("revised_content");
  return !draft.reasons.length && !draft.spans.length && !draft.beats.length && !draft.rationale && !draft.severity && (!text || text.value === text.defaultValue);
}

export function saveDraft() {
  clearTimeout(draftTimer);
  if (!form() || !current()) return;
  const draft = read();
  if (empty(draft)) dropDraft(current());
  else writeDraft(current(), draft);
}

// The comparison comes with the first text that somebody writes.
export async function count() {
  const text = field("revised_content");
  const shown = document.getElementById("tally");
  if (!text || !shown || !(document.getElementById("revise").open || text.value !== text.defaultValue)) return;
  const words = await import("./words.js").catch(() => null);
  shown.textContent = words ? words.tally(text.defaultValue, text.value) : "";
}

// Whom the verdict is for stays as it was chosen, item after item: who logs for the director does so all day.
function speakFor() {
  const select = field("on_behalf_of");
  if (!select) return;
  const chosen = sessionStorage.getItem(speaking);
  if (chosen !== null && [...select.options].some((option) => option.value === chosen)) select.value = chosen;
}

function tellBeats() {
  const told = document.getElementById("beats-told");
  if (told) told.textContent = controls("beats").filter((box) => box.checked && box.closest("details")).map((box) => box.dataset.label).join(", ");
}

export function openRevision() {
  const box = document.getElementById("revise");
  const text = field("revised_content");
  if (!box || !text) return;
  box.open = true;
  text.focus();
  text.setSelectionRange(0, 0);
  text.scrollTop = 0;
  count();
}

export function forgetDraft(uid) {
  clearTimeout(draftTimer);
  dropDraft(uid);
}

// A sheet has come: what was begun on it stands again.
export function restore(uid) {
  const draft = readDraft(uid);
  spans.load([]);
  if (draft) fill(draft);
  count();
  speakFor();
  tellBeats();
}

onTaken((draft) => {
  fill(draft);
  count();
  tellBeats();
});
document.addEventListener("input", (event) => {
  if (!event.target.form || event.target.form.id !== "decide") return;
  if (event.target.name === "revised_content") count();
  clearTimeout(draftTimer);
  draftTimer = setTimeout(saveDraft, DRAFT_MS);
});
document.addEventListener("change", (event) => {
  if (event.target.name === "beats") tellBeats();
  if (event.target.name === "on_behalf_of") sessionStorage.setItem(speaking, event.target.value);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches && event.target.matches("textarea")) saveDraft();
});
document.addEventListener("toggle", (event) => {
  if (event.target.id === "revise" && event.target.open && !event.target.contains(document.activeElement)) openRevision();
}, true);
document.addEventListener("visibilitychange", () => document.hidden && saveDraft());
addEventListener("pagehide", saveDraft);

// ---------------------------------------------------------------- the marks, in the panel

const QUOTE = 40;
const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const cut = (text) => (text.length > QUOTE ? `${text.slice(0, QUOTE - 1)}\u2026` : text);
const stage = () => document.getElementById("stage");
const isFrames = (span) => Number.isInteger(span.start_frame);
const frame = (number) => stage()?.timecode?.format(number) ?? String(number);
const percent = (share) => `${Math.round(Number(share) * 100)}`;

function whereOf(span) {
  if (isFrames(span)) return span.end_frame - span.start_frame === 1 ? frame(span.start_frame) : `${frame(span.start_frame)}\u2013${frame(span.end_frame - 1)}`;
  if (span.region) {
    const at = `at ${percent(span.region.x)}, ${percent(span.region.y)} %`;
    return Number(span.region.w) || Number(span.region.h) ? `${percent(span.region.w)} \u00d7 ${percent(span.region.h)} % ${at}` : `Pin ${at}`;
  }
  const words = (stage()?.quote?.(span) || span.label || "").replace(/\s+/g, " ").trim();
  return words ? `\u201c${cut(words)}\u201d` : `at ${span.start}`;
}

// The ends as fields: [name, words, value, (text) => the fields of the span, null for what cannot be]. Ends are shown included
// for frames, as the stage shows them, and exclusive for characters.
function endsOf(span) {
  const whole = (text) => (/^\d+$/.test(text.trim()) ? Number(text) : null);
  if (span.region) {
    return ["x", "y", "w", "h"].map((key) => [key, { x: "from left, %", y: "from top, %", w: "wide, %", h: "high, %" }[key], percent(span.region[key]), (text) => {
      const share = whole(text);
      return share === null || share > 100 ? null : { region: { ...span.region, [key]: String(share / 100) } };
    }]);
  }
  const at = isFrames(span) ? (text) => stage()?.timecode?.parse(text) ?? whole(text) : whole;
  const [from, to] = isFrames(span) ? ["start_frame", "end_frame"] : ["start", "end"];
  const past = isFrames(span) ? 1 : 0;
  const end = span[to] - past;
  return [
    ["from", "from", isFrames(span) ? frame(span[from]) : span[from], (text) => ((value) => (value === null || value + past > span[to] ? null : { [from]: value }))(at(text))],
    ["to", "to", isFrames(span) ? frame(end) : end, (text) => ((value) => (value === null || value + past < span[from] + past ? null : { [to]: value + past }))(at(text))],
  ];
}

function rowOfSpan(span, index) {
  const row = make("li", index === spans.chosen ? { "aria-current": "true" } : {});
  const choose = make("button", { type: "button", class: "spanno", "aria-label": `Mark ${index + 1}: ${whereOf(span)}` }, String(index + 1));
  choose.addEventListener("click", () => spans.choose(index));
  const remove = make("button", { type: "button", class: "button link", "aria-label": `Remove mark ${index + 1}` }, "\u00d7");
  remove.addEventListener("click", () => {
    spans.remove(index);
    (document.querySelectorAll("#spans .spanno")[Math.min(index, spans.all().length - 1)] || stage())?.focus();
  });
  const label = reasonBoxes().find((box) => box.value === span.reason)?.dataset.label || span.reason;
  row.append(choose, make("span", { class: "where", dir: "auto" }, whereOf(span)), ...(label && index !== spans.chosen ? [make("span", { class: "chip" }, label)] : []), remove);
  if (index !== spans.chosen) {
    if (span.note) row.append(make("p", { class: "dim", dir: "auto" }, span.note));
    return row;
  }
  const reasons = make("select", { "aria-label": "Reason of the mark", "data-field": "reason" }, make("option", { value: "" }, "no reason yet"));
  for (const box of reasonBoxes()) if (![...reasons.options].some((each) => each.value === box.value)) reasons.append(make("option", { value: box.value }, box.dataset.label));
  reasons.value = span.reason || "";
  reasons.addEventListener("change", () => spans.change(index, { reason: reasons.value }));
  const note = make("input", { type: "text", "aria-label": "Note of the mark", "data-field": "note", placeholder: "note", dir: "auto", maxlength: "10000" });
  note.value = span.note || "";
  note.addEventListener("input", () => spans.change(index, { note: note.value }));
  const ends = make("div", { class: "ends" });
  for (const [name, words, value, read] of endsOf(span)) {
    const field = make("input", { type: "text", inputmode: "numeric", "data-field": name });
    field.value = value;
    field.addEventListener("change", () => {
      const fields = read(field.value);
      field.toggleAttribute("aria-invalid", !fields);
      // The focus moves on first, then the list is drawn again.
      if (fields) setTimeout(() => spans.change(index, fields));
    });
    ends.append(make("label", {}, words, field));
  }
  row.append(reasons, ends, note);
  return row;
}

function drawSpans() {
  const box = document.getElementById("spans");
  if (!box) return;
  const all = spans.all();
  const busy = document.activeElement?.closest?.("#spans [data-field]");
  box.hidden = !all.length;
  // Whoever types in a field keeps it; the rest of the row follows when they leave.
  if (busy?.dataset.field === "note" && box.querySelectorAll("li").length === all.length) return;
  const list = make("ol", {}, ...all.map(rowOfSpan));
  box.replaceChildren(make("h2", {}, all.length === 1 ? "One mark" : `${all.length} marks`), list);
  const chosen = list.querySelector("[aria-current]");
  const field = busy && chosen?.querySelector(`[data-field=${busy.dataset.field}]`);
  field?.focus();
  field?.select?.();
  chosen?.scrollIntoView({ block: "nearest" });
}

spans.onChange(() => {
  drawSpans();
  clearTimeout(draftTimer);
  draftTimer = setTimeout(saveDraft, DRAFT_MS);
});
