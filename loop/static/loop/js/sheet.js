// The sheet on the table and the form beside it: what stands in it, what is kept of it as a draft.
import { dropDraft, onTaken, readDraft, writeDraft } from "./drafts.js";
import { spans } from "./spans.js";
import { tally } from "./words.js";

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

export function read() {
  const severity = controls("severity").find((each) => each.checked);
  return {
    reasons: reasonBoxes().filter((box) => box.checked).map((box) => box.value),
    beats: controls("beats").filter((box) => box.checked).map((box) => box.value),
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

export function count() {
  const text = field("revised_content");
  const shown = document.getElementById("tally");
  if (text && shown) shown.textContent = tally(text.defaultValue, text.value);
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
  if (told) told.textContent = controls("beats").filter((box) => box.checked).map((box) => box.dataset.label).join(", ");
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
