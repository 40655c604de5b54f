// Film time: as text, as the clock of a medium, and as the rail under the picture.
// Frames are integers counted from the first of the file, ranges end exclusively; what people read includes both ends.

const SHARES = [0.5, 0.75, 0.25]; // where in a frame to seek: its middle, and again elsewhere if another one showed
const PATIENCE_MS = 160; // for the picture after a seek
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const LABEL_PX = 84; // between two labels of the ruler
const RULER = 15; // px, the ruler above the lane
const pad = (number) => String(number).padStart(2, "0");

// Timecode of a medium: {num, den} its exact rate, `drop` drop-frame labels, `start` the frame its first label names.
// As in loop/material/timecode.py: at 24000/1001 a second of labels has 24 frames; drop-frame leaves out labels, never frames.
export function timecode({ num, den, drop = false, start = 0, frames = Infinity }) {
  const exact = num / den;
  const base = Math.max(1, exact % 1 === 0.5 ? 2 * Math.round(exact / 2) : Math.round(exact));
  const left = drop ? base / 15 : 0; // labels left out in each minute that ten does not divide
  const minute = base * 60 - left;
  const ten = minute * 10 + left;

  function format(frame) {
    let number = start + frame;
    if (drop) {
      number %= ten * 144;
      const rest = number % ten;
      number += left * (9 * Math.floor(number / ten) + (rest < base * 60 ? 0 : 1 + Math.floor((rest - base * 60) / minute)));
    }
    const seconds = Math.floor(number / base);
    return `${pad(Math.floor(seconds / 3600) % 24)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}${drop ? ";" : ":"}${pad(number % base)}`;
  }

  function count([hours, minutes, seconds, part], said) {
    if (hours > 23 || minutes > 59 || seconds > 59 || part >= base) throw new RangeError(`${said}: at most 23:59:59:${pad(base - 1)}, ${base} frames a second`);
    const all = hours * 60 + minutes;
    if (drop && !seconds && part < left && minutes % 10) throw new RangeError(`${said} is a label that drop-frame leaves out`);
    return (all * 60 + seconds) * base + part - left * (all - Math.floor(all / 10));
  }

  // The frame that somebody means: 00:00:02:03 a label, 2:03 or 203 from the start of the clip, +12 or -1:00 from `from`,
  // f51 the frame of that number. Throws a RangeError whose message is for people.
  function parse(text, from = 0) {
    const said = text.trim();
    const [, sign = "", rest = ""] = /^([+-]|f(?=\d+$))?(\d+(?:[:;.,]\d+){0,3})$/i.exec(said) || [];
    if (!rest) throw new RangeError(`${said || "Nothing"} is no timecode: 00:00:02:03, 2:03, +12 or f51`);
    const isWhole = /^\d+$/.test(rest);
    const parts = isWhole ? rest.padStart(8, "0").match(/^(\d+)(..)(..)(..)$/).slice(1) : rest.split(/\D/);
    const four = [0, 0, 0, ...parts.map(Number)].slice(-4);
    const [hours, minutes, seconds, part] = four;
    const way = sign === "-" ? -1 : 1;
    let frame;
    if (sign && isWhole) frame = Number(rest) * way + (/f/i.test(sign) ? 0 : from);
    else if (sign) frame = from + way * (((hours * 60 + minutes) * 60 + seconds) * base + part);
    else frame = count(four, said) - (isWhole ? rest.length > 7 : parts.length > 3) * start;
    if (frame < 0 || frame >= frames) throw new RangeError(`${said} is outside the clip: ${format(0)} to ${format(frames - 1)}, f0 to f${frames - 1}`);
    return frame;
  }

  return { format, parse, base, start, num, den };
}

// The frame that is on screen, and the way to another. Truth is the time that comes with each presented picture; a seek is
// done when its frame was presented, and `exact` says whether that succeeded. Sound has no pictures: there the time rules.
export function clock(media, { num, den, frames }, heard) {
  const timed = "requestVideoFrameCallback" in media;
  const isSound = media instanceof HTMLAudioElement;
  let origin = 0; // the time of the first picture: not every file begins at 0
  let isKnown = !timed;
  let [target, aim] = [null, 0];
  let [hasLanded, hasTicked, tries, timer, gone] = [false, false, 0, 0, false];
  let waiting = [];

  const clamp = (frame) => Math.max(0, Math.min(frames - 1, frame));
  const frameAt = (time) => clamp(timed ? Math.round(((time - origin) * num) / den) : Math.floor((time * num) / den + 1e-4));
  const move = (frame, share) => {
    media.currentTime = origin + (den * (frame + share)) / num;
  };

  function tick(_, { mediaTime }) {
    if (gone) return;
    media.requestVideoFrameCallback(tick);
    if (!isKnown && media.paused && mediaTime < 1) origin = mediaTime;
    know();
    film.shown = frameAt(mediaTime);
    hasTicked = true;
    if (film.isBusy && hasLanded && film.shown === aim) settle(true);
    else heard(film.shown);
  }

  function poll() {
    if (gone || media.paused) return;
    film.shown = frameAt(media.currentTime);
    heard(film.shown);
    requestAnimationFrame(poll);
  }

  function know() {
    if (isKnown) return;
    isKnown = true;
    go();
  }

  function go() {
    if (target === null || !isKnown || !media.readyState) return;
    clearTimeout(timer);
    if (target !== aim) tries = 0;
    aim = target;
    film.isBusy = true;
    hasLanded = hasTicked = false;
    move(aim, SHARES[tries]);
  }

  function landed() {
    if (!film.isBusy) return;
    hasLanded = true;
    if (!timed) film.shown = aim;
    if (!timed || (hasTicked && film.shown === aim)) settle(timed || isSound);
    else timer = setTimeout(judge, PATIENCE_MS);
  }

  // No picture of the wanted frame came. Going to the frame that is already there may bring none: that is right as it is.
  function judge() {
    if (document.hidden) timer = setTimeout(judge, PATIENCE_MS);
    else if (film.shown === aim) settle(true);
    else if (target !== aim || ++tries < SHARES.length) go();
    else settle(false);
  }

  function settle(isRight) {
    clearTimeout(timer);
    tries = 0;
    film.isBusy = false;
    if (target !== aim) return go();
    target = null;
    film.exact = isRight;
    film.missed = isRight ? null : aim;
    for (const done of waiting.splice(0)) done(film.shown);
    heard(film.shown);
  }

  if (timed) media.requestVideoFrameCallback(tick);
  else media.addEventListener("play", poll);
  media.addEventListener("loadedmetadata", go);
  media.addEventListener("loadeddata", () => setTimeout(know, 3 * PATIENCE_MS));
  media.addEventListener("seeked", landed);
  if (timed && media.readyState > 1) media.currentTime = 0; // already decoded: ask for the picture again, to learn its time

  const film = {
    shown: 0,
    exact: true,
    missed: null, // the frame that was asked for when `exact` is false
    isBusy: false,
    // The frame that is shown, or on its way.
    get frame() {
      return target ?? film.shown;
    },
    // Shows a frame and checks it; a later wish replaces one that is under way. Kept with the frame shown in the end.
    seek(frame) {
      target = clamp(frame);
      if (!film.isBusy) go();
      return new Promise((done) => waiting.push(done));
    },
    // On from there while it plays: what comes next is known by its own picture.
    jump(frame) {
      film.release();
      move(frame, 0.5);
    },
    release() {
      clearTimeout(timer);
      film.isBusy = false;
      film.exact = timed || isSound;
      target = null;
    },
    // No further than the frame that is already on its way.
    hold() {
      if (film.isBusy) target = aim;
    },
    close() {
      gone = true;
      clearTimeout(timer);
    },
  };
  return film;
}

// Draws into `box`. `on.scrub(frame)`, `on.pick(index)` and `on.trim(index, edge, frame)` are told what a pointer does.
export function rail(box, { frames, code, on }) {
  box.innerHTML = `<svg aria-hidden="true"><rect class="bed" y="${RULER}" width="100%" rx="3"/>${["ruler", "wave", "others", "spans", "marks"].map((name) => `<g class="${name}"></g>`).join("")}<path class="hover"/><rect class="cell" y="${RULER}"/><path class="head"/></svg><span class="tip" hidden></span>`;
  const part = (name) => box.querySelector(`.${name}`);
  const [cell, head, hover, tip] = ["cell", "head", "hover", "tip"].map(part);
  const set = (shape, fields) => {
    for (const name in fields) shape.setAttribute(name, fields[name]);
  };
  const rect = (name, x, y, width, height, more = "") => `<rect class="${name}" x="${x}" y="${y}" width="${width}" height="${height}" ${more}/>`;
  const titles = (name, words) => part(name).querySelectorAll("title").forEach((each, place) => (each.textContent = words[place]));

  let [width, height] = [1, RULER + 4];
  let told = { spans: [], chosen: -1, mark: {}, others: [] };
  let at = 0;
  let heard = null; // {rate: pairs a second, peaks: [[least, most], ...]} from -1 to 1
  let held = null;
  const x = (frame) => (frame / frames) * width;
  const bracket = (place, way) => `M${place + way * 4} ${RULER + 1}H${place}V${height - 1}H${place + way * 4}`;
  const frameAt = (event) => Math.max(0, Math.min(frames - 1, Math.floor(((event.clientX - box.getBoundingClientRect().left) / width) * frames)));

  function move(frame) {
    at = frame;
    const wide = Math.max(1, x(1));
    const middle = x(frame) + wide / 2;
    set(cell, { x: x(frame), width: wide });
    set(head, { d: `M${middle - 5} 1h10v5l-5 5l-5 -5zM${middle} 8V${height}` });
  }

  function ruler() {
    const wide = x(code.base); // of a second
    const step = STEPS_S.find((each) => wide * each >= LABEL_PX) || 7200;
    const small = STEPS_S.find((each) => wide * each >= 7 && step % each === 0) || step;
    const cut = code.format(frames - 1).startsWith("00:") ? 3 : 0;
    let [path, labels] = ["", ""];
    // At whole seconds of labels; drop-frame is off by the labels left out, which no eye sees here.
    for (let second = 0, frame = (code.base - (code.start % code.base)) % code.base; frame < frames; second += small, frame += small * code.base) {
      const isLong = second % step === 0;
      path += `M${x(frame)} ${RULER}v${isLong ? -6 : -3}`;
      if (isLong && x(frame) + 40 < width) labels += `<text x="${x(frame) + 4}" y="10">${code.format(frame).slice(cut, 8)}</text>`;
    }
    part("ruler").innerHTML = `<path d="${path}"/>${labels}`;
  }

  function wave() {
    if (!heard) return;
    const middle = (RULER + height) / 2;
    const tall = middle - RULER - 2;
    const each = (((frames * code.den) / code.num) * heard.rate) / width; // pairs a column
    let path = "";
    for (let column = 0; column < width; column++) {
      const some = heard.peaks.slice(Math.floor(column * each), Math.max(Math.floor(column * each) + 1, Math.floor((column + 1) * each)));
      const high = Math.max(0, ...some.map((pair) => pair[1]));
      const low = Math.min(0, ...some.map((pair) => pair[0]));
      path += `M${column + 0.5} ${(middle - high * tall - 0.5).toFixed(1)}V${(middle - low * tall + 0.5).toFixed(1)}`;
    }
    part("wave").innerHTML = `<path d="${path}"/>`;
  }

  function marks() {
    const { spans, chosen, mark, others } = told;
    const tall = height - RULER;
    part("others").innerHTML = others.map((each) => `<g><title></title>${rect("", x(each.start_frame), height - 4, Math.max(2, x(each.end_frame - each.start_frame)), 4)}</g>`).join("");
    titles("others", others.map((each) => [each.by, each.reason_label].filter(Boolean).join(": ")));
    const ordered = [...spans].sort((one, other) => (one.index === chosen) - (other.index === chosen));
    part("spans").innerHTML = ordered.map(({ index, start_frame: start, end_frame: end }) => {
      const [from, to] = [x(start), Math.max(x(end), x(start) + 2)];
      const middle = (from + to) / 2;
      const shape = end - start === 1 ? `M${middle} ${RULER + 1}l4.5 4.5l-4.5 4.5l-4.5 -4.5zM${middle} ${RULER + 10}V${height}` : bracket(from, 1) + bracket(to, -1);
      const edge = (name, place) => rect("edge", place, RULER, 12, tall, `data-index="${index}" data-edge="${name}"`);
      return `<g class="${index === chosen ? "chosen" : ""}"><title></title>${rect("fill", from, RULER, to - from, tall)}<path d="${shape}"/>${rect("grip", middle - Math.max(12, (to - from) / 2), RULER, Math.max(24, to - from), 13, `data-index="${index}"`)}${index === chosen ? edge("in", from - 9) + edge("out", to - 3) : ""}</g>`;
    }).join("");
    titles("spans", ordered.map((each) => each.title));
    part("marks").innerHTML = `<path d="${mark.in == null ? "" : bracket(x(mark.in), 1)}${mark.out == null ? "" : bracket(x(mark.out + 1), -1)}"/>`;
  }

  function size() {
    [width, height] = [Math.max(1, box.clientWidth), Math.max(RULER + 4, box.clientHeight)];
    for (const each of [part("bed"), cell]) set(each, { height: height - RULER });
    ruler();
    wave();
    marks();
    move(at);
  }

  function drag(event) {
    if (held.edge) on.trim(Number(held.index), held.edge, frameAt(event));
    else on.scrub(frameAt(event));
  }
  box.addEventListener("pointerdown", (event) => {
    const { edge, index } = event.target.dataset;
    if (event.button) return;
    if (index && !edge) return on.pick(Number(index));
    held = { edge, index };
    box.setPointerCapture(event.pointerId);
    drag(event);
  });
  box.addEventListener("pointermove", (event) => {
    const middle = x(frameAt(event) + 0.5);
    set(hover, { d: `M${middle} ${RULER}V${height}` });
    tip.hidden = false;
    tip.textContent = code.format(frameAt(event));
    tip.style.left = `${Math.max(0, Math.min(width - tip.offsetWidth, middle - tip.offsetWidth / 2))}px`;
    if (held) drag(event);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    box.addEventListener(end, () => {
      if (end !== "pointerleave") held = null;
      set(hover, { d: "" });
      tip.hidden = true;
    });
  }
  const watch = new ResizeObserver(size);
  watch.observe(box);

  return {
    move,
    draw(what) {
      told = what;
      marks();
    },
    listen(peaks) {
      heard = peaks;
      wave();
    },
    close: () => watch.disconnect(),
  };
}
