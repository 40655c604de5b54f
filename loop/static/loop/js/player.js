// Video and sound on the stage, exact to the frame. `mount` returns what lets go of it.
// Every action is a visible control with its data-action; the key map presses them. Nothing plays by itself.
import { marks } from "./marks.js";
import { clock, rail, timecode } from "./rail.js";
import { spans } from "./spans.js";

const BUSY_MS = 300;
const TOLD_MS = 5000;
const LADDER = [-4, -2, -1, 1, 2, 4];
let live = null; // the player on the stage
let isFull = false; // the panels stay hidden from one item to the next
let heldStop = ""; // the key that stopped, while it is down: J and L then go by single frames
let pressed = {}; // the last key that went down
spans.onChange(() => live?.changed());

function player(stage, root) {
  const found = (selector) => root.querySelector(selector);
  const media = found("video, audio");
  const data = root.dataset;
  const [num, den] = [Number(data.rateNum), Number(data.rateDen)];
  const frames = Number(data.frames) || Math.max(1, Math.ceil((data.ms * num) / (1000 * den))); // sound has no frames of its own
  const code = timecode({ num, den, frames, drop: data.drop === "true", start: Number(data.start) });
  const uid = document.getElementById("item")?.dataset.uid || "";
  const memory = `circled.at.${uid}`;
  const room = document.getElementById("main");
  const leaving = new AbortController();
  const { signal } = leaving;
  const film = clock(media, { num, den, frames }, heard);
  let mode = 0; // 0 stands; 1, 2, 4 forward; -1, -2, -4 backward
  let speed = 1;
  let isLooping = false;
  let [busyTimer, toldTimer] = [0, 0];

  const here = () => (mode ? film.shown : film.frame);
  const own = marks({ data, code, here, goTo, tell, draw, isSure: () => film.exact || film.isBusy });
  const slider = found(".rail");
  const trim = (index, edge, frame) => {
    own.trim(index, edge, frame);
    goTo(frame);
  };
  const line = rail(slider, { frames, code, on: { scrub: goTo, pick: own.pick, trim } });

  // ---------------------------------------------------------------- what is shown and said

  function heard(frame) {
    const now = mode ? frame : film.frame;
    for (const each of root.querySelectorAll("[data-tc]")) each.textContent = code.format(now);
    found("[data-frame]").textContent = now;
    data.exact = film.exact;
    line.move(now);
    if (!mode) {
      slider.ariaValueNow = now;
      slider.ariaValueText = `${code.format(now)}, frame ${now} of ${frames}`;
      if (!film.exact && !film.isBusy) own.doubt(film.missed);
    }
    if (mode > 0 && isLooping) {
      const [first, end] = stretch();
      if (frame >= end - 1 && !media.seeking) film.jump(first);
    }
  }

  function tell(words) {
    clearTimeout(toldTimer);
    found(".said").textContent = words;
    const aloud = document.getElementById("live");
    if (aloud) aloud.textContent = words;
    toldTimer = setTimeout(() => (found(".said").textContent = ""), TOLD_MS);
  }

  function draw() {
    let others = [];
    const given = document.getElementById("others-spans");
    if (given) others = JSON.parse(given.textContent).filter((each) => Number.isInteger(each.start_frame));
    line.draw({ spans: own.all(), chosen: spans.chosen, mark: own.mark, others });
    const why = [...document.querySelectorAll("[name=reasons]:checked")].map((each) => each.dataset.label);
    found(".why").textContent = why.join(" \u00b7 ");
  }

  // ---------------------------------------------------------------- transport

  function state(next) {
    mode = next;
    data.state = mode > 0 ? "playing" : mode < 0 ? "reverse" : "paused";
    found("[data-word]").textContent = mode ? "Pause" : "Play";
    const rate = Math.abs(mode || 1) * speed;
    found("[data-rate]").textContent = `${mode < 0 ? "\u2212" : ""}${rate}\u00d7`;
    if (mode > 0) media.playbackRate = Math.min(16, rate);
  }

  function run(next) {
    const [first, end] = stretch();
    state(next);
    if (mode < 0) {
      media.pause();
      backward(next);
      return;
    }
    const from = film.frame;
    if (from >= end - 1 || (isLooping && from < first)) film.jump(first);
    else film.release();
    media.play().catch(() => mode > 0 && stop());
  }

  function stop() {
    if (mode < 0) film.hold();
    state(0);
    media.pause();
    heard(film.frame);
  }

  // A browser plays no picture backward: go back by the clock, and leave out frames rather than lag.
  function backward(way) {
    const [begun, from] = [performance.now(), film.frame];
    const [first, end] = stretch();
    const start = isLooping && from <= first ? end - 1 : from;
    const turn = (now) => {
      if (mode !== way || !root.isConnected) return;
      const frame = start - Math.floor((((now - begun) / 1000) * -way * speed * num) / den);
      if (frame <= first) {
        return isLooping ? backward(way) : goTo(first);
      }
      if (!film.isBusy) film.seek(frame);
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }

  function shuttle(way) {
    if (heldStop) return step(way);
    if (pressed.repeat) return;
    const place = LADDER.indexOf(mode);
    if (!mode) run(way);
    else if (LADDER[place + way]) run(LADDER[place + way]);
  }

  function goTo(frame) {
    if (mode) stop();
    const shown = film.seek(frame);
    heard(film.frame);
    return shown;
  }
  const step = (by) => goTo(here() + by);
  const stretch = () => (isLooping && own.stretch(frames)) || [0, frames];

  const pace = (by) => {
    const menu = found("[data-speed]");
    menu.selectedIndex = Math.max(0, Math.min(menu.length - 1, menu.selectedIndex + by));
    setSpeed();
  };
  function setSpeed() {
    speed = Number(found("[data-speed]").value);
    state(mode);
    if (mode < 0) run(mode);
  }

  // ---------------------------------------------------------------- timecode, address, full stage

  const entry = found(".goto");
  function askTimecode() {
    if (mode) stop();
    entry.hidden = false;
    entry.elements.to.value = code.format(film.frame);
    entry.querySelector("output").textContent = "";
    entry.elements.to.select();
  }
  function leaveEntry() {
    entry.hidden = true;
    stage.focus({ preventScroll: true });
  }
  entry.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      goTo(code.parse(entry.elements.to.value, film.frame));
      leaveEntry();
    } catch (refusal) {
      if (!(refusal instanceof RangeError)) throw refusal;
      entry.querySelector("output").textContent = refusal.message;
      entry.elements.to.select();
    }
  });
  entry.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    leaveEntry();
  });
  entry.addEventListener("focusout", (event) => !entry.contains(event.relatedTarget) && (entry.hidden = true));

  function permalink() {
    const url = new URL(location.href);
    const span = own.choice();
    url.searchParams.delete("fragment");
    url.searchParams.set("item", uid);
    url.searchParams.set("f", here());
    if (span) url.searchParams.set("span", `${span.start_frame}-${span.end_frame - 1}`);
    else url.searchParams.delete("span");
    history.replaceState(history.state, "", url);
    const told = (words) => tell(`${words} ${code.format(here())}`);
    // Plain HTTP has no clipboard: there the address bar holds it.
    if (navigator.clipboard) navigator.clipboard.writeText(url.href).then(() => told("Address copied:"), () => told("In the address bar:"));
    else told("In the address bar:");
  }

  function full(next) {
    isFull = next;
    room?.toggleAttribute("data-full", isFull);
    found("[data-action='stage.full']").setAttribute("aria-pressed", isFull);
    draw();
  }

  // ---------------------------------------------------------------- what can go wrong, and what comes late

  const busy = (isLate) => {
    clearTimeout(busyTimer);
    if (isLate) busyTimer = setTimeout(() => (data.busy = ""), BUSY_MS);
    else delete data.busy;
  };

  async function fault() {
    busy(false);
    if (mode) stop();
    const words = await cause(media);
    found(".fault p").textContent = `${words} The verdict can be given all the same.`;
    found(".fault").hidden = false;
  }

  function again() {
    const frame = film.frame;
    found(".fault").hidden = true;
    busy(true);
    media.load();
    film.seek(frame);
  }

  async function listen() {
    const answer = data.peaks && (await fetch(data.peaks, { signal }).catch(() => null));
    if (answer?.ok) line.listen(await answer.json());
  }

  // ---------------------------------------------------------------- from a control to its action

  const actions = {
    "transport.play": () => (mode ? stop() : run(1)),
    "transport.stop": () => {
      heldStop = pressed.code || "";
      stop();
    },
    "transport.forward": () => shuttle(1),
    "transport.back": () => shuttle(-1),
    "transport.loop": (button) => {
      isLooping = !isLooping;
      button.setAttribute("aria-pressed", isLooping);
      tell(isLooping ? "Loop: the chosen span or the marks, else the clip." : "No loop.");
    },
    "transport.slower": () => pace(-1),
    "transport.faster": () => pace(1),
    "transport.mute": () => (media.muted = !media.muted),
    "frame.previous": () => step(-1),
    "frame.next": () => step(1),
    "second.previous": () => step(-code.base),
    "second.next": () => step(code.base),
    "frame.first": () => goTo(0),
    "frame.last": () => goTo(frames - 1),
    "span.in": () => own.set("in"),
    "span.out": () => own.set("out"),
    "span.to-in": () => own.goTo("in"),
    "span.to-out": () => own.goTo("out"),
    "span.clear": own.clear,
    "span.point": () => own.add(here(), here() + 1),
    timecode: askTimecode,
    permalink,
    "stage.full": () => full(!isFull),
    retry: again,
  };
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    actions[button?.dataset.action]?.(button);
  });
  // A click leaves the keyboard where it was, on the stage.
  root.addEventListener("mousedown", (event) => event.target.closest("button, summary") && event.preventDefault());
  found("[data-speed]").addEventListener("change", () => {
    setSpeed();
    stage.focus({ preventScroll: true });
  });
  const volume = found("[data-volume]");
  volume.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
  volume.addEventListener("input", () => {
    media.volume = volume.value / 100;
    localStorage.setItem("circled.volume", volume.value);
  });
  media.volume = (volume.value = localStorage.getItem("circled.volume") ?? 100) / 100;

  const on = (kinds, act) => kinds.split(" ").forEach((kind) => media.addEventListener(kind, act, { signal }));
  on("waiting seeking stalled", () => busy(true));
  on("seeked playing canplay pause suspend", () => busy(false));
  on("error", fault);
  on("volumechange", () => (data.muted = media.muted || !media.volume));
  on("ended", () => {
    if (mode > 0 && isLooping) run(mode);
    else if (mode > 0) stop();
  });
  for (const kind of ["focusin", "input"]) document.addEventListener(kind, (event) => mode && event.target.closest?.("textarea, .panel input[type=text]") && stop(), { signal });
  document.addEventListener("keydown", (event) => {
    pressed = event;
    if (event.key === "Escape" && isFull) full(false);
  }, { signal, capture: true });
  document.addEventListener("keyup", (event) => {
    if (event.code === heldStop) heldStop = "";
    if (isFull) draw(); // a reason by its digit
  }, { signal });
  document.addEventListener("change", draw, { signal });
  addEventListener("blur", () => (heldStop = ""), { signal });
  addEventListener("pagehide", remember, { signal });

  function remember() {
    sessionStorage.setItem(memory, film.frame);
  }

  // The frame that the address names, else the one of the last visit.
  const asked = new URL(location.href).searchParams;
  const isMine = asked.get("item") === uid;
  const given = isMine && /^(\d+)-(\d+)$/.exec(asked.get("span"));
  if (given) [own.mark.in, own.mark.out] = given.slice(1).map((each) => Math.min(frames - 1, each));
  const first = Number((isMine && asked.get("f")) || sessionStorage.getItem(memory) || 0);
  if (first) film.seek(first);
  found("[data-frames-told]").textContent = frames;
  slider.ariaValueMax = frames - 1;
  state(0);
  full(isFull);
  heard(film.frame);
  listen();
  if (media.error) fault();
  data.ready = "";
  // For the list of spans in the panel: the text of a frame and back, both for people; `jump` shows one and is kept when it stands.
  stage.timecode = { format: code.format, parse: (text) => code.parse(text, film.frame), jump: goTo };

  return {
    changed: own.changed,
    close() {
      remember();
      leaving.abort();
      for (const timer of [busyTimer, toldTimer]) clearTimeout(timer);
      state(0);
      film.close();
      line.close();
      media.pause();
      media.removeAttribute("src");
      media.load();
      room?.removeAttribute("data-full");
    },
  };
}

// Why a medium does not play, in words: what the server says of it, else what this browser lacks.
async function cause(media) {
  if (media.error?.code === MediaError.MEDIA_ERR_DECODE) return "The file is damaged, or this browser cannot decode it.";
  const answer = await fetch(media.src, { headers: { Range: "bytes=0-0" }, cache: "no-store" }).catch(() => null);
  if (!answer) return "The server did not answer.";
  if (!answer.ok) return `${answer.status < 500 ? "The file is not there, or no longer yours to see" : "The server could not send the file"} (${answer.status}).`;
  return `This browser has no decoder for it (${answer.headers.get("Content-Type")}).`;
}

export function mount(stage) {
  const root = stage.querySelector("[data-player]");
  if (!root) return null;
  const mounted = player(stage, root);
  live = mounted;
  return () => {
    if (live === mounted) live = null;
    mounted.close();
  };
}
