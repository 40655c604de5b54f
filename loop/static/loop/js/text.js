// Text on the stage: ranges of it are marked with the mouse, or with a word cursor by keys alone, in the prompt as in the text.
// Offsets are Unicode code points of what is stored. Every rendered stretch says where it begins (data-start) and shows its
// characters unchanged, so a place on the page is counted from there: indents and empty lines that a script page leaves out,
// scene numbers in its margin and line ends of any kind do not matter.
import { handle, reasonKeys } from "./keymap.js";
import { field } from "./sheet.js";
import { spans } from "./spans.js";

const HAS_MARKS = "highlights" in CSS;
const NAMES = ["mine", "chosen", "others", "cursor", "range"];
const STRONG_RTL = /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
let live = null;
let showsChanges = true; // D: stays as it was left, item after item

const points = (text, end = text.length) => {
  let count = 0;
  for (let at = 0; at < end; at += 1) if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) count += 1;
  return count;
};
const units = (text, count) => {
  let at = 0;
  for (let left = count; left > 0 && at < text.length; left -= 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
};
const tell = (words) => (document.getElementById("live").textContent = words);

function text(stage) {
  const sheet = stage.querySelector("#sheet");
  const base = document.getElementById("base");
  const view = document.createElement("div");
  const leaving = new AbortController();
  const { signal } = leaving;
  let cursor = null; // {leaf, start, end} in code points of its target: what I, O and M mean
  let first = null; // the in that waits for its out
  let known = null; // the words of a leaf, cut once
  let words = null; // the module that compares
  let visit = 0;
  let edit = null; // the changes that a suggestion makes to its base
  let isAwaited = false;

  // ---------------------------------------------------------------- places

  // What a closed <details> holds has its boxes in some browsers: only what can be seen can be marked.
  const leaves = () => [...stage.querySelectorAll("[data-start]")].filter((leaf) => leaf.checkVisibility());
  const startOf = (leaf) => Number(leaf.dataset.start);
  const targetOf = (leaf) => leaf.closest("[data-target]").dataset.target;
  const endOf = (leaf) => startOf(leaf) + points(leaf.textContent);

  function pointOf(leaf, node, offset) {
    const before = document.createRange();
    before.setStart(leaf, 0);
    before.setEnd(node, offset);
    return startOf(leaf) + points(before.toString());
  }

  // Of a range on the page: {target, start, end}, of the target it begins in; null where nothing of a text is in it.
  function spanOf(range) {
    const touched = leaves().filter((leaf) => range.intersectsNode(leaf));
    if (!touched.length) return null;
    const target = targetOf(touched[0]);
    const last = touched.filter((leaf) => targetOf(leaf) === target).at(-1);
    const start = touched[0].contains(range.startContainer) ? pointOf(touched[0], range.startContainer, range.startOffset) : startOf(touched[0]);
    const end = last.contains(range.endContainer) ? pointOf(last, range.endContainer, range.endOffset) : endOf(last);
    return end > start ? { target, start, end } : null;
  }

  // A parser cuts long texts into several nodes.
  function boundary(leaf, count) {
    const walker = document.createTreeWalker(leaf, NodeFilter.SHOW_TEXT);
    let left = units(leaf.textContent, count);
    let node = walker.nextNode();
    while (node && left > node.length) {
      left -= node.length;
      const next = walker.nextNode();
      if (!next) break;
      node = next;
    }
    return node ? [node, Math.min(left, node.length)] : [leaf, 0];
  }

  function rangesOf({ target = "content", start, end }) {
    const found = [];
    for (const leaf of leaves()) {
      const [from, to] = [startOf(leaf), endOf(leaf)];
      if (targetOf(leaf) !== target || from > end || to < start || (start < end && (from >= end || to <= start))) continue;
      const range = document.createRange();
      range.setStart(...boundary(leaf, Math.max(start, from) - from));
      range.setEnd(...boundary(leaf, Math.min(end, to) - from));
      found.push(range);
    }
    return found;
  }

  // The words of a span as the page shows them: for the list in the panel.
  const quote = (span) => rangesOf(span).map((range) => range.toString()).join(" ");

  // ---------------------------------------------------------------- drawing

  const isMine = (span) => Number.isInteger(span.start) && (span.target || "content") !== "revision";

  function draw() {
    if (!sheet.isConnected) return;
    const mine = spans.all().map((span, index) => ({ ...span, index })).filter(isMine);
    const given = document.getElementById("others-spans");
    const others = given ? JSON.parse(given.textContent).filter(isMine) : [];
    const selected = (list) => list.flatMap(rangesOf);
    const sets = {
      mine: selected(mine.filter((span) => span.index !== spans.chosen)),
      chosen: selected(mine.filter((span) => span.index === spans.chosen)),
      others: selected(others),
      cursor: cursor ? rangesOf(cursor) : [],
      range: first && cursor ? rangesOf(reach()) : [],
    };
    if (HAS_MARKS) for (const name of NAMES) CSS.highlights.set(`span-${name}`, new Highlight(...sets[name]));
    number(mine);
  }

  // The number stands above the end of its span, in a layer that scrolls with the text.
  function number(mine) {
    for (const old of stage.querySelectorAll(".spannos")) old.remove();
    for (const home of [sheet, stage.querySelector(".prompt[data-target]")]) {
      if (!home?.getClientRects().length) continue;
      const layer = document.createElement("div");
      layer.className = "spannos";
      layer.setAttribute("aria-hidden", "true");
      const origin = home.getBoundingClientRect();
      for (const span of mine) {
        const last = rangesOf(span).at(-1);
        if (!last || !home.contains(last.endContainer)) continue;
        const tip = last.cloneRange();
        tip.collapse(false);
        const box = [...tip.getClientRects()].at(-1) || [...last.getClientRects()].at(-1);
        if (!box) continue;
        const mark = document.createElement("sup");
        mark.textContent = span.index + 1;
        mark.classList.toggle("now", span.index === spans.chosen);
        mark.style.left = `${box.right - origin.left + home.scrollLeft}px`;
        mark.style.top = `${box.top - origin.top + home.scrollTop}px`;
        layer.append(mark);
      }
      home.append(layer);
    }
  }

  // ---------------------------------------------------------------- the word cursor

  function cut(leaf, granularity) {
    const whole = leaf.textContent;
    if (known?.leaf === leaf && known.granularity === granularity && known.whole === whole) return known.cells;
    const cells = [];
    let at = startOf(leaf);
    for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity }).segment(whole)) {
      const end = at + points(segment);
      if (granularity === "grapheme" || isWordLike || /[^\s\p{P}]/u.test(segment)) cells.push({ leaf, target: targetOf(leaf), start: at, end });
      at = end;
    }
    known = { leaf, granularity, whole, cells };
    return cells;
  }

  function moveTo(cell) {
    if (!cell) return;
    cursor = cell;
    getSelection().removeAllRanges();
    const range = rangesOf(cell)[0];
    const home = cell.leaf.closest(".prompt, #sheet");
    const [box, frame] = [range?.getBoundingClientRect(), home.getBoundingClientRect()];
    if (box && box.top < frame.top + 24) home.scrollTop -= frame.top + 48 - box.top;
    else if (box && box.bottom > frame.bottom - 24) home.scrollTop += box.bottom - frame.bottom + 48;
    draw();
    tell(range?.toString() || "");
  }

  // Begins at the first word in view; a cursor whose text went away begins again.
  function begin() {
    if (cursor?.leaf.isConnected && cursor.leaf.getClientRects().length) return true;
    const frame = sheet.getBoundingClientRect();
    for (const leaf of leaves().filter((each) => sheet.contains(each))) {
      for (const cell of cut(leaf, "word")) {
        if (rangesOf(cell)[0]?.getBoundingClientRect().bottom > frame.top + 8) {
          moveTo(cell);
          return false;
        }
      }
    }
    return false;
  }

  // `way` follows the page: in a paragraph that runs from right to left, Left goes on.
  function step(way, granularity) {
    if (!begin()) return;
    const paragraph = cursor.leaf.textContent.slice(0, units(cursor.leaf.textContent, cursor.start - startOf(cursor.leaf))).lastIndexOf("\n") + 1;
    const on = STRONG_RTL.test(cursor.leaf.textContent.slice(paragraph, paragraph + 200)) ? -way : way;
    const cells = cut(cursor.leaf, granularity);
    const next = on > 0 ? cells.find((cell) => cell.start >= cursor.end) : cells.findLast((cell) => cell.end <= cursor.start);
    if (next) moveTo(next);
    else beside(on, granularity);
  }

  function beside(way, granularity = "word") {
    const all = leaves();
    for (let at = all.indexOf(cursor.leaf) + way; all[at]; at += way) {
      const found = cut(all[at], granularity).at(way > 0 ? 0 : -1);
      if (found) return moveTo(found);
    }
    return null;
  }

  // A line up or down: the word that lies nearest there.
  function line(way) {
    if (!begin()) return;
    const box = rangesOf(cursor)[0].getBoundingClientRect();
    const middle = (box.left + box.right) / 2;
    const before = cursor;
    for (let off = 0.9; off < 4 && cursor === before; off += 0.7) {
      const y = way > 0 ? box.bottom + box.height * (off - 0.4) : box.top - box.height * (off - 0.4);
      const home = cursor.leaf.closest(".prompt, #sheet");
      const frame = home.getBoundingClientRect();
      if (y > frame.bottom - 4 || y < frame.top + 4) {
        home.scrollTop += way * box.height * 4;
        const moved = rangesOf(cursor)[0].getBoundingClientRect();
        if (moved.top !== box.top) return line(way);
        break;
      }
      const hit = document.caretRangeFromPoint?.(middle, y);
      const leaf = hit && leaves().find((each) => each.contains(hit.startContainer));
      if (!leaf) continue;
      const point = pointOf(leaf, hit.startContainer, hit.startOffset);
      const cell = cut(leaf, "word").reduce((best, one) => (!best || gap(one, point) < gap(best, point) ? one : best), null);
      const where = cell && rangesOf(cell)[0].getBoundingClientRect();
      if (where && (way > 0 ? where.top > box.top + 2 : where.top < box.top - 2)) moveTo(cell);
    }
    if (cursor === before) beside(way);
  }
  const gap = (cell, point) => (point < cell.start ? cell.start - point : Math.max(0, point - cell.end));

  // ---------------------------------------------------------------- marking

  const reach = () => (first.target === cursor.target ? { target: first.target, start: Math.min(first.start, cursor.start), end: Math.max(first.end, cursor.end) } : cursor);
  const selection = () => {
    const found = getSelection();
    return found.rangeCount && !found.isCollapsed && stage.contains(found.anchorNode) ? spanOf(found.getRangeAt(0)) : null;
  };

  function add({ target, start, end }) {
    first = null;
    getSelection().removeAllRanges();
    spans.add(target === "content" ? { start, end } : { target, start, end });
    tell(`Marked: ${quote({ target, start, end })}. ${reasonKeys()} says why.`);
  }

  const acts = {
    "span.in"() {
      const selected = selection();
      if (selected) return add(selected);
      if (!cursor) begin();
      if (!cursor) return null;
      first = { ...cursor };
      if (spans.chosen >= 0) spans.choose(-1);
      draw();
      return tell(`In at ${quote(cursor)}. Move, then O.`);
    },
    "span.out"() {
      const selected = selection();
      if (selected) return add(selected);
      if (!cursor) begin();
      return cursor && add(first ? reach() : cursor);
    },
    "span.point"() {
      const selected = selection();
      if (!selected && !cursor) begin();
      return (selected || cursor) && add(selected || cursor);
    },
    "span.clear"() {
      if (first) first = null;
      else if (spans.chosen >= 0) spans.remove(spans.chosen);
      getSelection().removeAllRanges();
      draw();
    },
    diff() {
      showsChanges = !showsChanges;
      changes();
    },
  };

  // ---------------------------------------------------------------- changes

  // What it revises and what it makes of it; while a text is being written, what is being changed. D shows the sheet itself.
  async function changes() {
    const box = field("revised_content");
    const toggle = stage.querySelector("[data-action=diff]");
    if (!box) return;
    const isWriting = document.getElementById("revise").open;
    const mine = ++visit;
    if (isWriting || base || box.value !== box.defaultValue) words = words || (await import("./words.js"));
    if (mine !== visit || !sheet.isConnected) return;
    const own = box.value !== box.defaultValue;
    const hunked = base && !isWriting;
    const isOn = showsChanges && (hunked || own);
    toggle.disabled = !base && !isWriting && !own;
    toggle.setAttribute("aria-pressed", String(isOn));
    document.getElementById("hunking").hidden = !(isOn && hunked);
    view.hidden = !isOn;
    sheet.toggleAttribute("data-changes", isOn);
    if (isOn && !hunked) {
      view.dataset.kind = "own";
      words.draw(view, words.compare(box.defaultValue, box.value), document.activeElement === box ? box.selectionStart : -1);
    } else if (isOn && view.dataset.kind !== "base") {
      view.dataset.kind = "base";
      const stored = sheet.querySelector("[data-length]")?.dataset.length;
      const before = base.querySelector(".prose").textContent.replace(/\r\n?/g, "\n");
      edit = words.hunks(view, before, box.defaultValue, Number(stored || 0) === points(box.defaultValue));
      if (isAwaited) edit.first();
    } else if (isOn) document.getElementById("hunking").hidden = false;
    cursor = cursor?.leaf.getClientRects().length ? cursor : null;
    draw();
  }

  // ---------------------------------------------------------------- coming and going

  view.id = "changes";
  view.dir = "auto";
  view.className = document.getElementById("revise")?.classList.contains("script") ? "prose typed" : "prose";
  view.hidden = true;
  sheet.append(view);
  stage.quote = quote;
  const tools = document.getElementById("tools");
  if (tools) tools.hidden = false;
  stage.addEventListener("click", (event) => acts[event.target.closest("[data-action]")?.dataset.action]?.(), { signal });
  stage.addEventListener("keydown", (event) => {
    // From the stage Tab goes to the changes; from there on it walks as it does everywhere.
    if (event.key !== "Tab" || event.shiftKey || event.target !== stage || !base || !showsChanges || document.getElementById("revise").open) return;
    event.preventDefault();
    if (view.dataset.kind === "base") edit.first();
    else isAwaited = true; // they are being worked out
  }, { signal });
  stage.addEventListener("toggle", () => (changes(), draw()), { capture: true, signal });
  document.addEventListener("input", (event) => event.target === field("revised_content") && view.dataset.kind !== "base" && changes(), { signal });
  document.addEventListener("selectionchange", () => cursor && selection() && ((cursor = null), draw()), { signal });
  const sized = new ResizeObserver(() => draw());
  sized.observe(sheet);
  changes();
  draw();
  spans.choose(spans.chosen); // the list quotes from the page that is here now
  return { acts, step, line, draw, begin, selection, add, isHere: () => stage.isConnected, beside: (way) => edge(way), jump, leave };

  function edge(way) {
    const all = leaves().filter((leaf) => sheet.contains(leaf));
    for (const leaf of way < 0 ? all : all.reverse()) {
      const cell = cut(leaf, "word").at(way < 0 ? 0 : -1);
      if (cell) return moveTo(cell);
    }
    return null;
  }

  function jump(end) {
    const span = spans.at(spans.chosen) || (first && { ...first });
    if (!span || !Number.isInteger(span.start)) return false;
    const leaf = leaves().find((each) => targetOf(each) === (span.target || "content") && startOf(each) <= span[end] && endOf(each) >= span[end]);
    const cells = leaf ? cut(leaf, "word") : [];
    moveTo(end === "start" ? cells.find((cell) => cell.end > span.start) : cells.findLast((cell) => cell.start < span.end));
    return true;
  }

  function leave() {
    leaving.abort();
    sized.disconnect();
    if (HAS_MARKS) for (const name of NAMES) CSS.highlights.delete(`span-${name}`);
  }
}

export function mount(stage) {
  if (!stage.querySelector("#sheet")) return null;
  live = text(stage);
  return () => {
    live.leave();
    live = null;
  };
}

spans.onChange(() => live?.draw());
const on = (act) => () => (live ? act(live) : false);
handle("frame.next", on((here) => here.step(1, "word")));
handle("frame.previous", on((here) => here.step(-1, "word")));
handle("second.next", on((here) => here.step(1, "grapheme")));
handle("second.previous", on((here) => here.step(-1, "grapheme")));
handle("line.next", on((here) => here.line(1)));
handle("line.previous", on((here) => here.line(-1)));
handle("frame.first", on((here) => here.beside(-1)));
handle("frame.last", on((here) => here.beside(1)));
handle("span.to-in", on((here) => here.jump("start")));
handle("span.to-out", on((here) => here.jump("end")));
// A digit while words are selected marks them, and is their reason.
handle("reason", on((here) => {
  const selected = here.selection();
  if (selected) here.add(selected);
  return false;
}));
