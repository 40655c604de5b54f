// Two texts compared: lines first, then the words of lines that changed. The live figure and the changes under the text being
// written, and an edit taken or dropped change by change.
import { control, handle } from "./keymap.js";

const MOST = 900; // edits that are followed up; beyond them a stretch counts as replaced, so that typing never waits
const UNRELATED = 0.3;
// Not from sheet.js, which imports this module: a circle of modules cannot be given names by their content.
const field = (name) => document.getElementById("decide")?.elements.namedItem(name) || null;
const say = (words) => (document.getElementById("live").textContent = words);

// Myers' greedy comparison: stretches [a from, a to, b from, b to] that differ.
function differences(a, b) {
  let start = 0;
  let [enda, endb] = [a.length, b.length];
  while (start < enda && start < endb && a[start] === b[start]) start += 1;
  while (enda > start && endb > start && a[enda - 1] === b[endb - 1]) [enda, endb] = [enda - 1, endb - 1];
  const [n, m] = [enda - start, endb - start];
  if (!n && !m) return [];
  const whole = [[start, enda, start, endb]];
  if (!n || !m) return whole;
  const most = Math.min(n + m, MOST);
  const reached = new Int32Array(2 * most + 3);
  const trail = [];
  for (let d = 0; d <= most; d += 1) {
    trail.push(reached.slice(most - d, most + d + 3));
    for (let k = -d; k <= d; k += 2) {
      const at = most + 1 + k;
      let x = k === -d || (k !== d && reached[at - 1] < reached[at + 1]) ? reached[at + 1] : reached[at - 1] + 1;
      while (x < n && x - k < m && a[start + x] === b[start + x - k]) x += 1;
      reached[at] = x;
      if (x >= n && x - k >= m) return trace(trail, n, m, start);
    }
  }
  return whole;
}

function trace(trail, n, m, start) {
  const found = [];
  let [x, y] = [n, m];
  for (let d = trail.length - 1; d > 0; d -= 1) {
    const row = trail[d];
    const k = x - y;
    const at = (diagonal) => row[diagonal + d + 1];
    const isDown = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const before = isDown ? k + 1 : k - 1;
    const px = at(before);
    const [qx, qy] = isDown ? [px, px - before + 1] : [px + 1, px - before];
    const step = [start + Math.min(px, qx), start + qx, start + px - before, start + qy];
    const later = found.at(-1);
    if (later && later[0] === step[1] && later[2] === step[3]) found[found.length - 1] = [step[0], later[1], step[2], later[3]];
    else found.push(step);
    [x, y] = [px, px - before];
  }
  return found.reverse();
}

const lines = (text) => text.match(/[^\n]*\n|[^\n]+$/g) || [];
const tokens = (text) => text.match(/\s+|\S+/g) || [];

// [{same} | {del, ins}] in reading order: without the insertions it is `before`, without the deletions `after`.
export function compare(before, after) {
  const found = [];
  const add = (piece) => {
    const last = found.at(-1);
    if (piece.same !== undefined) {
      if (last?.same !== undefined) last.same += piece.same;
      else if (piece.same) found.push(piece);
    } else if (last?.same === undefined && last) [last.del, last.ins] = [last.del + piece.del, last.ins + piece.ins];
    else found.push(piece);
  };
  const [a, b] = [lines(before), lines(after)];
  let at = 0;
  for (const [i, j, k, l] of differences(a, b)) {
    add({ same: a.slice(at, i).join("") });
    for (const piece of within(a.slice(i, j).join(""), b.slice(k, l).join(""))) add(piece);
    at = j;
  }
  add({ same: a.slice(at).join("") });
  return found;
}

function within(before, after) {
  const [a, b] = [tokens(before), tokens(after)];
  const changes = differences(a, b);
  const gone = changes.reduce((sum, [i, j]) => sum + j - i, 0);
  if (!a.length || !b.length || (2 * (a.length - gone)) / (a.length + b.length) < UNRELATED) return [{ del: before, ins: after }];
  const found = [];
  let at = 0;
  for (const [i, j, k, l] of changes) {
    const between = a.slice(at, i).join("");
    const change = { del: a.slice(i, j).join(""), ins: b.slice(k, l).join("") };
    const last = found.at(-1);
    // A space between two changes belongs to the change: words struck out one by one are hard to read.
    if (last && !between.trim()) [last.del, last.ins] = [last.del + between + change.del, last.ins + between + change.ins];
    else found.push({ same: between }, change);
    at = j;
  }
  found.push({ same: a.slice(at).join("") });
  return found;
}

// Words changed between two texts: the longer side of each changed stretch, summed.
export function tally(before, after) {
  if (before === after) return "Unchanged";
  const split = (text) => text.split(/\s+/).filter(Boolean);
  const changes = differences(split(before), split(after));
  const words = changes.reduce((sum, [i, j, k, l]) => sum + Math.max(j - i, l - k), 0);
  if (!words) return "Only spaces changed";
  return `${words} ${words === 1 ? "word" : "words"} changed`;
}

const make = (tag, text) => {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
};

// The comparison in place of the sheet. `caret`: the code unit of `after` that stays in view.
export function draw(view, pieces, caret = -1) {
  let at = 0;
  let near = null;
  view.replaceChildren();
  for (const { same, del, ins } of pieces) {
    if (same !== undefined) view.append(same);
    else {
      const made = [...(del ? [make("del", del)] : []), ...(ins ? [make("ins", ins)] : [])];
      view.append(...made);
      if (at <= caret) near = made.at(-1);
    }
    at += (same ?? ins).length;
  }
  near?.scrollIntoView({ block: "nearest" });
}

// ---------------------------------------------------------------- an edit, change by change

const points = (text) => [...text].length;
let live = null; // the changes on the stage
const REST = { taken: "Taken", dropped: "Dropped" };

// Every change is a stop of the Tab key. `exact`: offsets in `after` are those of the stored text, so marks may be set here.
export function hunks(view, before, after, exact) {
  const pieces = compare(before, after);
  const all = pieces.filter((each) => each.same === undefined);
  const box = field("revised_content");
  const tools = document.getElementById("hunking");
  let current = 0;
  let at = 0;
  view.replaceChildren();
  for (const each of pieces) {
    const text = each.same ?? each.ins;
    const shown = make(each.same === undefined ? "ins" : "span", text);
    if (exact) shown.dataset.start = at;
    at += points(text);
    if (each.same === undefined) {
      each.node = document.createElement("span");
      each.node.className = "hunk";
      each.node.tabIndex = 0;
      each.node.setAttribute("role", "button");
      each.node.append(...(each.del ? [make("del", each.del)] : []), ...(text ? [shown] : []));
      view.append(each.node);
    } else view.append(shown);
  }

  const count = (state) => all.filter((each) => each.state === state).length;
  const text = () => pieces.map((each) => each.same ?? (each.state === "dropped" ? each.del : each.ins)).join("");
  const open = () => all.findIndex((each) => !each.state);

  function tell() {
    all.forEach((each, place) => {
      each.node.dataset.state = each.state || "";
      const what = [each.del && `“${each.del.trim() || "space"}”`, each.ins && `“${each.ins.trim() || "space"}”`];
      each.node.setAttribute("aria-label", `Change ${place + 1} of ${all.length}: ${what[0] ? (what[1] ? `${what[0]} becomes ${what[1]}` : `${what[0]} goes`) : `${what[1]} comes`}. ${REST[each.state] || "Open"}.`);
    });
    const taken = count("taken");
    const left = all.length - taken - count("dropped");
    tools.hidden = false;
    document.getElementById("hunked").textContent = left === all.length ? `${all.length} ${all.length === 1 ? "change" : "changes"}` : `${taken} of ${all.length} taken${left ? `, ${left} open` : ""}`;
    const send = tools.querySelector("[data-hunk=send]");
    send.hidden = left > 0;
    send.textContent = taken === all.length ? "Accept: all are taken" : taken ? `Send with ${taken} of ${all.length}` : "Reject: none is taken";
  }

  function put(state) {
    const each = all[current];
    each.state = each.state === state ? "" : state;
    box.value = text();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    tell();
    say(`Change ${current + 1} ${(REST[each.state] || "open again").toLowerCase()}.`);
    const next = all.findIndex((one, place) => place > current && !one.state);
    const goal = next < 0 ? open() : next;
    if (goal >= 0) all[goal].node.focus();
    else tools.querySelector("[data-hunk=send]").focus();
  }

  // True if there was something to send, or to be asked for.
  function send() {
    if (open() === 0 && !count("taken") && !count("dropped")) return false;
    const left = open();
    if (left >= 0 && count("taken") + count("dropped") < all.length) {
      all[left].node.focus();
      say(`${all.length - count("taken") - count("dropped")} changes are not decided yet.`);
      return true;
    }
    const taken = count("taken");
    const verdict = taken === all.length ? "accept" : taken ? "revise" : "reject";
    if (verdict === "revise") document.getElementById("revise").open = true;
    control(`verdict.${verdict}`)?.click();
    return true;
  }

  // A draft that mixes both texts says which changes it has.
  function recover() {
    if (box.value === box.defaultValue) return;
    let rest = box.value;
    const states = [];
    for (const each of pieces) {
      const options = each.same === undefined ? [each.ins, each.del] : [each.same];
      const next = pieces[pieces.indexOf(each) + 1]?.same?.slice(0, 40) ?? "";
      const fit = options.findIndex((one) => rest.startsWith(one + next));
      if (fit < 0) return;
      if (each.same === undefined) states.push(fit ? "dropped" : "taken");
      rest = rest.slice(options[fit].length);
    }
    if (!rest) all.forEach((each, place) => (each.state = states[place]));
  }

  view.addEventListener("focusin", (event) => {
    const place = all.findIndex((each) => each.node === event.target);
    if (place >= 0) current = place;
  });
  view.addEventListener("click", (event) => {
    const place = all.findIndex((each) => each.node.contains(event.target));
    if (place >= 0) [current] = [place, all[place].node.focus()];
  });
  recover();
  tell();
  live = {
    put,
    send,
    isMixed: () => count("taken") + count("dropped") > 0,
    isOn: () => view.isConnected && !view.hidden,
    focused: () => all.some((each) => each.node === document.activeElement),
    first: () => all[Math.max(open(), 0)]?.node.focus(),
  };
  return live;
}

const on = () => (live?.isOn() ? live : null);
for (const [id, state] of [["verdict.accept", "taken"], ["verdict.reject", "dropped"]]) {
  handle(id, () => {
    const found = on();
    if (found?.focused()) found.put(state);
    // Some are taken and some dropped: a verdict on the whole would forget them.
    else if (found?.isMixed()) found.send();
    else return false;
    return true;
  });
}
handle("submit", (event) => (event.target === field("revised_content") ? false : on()?.send() || false));
document.addEventListener("click", (event) => {
  const what = event.target.closest("[data-hunk]")?.dataset.hunk;
  if (what && on()) what === "send" ? live.send() : live.put(what);
});
