// A picture on the stage: near and far, pins and boxes by pointer and by keys. A mark is a region in shares of the picture; a
// pin is one without width and height.
import { say } from "./app.js";
import { handle, reasonKeys } from "./keymap.js";
import { spans } from "./spans.js";

const SVG = "http://www.w3.org/2000/svg";
const CLOSEST = 16; // screen pixels of one pixel of the picture
const STEP = 1.25;
const PAN = 40; // px; with Shift five times as far
const SLACK = 4; // px that a click may move
const make = (name, attributes, text = "") => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};
const between = (value, low, high) => Math.max(low, Math.min(high, value));
const share = (value, whole) => String(Number(between(value / whole, 0, 1).toFixed(6)));
let live = null;

class Still {
  cross = null; // {x, y} in pixels of the picture: where the next pin or corner goes
  corner = null;
  held = null;
  fits = true;
  zoom = 1;
  left = 0;
  top = 0;

  constructor(stage) {
    this.stage = stage;
    this.root = stage.querySelector("[data-still]");
    this.view = this.root.querySelector(".view");
    this.image = this.view.querySelector("img");
    this.drawing = this.view.querySelector(".pins");
    this.others = JSON.parse(document.getElementById("others-spans")?.textContent || "[]").filter((each) => each.region);
    for (const each of this.root.querySelectorAll(".deck > .set")) each.hidden = false;
    this.watch = new ResizeObserver(() => this.place());
    this.watch.observe(this.view);
    for (const [name, heard] of Object.entries({ wheel: this.wheel, pointerdown: this.down, pointermove: this.drag, pointerup: this.up, pointercancel: this.up, dblclick: this.toggle })) {
      this.view.addEventListener(name, heard.bind(this), { passive: false });
    }
    this.root.querySelector(".deck").addEventListener("click", ({ target }) => ACTIONS[target.closest("[data-action]")?.dataset.action]?.(0));
    if (this.image.complete) this.begin();
    else this.image.addEventListener("load", () => this.begin(), { once: true });
  }

  begin() {
    this.width = this.image.naturalWidth || 1;
    this.height = this.image.naturalHeight || 1;
    this.root.dataset.ready = "";
    this.place();
  }

  // ---------------------------------------------------------------- near and far

  get whole() {
    return Math.min(this.view.clientWidth / this.width, this.view.clientHeight / this.height, 1 / devicePixelRatio);
  }

  place() {
    if (!this.width) return;
    const [wide, high] = [this.view.clientWidth, this.view.clientHeight];
    if (this.fits) this.zoom = this.whole;
    const middle = (room, size, at) => (size <= room ? (room - size) / 2 : between(at, room - size, 0));
    this.left = middle(wide, this.width * this.zoom, this.left);
    this.top = middle(high, this.height * this.zoom, this.top);
    this.image.style.width = `${this.width * this.zoom}px`;
    this.image.style.height = `${this.height * this.zoom}px`;
    this.image.style.transform = `translate(${this.left}px, ${this.top}px)`;
    const shown = this.zoom * devicePixelRatio;
    this.image.classList.toggle("coarse", shown >= 2);
    this.root.querySelector("[data-zoom]").textContent = `${this.fits ? "Fit " : ""}${Math.round(shown * 100)} %`;
    this.root.toggleAttribute("data-near", this.zoom > this.whole * 1.001);
    this.draw();
  }

  // The point of the picture under (x, y) of the view stays there.
  to(zoom, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
    const wanted = between(zoom, this.whole, CLOSEST / devicePixelRatio);
    this.fits = wanted <= this.whole * 1.001;
    this.left = x - ((x - this.left) / this.zoom) * wanted;
    this.top = y - ((y - this.top) / this.zoom) * wanted;
    this.zoom = wanted;
    this.place();
  }

  toggle(event) {
    const at = event?.type === "dblclick" ? [event.offsetX, event.offsetY] : [];
    this.to(this.fits ? Math.max(1 / devicePixelRatio, this.whole * 2) : 0, ...at);
    say(this.root.querySelector("[data-zoom]").textContent);
  }

  wheel(event) {
    event.preventDefault();
    const { left, top } = this.view.getBoundingClientRect();
    this.to(this.zoom * Math.exp(-event.deltaY / 400), event.clientX - left, event.clientY - top);
  }

  pan(x, y) {
    if (!this.root.hasAttribute("data-near")) return false;
    this.left -= x;
    this.top -= y;
    this.place();
    return true;
  }

  // ---------------------------------------------------------------- pins and boxes

  at(event) {
    const { left, top } = this.view.getBoundingClientRect();
    return { x: between((event.clientX - left - this.left) / this.zoom, 0, this.width), y: between((event.clientY - top - this.top) / this.zoom, 0, this.height) };
  }

  aim() {
    if (this.cross) return;
    this.cross = this.at({ clientX: this.view.getBoundingClientRect().left + this.view.clientWidth / 2, clientY: this.view.getBoundingClientRect().top + this.view.clientHeight / 2 });
  }

  pin() {
    if (this.cross) return this.set();
    this.aim();
    this.tell("Arrows move the cross, Enter sets a pin; I and O set the corners of a box.");
  }

  first() {
    this.aim();
    this.corner = { ...this.cross };
    this.tell("First corner. Arrows to the other one, then O or Enter.");
  }

  second() {
    if (this.corner) this.set();
    else this.tell("The first corner comes first: I.");
  }

  set() {
    if (!this.cross) return false;
    this.add(this.corner || this.cross, this.cross);
    return true;
  }

  add(from, to) {
    const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
    const region = { x: share(x, this.width), y: share(y, this.height), w: share(Math.abs(to.x - from.x), this.width), h: share(Math.abs(to.y - from.y), this.height) };
    this.cross = this.corner = null;
    const number = spans.add({ region, media_sha256: this.root.dataset.sha }) + 1;
    this.tell(`${Number(region.w) || Number(region.h) ? "Box" : "Pin"} ${number}. ${reasonKeys()} says why.`);
  }

  move(x, y) {
    if (!this.cross) return this.pan(x * PAN, y * PAN);
    const step = Math.max(1, 1 / this.zoom);
    this.cross = { x: between(this.cross.x + x * step, 0, this.width), y: between(this.cross.y + y * step, 0, this.height) };
    // The cross is never moved out of sight.
    const [left, top] = [this.cross.x * this.zoom + this.left, this.cross.y * this.zoom + this.top];
    this.pan(left - between(left, 20, this.view.clientWidth - 20), top - between(top, 20, this.view.clientHeight - 20));
    this.draw();
    return true;
  }

  clear() {
    const isOpen = this.cross || spans.chosen >= 0;
    if (!this.cross && spans.chosen >= 0) spans.remove(spans.chosen);
    this.cross = this.corner = null;
    this.tell(isOpen ? "Cleared." : "Nothing is marked.");
  }

  down(event) {
    if (event.button || !event.isPrimary) return;
    const index = event.target.closest?.("[data-index]")?.dataset.index;
    if (index !== undefined && !this.cross) return spans.choose(Number(index));
    this.view.setPointerCapture(event.pointerId);
    // Near, a drag moves the picture; with Shift, while the cross is out, or when all of it is in view, it draws a box.
    const draws = event.shiftKey || this.cross || !this.root.hasAttribute("data-near");
    this.held = { draws, from: this.at(event), x: event.clientX, y: event.clientY, moved: false };
  }

  drag(event) {
    if (!this.held) return;
    const [x, y] = [event.clientX - this.held.x, event.clientY - this.held.y];
    this.held.moved ||= Math.hypot(x, y) > SLACK;
    if (!this.held.moved) return;
    if (this.held.draws) [this.corner, this.cross] = [this.held.from, this.at(event)];
    else {
      this.pan(-x, -y);
      Object.assign(this.held, { x: event.clientX, y: event.clientY });
    }
    this.draw();
  }

  up(event) {
    const { held } = this;
    this.held = null;
    if (!held || event.type === "pointercancel") return;
    if (held.moved && held.draws) this.set();
    else if (!held.moved && (this.cross || event.shiftKey)) this.add(this.corner || held.from, held.from);
  }

  // ---------------------------------------------------------------- drawing

  draw() {
    if (!this.width) return;
    const [wide, high] = [this.width * this.zoom, this.height * this.zoom];
    const parts = [];
    const mark = (region, kind, words, index) => {
      const [x, y, w, h] = [this.left + region.x * wide, this.top + region.y * high, region.w * wide, region.h * high];
      const group = make("g", { class: kind, ...(index === undefined ? {} : { "data-index": index }) });
      if (w || h) group.append(make("rect", { x, y, width: w, height: h }));
      else group.append(make("circle", { cx: x, cy: y, r: 5 }));
      const [tx, ty] = w || h ? [x, y] : [x + 8, y - 8];
      if (index !== undefined) group.append(make("rect", { class: "tag", x: tx, y: ty - 18, width: 10 + 8 * String(index + 1).length, height: 18 }), make("text", { x: tx + 5, y: ty - 4 }, index + 1));
      group.append(make("title", {}, words));
      parts.push(group);
    };
    for (const each of this.others) if (!each.mine) mark(each.region, "theirs", [each.by, each.note].filter(Boolean).join(": "));
    for (const [index, each] of spans.all().entries()) if (each.region && (!each.media_sha256 || each.media_sha256 === this.root.dataset.sha)) mark(each.region, index === spans.chosen ? "mine chosen" : "mine", each.note || "", index);
    if (this.cross) {
      const [x, y] = [this.left + this.cross.x * this.zoom, this.top + this.cross.y * this.zoom];
      if (this.corner) {
        const [a, b] = [this.left + this.corner.x * this.zoom, this.top + this.corner.y * this.zoom];
        parts.push(make("rect", { class: "open", x: Math.min(a, x), y: Math.min(b, y), width: Math.abs(x - a), height: Math.abs(y - b) }));
      }
      parts.push(make("path", { class: "cross", d: `M${x - 14} ${y}h28M${x} ${y - 14}v28` }));
    }
    this.drawing.replaceChildren(...parts);
  }

  tell(words) {
    this.root.querySelector(".said").textContent = words;
    say(words);
    this.draw();
  }

  cancel() {
    if (!this.cross) return false;
    this.cross = this.corner = null;
    this.tell("");
    return true;
  }

  full() {
    const isFull = document.getElementById("main").toggleAttribute("data-full");
    this.root.querySelector("[data-action='stage.full']").setAttribute("aria-pressed", String(isFull));
  }

  leave() {
    this.watch.disconnect();
    live = null;
  }
}

const ACTIONS = {
  "still.in": () => live.to(live.zoom * STEP),
  "still.out": () => live.to(live.zoom / STEP),
  "still.fit": () => live.toggle(),
  "still.set": () => live.set(),
  "still.move": (place) => live.move(0, [-1, 1, -10, 10][place]),
  "frame.previous": () => live.move(-1, 0),
  "frame.next": () => live.move(1, 0),
  "second.previous": () => live.move(-10, 0),
  "second.next": () => live.move(10, 0),
  "span.point": () => live.pin(),
  "span.in": () => live.first(),
  "span.out": () => live.second(),
  "span.clear": () => live.clear(),
  "stage.full": () => live.full(),
  leave: () => live.cancel(),
};
// An action does nothing, and is passed on, while something else lies on the stage.
for (const [id, act] of Object.entries(ACTIONS)) handle(id, (event, place) => live !== null && act(place) !== false);
spans.onChange(() => live?.draw());

export function mount(stage) {
  live = new Still(stage);
  return () => live?.leave();
}
