// Candidates of one brief side by side: two or four at once, or two in one place. One gesture judges all of them.
import { say } from "./app.js";
import { stopwatch } from "./drafts.js";
import { handle, reasonKeys, run } from "./keymap.js";
import { outbox, uuid } from "./outbox.js";
import { timecode } from "./rail.js";
import { Transport } from "./sync.js";
import { compare } from "./words.js";

const WIPE_STEP = 2; // percent of the width
const WAVE = 400; // columns of a drawn sound
const MODES = ["side", "wipe", "difference"];
const ALONE = new Set(["wipe", "difference", "flip"]); // ways that show two in one place
const room = document.getElementById("main");
const stage = document.getElementById("stage");
const holder = document.getElementById("cells");
const cells = [...document.querySelectorAll(".cell")];
const links = [...document.querySelectorAll(".shelf a[data-uid]")];
const form = document.getElementById("choose");
const wipe = document.getElementById("wipe");
const scrub = document.getElementById("scrub");
const strip = document.getElementById("undo");
const memory = `circled.undo.${document.body.dataset.user}`;
const all = (selector) => document.querySelectorAll(selector);
const act = (action, work) => all(`[data-action="${action}"]`).forEach((each) => each.addEventListener("click", work));

let at = Math.max(0, cells.findIndex((each) => each.dataset.uid === stage?.dataset.at)); // the chosen one
let held = -1; // the one that all others are compared with, if somebody wants one
let layout = cells.length > 2 && innerWidth >= 1100 ? 4 : 2;
let mode = "side";
let under = false; // flip: which of the two is on top
let asked = false; // "none of these" waits for its reason
let sounding = false;
const transport = new Transport(tellFrame);

// ---------------------------------------------------------------- what is in view

// What the chosen one is compared with: the one held, else its neighbour.
const other = () => (held >= 0 && held !== at ? held : at + 1 < cells.length ? at + 1 : at - 1);

function inView() {
  if (layout === 4 && !ALONE.has(mode)) {
    const first = at - (at % 4);
    return cells.slice(first, first + 4);
  }
  // The one held stands on the left and stays there while the other changes; two neighbours stand in their order.
  const pair = held >= 0 ? [other(), at] : [other(), at].sort((a, b) => a - b);
  return pair.map((place) => cells[place]);
}

function draw() {
  const shown = inView();
  const [left, right] = shown;
  holder.dataset.layout = ALONE.has(mode) ? 1 : shown.length > 2 ? 4 : 2;
  holder.dataset.mode = mode;
  for (const [place, cell] of cells.entries()) {
    const visible = shown.includes(cell);
    cell.hidden = !visible;
    cell.classList.toggle("chosen", place === at);
    cell.classList.toggle("over", ALONE.has(mode) && cell === right);
    cell.classList.toggle("away", mode === "flip" && (cell === cells[at]) === under);
    cell.style.order = visible ? shown.indexOf(cell) : "";
    const picture = cell.querySelector("img[data-src]");
    if (visible && picture && !picture.getAttribute("src")) picture.src = picture.dataset.src;
    if (visible) wave(cell);
    else transport.release(cell);
  }
  cells[at].querySelector("input[name=suggestion]").checked = true;
  for (const link of links) {
    if (link.dataset.uid === cells[at].dataset.uid) {
      link.setAttribute("aria-current", "true");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else link.removeAttribute("aria-current");
    link.classList.toggle("seen", shown.some((each) => each.dataset.uid === link.dataset.uid));
  }
  const best = document.getElementById("best-name");
  if (best) best.textContent = links[at].dataset.name;
  const pictures = shown.every((each) => ["video", "still"].includes(each.dataset.medium));
  for (const button of all("[data-mode]")) {
    if (button === holder) continue;
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    button.disabled = button.dataset.mode !== "side" && !pictures;
  }
  for (const button of all("[data-action='compare.flip']")) button.setAttribute("aria-pressed", String(mode === "flip"));
  for (const word of all("[data-action='compare.layout'] [data-word]")) word.textContent = layout === 4 ? "Two" : "Four";
  for (const button of all("[data-action='compare.against']")) button.setAttribute("aria-pressed", String(held === at));
  for (const button of all("[data-action='compare.layout']")) button.disabled = cells.length < 3 || ALONE.has(mode);
  document.querySelector(".wiper").hidden = mode !== "wipe";
  holder.querySelector(".divider").hidden = mode !== "wipe";
  for (const value of all(".differences [data-of]")) value.hidden = !shown.some((each) => each.dataset.uid === value.dataset.of);
  texts(shown, left);
  clips(shown);
}

// Texts: what differs from the one on the left is marked.
function texts(shown, first) {
  const before = first.querySelector("[data-text]");
  for (const cell of shown) {
    const box = cell.querySelector("[data-text]");
    if (!box || box.classList.contains("screenplay")) continue;
    box.dataset.whole ??= box.textContent;
    const whole = box.dataset.whole;
    if (cell === first || !before) box.textContent = whole;
    else {
      const pieces = compare(before.dataset.whole ?? before.textContent, whole);
      const words = pieces.reduce((sum, { del = "", ins = "" }) => sum + Math.max(count(del), count(ins)), 0);
      box.replaceChildren(...pieces.flatMap(({ same, del, ins }) => (same === undefined ? [made("del", del), made("ins", ins)] : [same])));
      rest(cell, words ? `${words} ${words === 1 ? "word" : "words"} from ${first.dataset.name}` : `same as ${first.dataset.name}`);
    }
  }
}

const count = (text) => text.split(/\s+/).filter(Boolean).length;
const made = (name, textContent) => (textContent ? Object.assign(document.createElement(name), { textContent }) : "");
const rest = (cell, words) => {
  cell.querySelector("[data-rest]").textContent = words;
};

function clips(shown) {
  const playing = shown.filter((each) => ["video", "audio"].includes(each.dataset.medium));
  const bar = document.getElementById("transport");
  bar.hidden = !playing.length;
  if (!playing.length) return;
  const changed = playing.length !== transport.clips.length || playing.some((each) => !transport.clips.some(({ cell }) => cell === each));
  if (changed) transport.load(playing);
  scrub.max = Math.max(0, transport.frames - 1);
  const words = [];
  for (const { cell } of transport.clips) rest(cell, "");
  if (!transport.byFrame) words.push(`Different frame rates (${[...new Set(transport.clips.map(({ rate }) => Math.round(rate * 1000) / 1000))].sort((a, b) => a - b).join(" and ")}): matched by time, not by frame.`);
  for (const clip of transport.clips.slice(1)) {
    const last = transport.byFrame ? clip.frames : Math.round((clip.frames / clip.rate) * transport.leader.rate);
    const short = transport.frames - last;
    if (short > 0) words.push(`${clip.cell.dataset.name} is ${short} ${short === 1 ? "frame" : "frames"} shorter and holds its last one.`);
  }
  document.getElementById("sync-words").textContent = words.join(" ");
  hear();
}

function tellFrame(frame, isSought = false) {
  const leader = transport.leader;
  if (!leader) return;
  holder.toggleAttribute("data-busy", isSought);
  const { rateNum, rateDen, drop, start } = leader.cell.dataset;
  const code = timecode({ num: Number(rateNum), den: Number(rateDen), drop: drop === "true", start: Number(start) });
  document.querySelector("[data-tc]").textContent = code.format(frame);
  document.querySelector("[data-frame]").textContent = frame;
  scrub.value = frame;
  for (const clip of transport.clips) {
    if (!transport.byFrame) rest(clip.cell, `f${transport.frameOf(clip, frame)}`);
    const head = clip.cell.querySelector(".wave line");
    if (head) head.setAttribute("transform", `translate(${((transport.frameOf(clip, frame) + 0.5) / clip.frames) * WAVE} 0)`);
  }
  const word = document.querySelector("[data-action='transport.play'] [data-word]");
  word.textContent = transport.speed ? "Pause" : "Play";
}

// The sound of a clip without a picture, as the extremes of its wave.
async function wave(cell) {
  const drawing = cell.querySelector(".wave");
  if (!drawing || drawing.hasAttribute("data-drawn") || !drawing.dataset.peaks) return;
  drawing.setAttribute("data-drawn", "");
  const heard = await fetch(drawing.dataset.peaks, { credentials: "same-origin" }).then((answer) => answer.json()).catch(() => null);
  const peaks = heard?.peaks || []; // [[least, most], ...] from -1 to 1
  let path = "";
  for (let x = 0; x < WAVE && peaks.length; x++) {
    const first = Math.floor((x / WAVE) * peaks.length);
    const part = peaks.slice(first, Math.max(first + 1, Math.floor(((x + 1) / WAVE) * peaks.length))).flat();
    path += `M${x + 0.5} ${50 - 48 * Math.max(...part, 0.01)}V${50 - 48 * Math.min(...part, -0.01)}`;
  }
  drawing.querySelector("path").setAttribute("d", path);
}

function hear() {
  for (const { media, cell } of transport.clips) media.muted = !(sounding && cell === cells[at]);
  for (const button of all("[data-action='transport.mute']")) button.setAttribute("aria-pressed", String(sounding));
}

// ---------------------------------------------------------------- moving about

function go(place) {
  if (place === at) return;
  at = place;
  under = false;
  draw();
  say(`${links[at].dataset.noun} ${links[at].dataset.name}, ${at + 1} of ${cells.length}${links[at].dataset.outcome ? `, ${links[at].dataset.outcome}` : ""}`);
}

function setMode(wanted) {
  if (document.querySelector(`[data-mode="${wanted}"]:disabled`)) return false;
  mode = wanted;
  under = false;
  draw();
  say({ side: "Side by side", wipe: "Wipe", difference: "Difference", flip: "Flip" }[mode]);
  return true;
}

function flip() {
  if (mode === "flip") {
    under = !under;
    draw();
  } else {
    mode = "flip";
    under = true;
    draw();
  }
  say(links[under ? other() : at].dataset.name);
  return true;
}

function moveWipe(by) {
  if (mode !== "wipe") return false;
  wipe.value = Number(wipe.value) + by;
  setWipe();
  return true;
}

function setWipe() {
  holder.style.setProperty("--wipe", `${wipe.value}%`);
}

// ---------------------------------------------------------------- the gesture

const boxes = (name) => [...form.elements].filter((each) => each.name === name);

function sitting() {
  try {
    return JSON.parse(sessionStorage.getItem(memory) || "[]");
  } catch {
    return [];
  }
}

function over(place) {
  const names = links.filter((each, index) => index !== place).map((each) => each.dataset.name);
  const list = [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
  return place === null ? list : `${[links[place].dataset.noun, links[place].dataset.name].filter(Boolean).join(" ")} over ${list}`;
}

async function judge(outcome) {
  const reasons = boxes("reasons").filter((each) => each.checked).map((each) => each.value);
  if (outcome === "dismissed" && "reasonRequired" in room.dataset && !reasons.length) {
    asked = true;
    document.getElementById("why").open = true;
    ask(`None of these: why? ${reasonKeys()}`);
    return;
  }
  const uid = outcome === "best" ? cells[at].dataset.uid : cells[0].dataset.uid;
  const given = { reasons, beats: boxes("beats").filter((each) => each.checked).map((each) => each.value), rationale: form.elements.rationale.value, severity: "", spans: [], revised_content: null };
  const body = {
    ...given,
    idempotency_key: uuid(),
    suggestion: uid,
    outcome,
    severity: null,
    on_behalf_of: form.elements.on_behalf_of?.value || null,
    shown: form.elements.shown.value,
    queue: form.elements.queue.value,
    active_ms: stopwatch.read(),
    decided_at: new Date().toISOString(),
    among: cells.map((each) => each.dataset.uid),
  };
  const word = outcome === "best" ? "Best" : "Dismissed";
  const label = outcome === "best" ? over(at) : over(null);
  const before = links.map(({ dataset }) => [dataset.uid, dataset.outcome || ""]);
  transport.pause();
  await outbox.put(room.dataset.choose, body, { label: `${word}: ${label}` });
  const entries = [...sitting(), { key: body.idempotency_key, uid, outcome, body, given, before, label, digits: {}, early: true }];
  sessionStorage.setItem(memory, JSON.stringify(entries.slice(-200)));
  strip.textContent = `${word} ${label}`;
  say(`${word} ${label}.`);
  for (const button of all(".bar .verb")) button.disabled = true;
  // The room goes on with what waits; before the server has the gesture, it would offer these again.
  if (await outbox.settled(4000)) location.assign(room.dataset.review);
  else strip.textContent = `${word} ${label}. Not sent yet; kept in this browser.`;
}

async function undo() {
  const entries = sitting();
  const entry = entries.pop();
  if (!entry) {
    say("Nothing to undo in this sitting.");
    return true;
  }
  sessionStorage.setItem(memory, JSON.stringify(entries));
  const body = { idempotency_key: uuid(), suggestion: entry.uid, outcome: "retract", among: entry.body.among, queue: entry.body.queue, decided_at: new Date().toISOString() };
  await outbox.put(room.dataset.decide, body, { refers: { retracts: entry.key }, label: `Undo: ${entry.label}` });
  strip.textContent = `Undone: ${entry.label}`;
  say(`Undone: ${entry.label}.`);
  if (await outbox.settled(4000)) location.reload();
  return true;
}

function ask(words) {
  strip.textContent = words;
  strip.classList.add("armed");
  say(words);
}

// ---------------------------------------------------------------- keys and controls

if (stage) begin();

function begin() {
  for (const each of all(".modes, [data-action='compare.against'], [data-action='undo']")) each.hidden = false;
  handle("candidate.next", () => go((at + 1) % cells.length));
  handle("candidate.previous", () => go((at - 1 + cells.length) % cells.length));
  handle("compare.layout", () => {
    if (cells.length < 3 || ALONE.has(mode)) return false;
    layout = layout === 4 ? 2 : 4;
    draw();
    return true;
  });
  handle("compare.mode", () => setMode(MODES.slice(MODES.indexOf(mode) + 1).find((each) => !document.querySelector(`[data-mode="${each}"]:disabled`)) || "side"));
  handle("compare.flip", flip);
  handle("compare.against", () => {
    held = held === at ? -1 : at;
    if (held >= 0) go((at + 1) % cells.length);
    else draw();
    say(held >= 0 ? `Compared with ${links[held].dataset.name}` : "Compared with their neighbours");
  });
  handle("compare.wipe-left", () => moveWipe(-WIPE_STEP));
  handle("compare.wipe-right", () => moveWipe(WIPE_STEP));
  const moves = {
    "transport.play": () => transport.toggle(), "transport.stop": () => transport.settle(), "transport.forward": () => transport.shuttle(1), "transport.back": () => transport.shuttle(-1),
    "frame.next": () => transport.step(1), "frame.previous": () => transport.step(-1), "frame.first": () => transport.step(-Infinity), "frame.last": () => transport.step(Infinity),
    "second.next": () => transport.step(Math.round(transport.leader.rate)), "second.previous": () => transport.step(-Math.round(transport.leader.rate)),
    "transport.mute": () => ((sounding = !sounding), hear()),
  };
  for (const [id, work] of Object.entries(moves)) {
    const moved = () => {
      if (!transport.leader) return false;
      work();
      return true;
    };
    handle(id, moved);
    act(id, moved);
  }
  handle("prompt", () => {
    const box = document.getElementById("asked");
    box.open = !box.open;
  });
  handle("praise", () => document.querySelector("#praise input")?.focus());
  handle("rationale", () => form.elements.rationale?.focus());
  handle("leave", (event) => {
    if (event.target.matches("textarea, input")) stage.focus();
    else if (mode !== "side") setMode("side");
    else return false;
    return true;
  });
  handle("reason", (event, place) => {
    const box = boxes("reasons").find((each) => each.dataset.digit === String(place + 1));
    if (!box) return false;
    box.checked = !box.checked;
    told();
    say(`${box.checked ? "Reason" : "Not"}: ${box.dataset.label}`);
    if (asked && box.checked) judge("dismissed");
    return true;
  });
  handle("undo", undo);
  for (const id of ["candidate.next", "candidate.previous", "compare.layout", "compare.mode", "compare.flip", "compare.against", "compare.wipe-left", "compare.wipe-right", "undo"]) {
    act(id, (event) => {
      event.preventDefault();
      run(id, event);
    });
  }
  for (const button of all(".modes [data-mode]")) button.addEventListener("click", () => setMode(button.dataset.mode));
  wipe.addEventListener("input", setWipe);
  scrub.addEventListener("input", () => {
    transport.pause();
    transport.seek(Number(scrub.value));
  });
  const told = () => {
    document.getElementById("reasons-told").textContent = boxes("reasons").filter((each) => each.checked && each.dataset.digit).map((each) => each.dataset.label).join(", ");
  };
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      go(links.indexOf(link));
    });
  }
  holder.addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell && !ALONE.has(mode)) go(cells.indexOf(cell));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter) judge(event.submitter.value);
  });
  setWipe();
  draw();
  stopwatch.restart();
  stage.focus();
  document.documentElement.dataset.compared = "ready";
}
