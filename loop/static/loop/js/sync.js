// One transport for several clips. Frames are whole numbers of the first clip (the leader); where all have its rate the others
// show the frame of the same number, else the one that stands at the same moment. A shorter clip holds its last frame.

const STEPS = [1, 2, 4];
const DRIFT = 0.6; // frames that a playing clip may be off before it is set right

const rateOf = (cell) => Number(cell.dataset.rateNum) / Number(cell.dataset.rateDen);

export class Transport {
  clips = []; // [{cell, media, rate, frames}], the leader first
  frame = 0;
  speed = 0; // frames of the leader a frame's time: 1, 2, 4 forward, below 0 backward, 0 at rest
  turn = 0; // counts what was begun, so that what came too late is dropped

  constructor(tell) {
    this.tell = tell; // (frame, whether it is still being looked for)
  }

  // The clips in view changed: the frame stays, as far as the new leader has it.
  load(cells) {
    this.pause();
    const kept = new Map(this.clips.map((each) => [each.cell, each]));
    this.clips = cells.map((cell) => kept.get(cell) || this.open(cell));
    this.clips.sort((a, b) => b.frames - a.frames);
    this.frame = Math.min(this.frame, Math.max(0, this.frames - 1));
    return this.seek(this.frame);
  }

  open(cell) {
    const media = cell.querySelector("video, audio");
    const rate = rateOf(cell);
    const clip = { cell, media, rate, frames: Number(cell.dataset.frames) || Math.max(1, Math.round((Number(cell.dataset.ms) / 1000) * rate)), shown: -1 };
    if (!media.getAttribute("src")) {
      media.preload = "auto";
      media.src = media.dataset.src;
    }
    return clip;
  }

  get leader() {
    return this.clips[0];
  }

  get frames() {
    return this.leader ? this.leader.frames : 0;
  }

  // Whether all have one rate, so that frames can be matched by number.
  get byFrame() {
    const [first, ...rest] = this.clips.map(({ cell }) => `${cell.dataset.rateNum}/${cell.dataset.rateDen}`);
    return rest.every((each) => each === first);
  }

  // The frame of a clip that belongs to a frame of the leader.
  frameOf(clip, frame) {
    const own = this.byFrame ? frame : Math.floor(((frame + 0.5) / this.leader.rate) * clip.rate);
    return Math.max(0, Math.min(clip.frames - 1, own));
  }

  // Shows a frame in all of them; resolves when each has painted it. Asked again meanwhile, only the last counts.
  async seek(frame) {
    if (!this.leader) return;
    this.frame = Math.max(0, Math.min(this.frames - 1, frame));
    const turn = ++this.turn;
    this.tell(this.frame, true);
    await Promise.all(this.clips.map((clip) => this.put(clip, this.frameOf(clip, this.frame), turn)));
    if (turn === this.turn) this.tell(this.frame, false);
  }

  async put(clip, frame, turn) {
    const { media } = clip;
    if (media.readyState < 1) await new Promise((ready) => media.addEventListener("loadedmetadata", ready, { once: true }));
    if (turn !== this.turn || clip.shown === frame) return;
    clip.shown = -1;
    const done = new Promise((seeked) => media.addEventListener("seeked", seeked, { once: true }));
    media.currentTime = (frame + 0.5) / clip.rate;
    await done;
    if (turn === this.turn) clip.shown = frame;
  }

  step(count) {
    this.pause();
    return this.seek(this.frame + count);
  }

  play(speed = 1) {
    this.pause();
    if (!this.leader) return;
    this.speed = speed;
    if (this.frame >= this.frames - 1 && speed > 0) this.frame = 0;
    const turn = ++this.turn;
    if (speed < 0) return this.back(turn);
    for (const clip of this.clips) {
      clip.shown = -1;
      clip.media.playbackRate = speed;
      clip.media.currentTime = (this.frameOf(clip, this.frame) + 0.5) / clip.rate;
      clip.media.play().catch(() => this.pause());
    }
    this.follow(turn);
  }

  // While it plays, the leader says where all are; whoever is off by more than a frame is set right.
  follow(turn) {
    const { media, rate } = this.leader;
    const heard = (now, { mediaTime }) => {
      if (turn !== this.turn) return;
      this.frame = Math.min(this.frames - 1, Math.floor(mediaTime * rate + 0.01));
      for (const clip of this.clips.slice(1)) {
        const wanted = this.frameOf(clip, this.frame);
        const off = clip.media.currentTime * clip.rate - (wanted + 0.5);
        if (clip.media.ended || wanted >= clip.frames - 1) clip.media.pause();
        else if (Math.abs(off) > 6) clip.media.currentTime = (wanted + 0.5) / clip.rate;
        else clip.media.playbackRate = this.speed * (Math.abs(off) > DRIFT ? (off > 0 ? 0.9 : 1.1) : 1);
      }
      this.tell(this.frame);
      if (media.ended || this.frame >= this.frames - 1) this.settle();
      else this.wait(media, heard);
    };
    this.wait(media, heard);
  }

  wait(media, heard) {
    if (media.requestVideoFrameCallback && media.tagName === "VIDEO") media.requestVideoFrameCallback(heard);
    else requestAnimationFrame((now) => heard(now, { mediaTime: media.currentTime }));
  }

  // Browsers do not play backwards: one seek after another, as fast as they come.
  async back(turn) {
    const begun = performance.now();
    const from = this.frame;
    while (turn <= this.turn && this.speed < 0 && this.frame > 0) {
      const due = from + Math.ceil(((performance.now() - begun) / 1000) * this.leader.rate * this.speed);
      const speed = this.speed;
      await this.seek(Math.max(0, Math.min(this.frame, due)));
      if (this.speed !== speed) return;
      turn = this.turn;
      await new Promise(requestAnimationFrame);
    }
    this.pause();
  }

  pause() {
    this.speed = 0;
    this.turn++;
    for (const { media } of this.clips) {
      media.pause();
      media.playbackRate = 1;
    }
  }

  // At rest every clip stands on its very frame.
  settle() {
    this.pause();
    for (const clip of this.clips) clip.shown = -1;
    return this.seek(this.frame);
  }

  toggle() {
    if (this.speed) return this.settle();
    return this.play(1);
  }

  // J and L: again for twice and four times as fast.
  shuttle(way) {
    const at = STEPS.indexOf(Math.abs(this.speed));
    const faster = Math.sign(this.speed) === way ? STEPS[Math.min(at + 1, STEPS.length - 1)] : 1;
    return this.play(way * faster);
  }

  // What is not in view gives its memory back.
  release(cell) {
    const media = cell.querySelector("video, audio");
    if (!media || !media.getAttribute("src")) return;
    media.removeAttribute("src");
    media.load();
  }
}
