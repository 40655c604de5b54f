// Where a production shares its items out: what this browser is about to show is claimed for a while, and what others are being
// shown is marked and passed over. A claim steers and locks nothing: any row can be opened and judged.
import { say } from "./app.js";
import { stopwatch } from "./drafts.js";
import { current, form, room, rowOf } from "./sheet.js";
import { fetchAhead, nextAfter, onArrival, show, undecidedAfter } from "./walk.js";

const ASKED = 24; // rows of the strip that are asked about at once
const HELD = 3; // the one on the table and the two after it
const isHanded = !new URL(location.href).searchParams.has("item"); // the server chose it, nobody opened it on purpose
let mine = [];
let lease = 600;
let renewed = 0;
let isAsking = false;
let isStale = false;
let timer = 0;

const post = (body, more = {}) =>
  fetch(room.dataset.claims, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "" },
    body: JSON.stringify(body),
    ...more,
  });

async function ask() {
  isStale = isAsking;
  if (isAsking) return;
  isAsking = true;
  const here = form() && !rowOf(current())?.dataset.outcome ? [current()] : [];
  const want = [...here, ...undecidedAfter(current()).map((row) => row.dataset.uid)].slice(0, ASKED);
  renewed = performance.now();
  try {
    const response = await post({ want, hold: HELD - 1 + here.length, drop: mine });
    if (response.ok) told(want, await response.json());
  } catch {
    // No network: the lease lapses by itself, and nothing here depends on it.
  }
  isAsking = false;
  if (isStale) ask();
}

function told(want, answer) {
  const isFirst = !timer;
  mine = answer.mine;
  lease = answer.lease_s;
  for (const uid of want) mark(rowOf(uid), answer.held[uid], answer.gone.includes(uid));
  clearInterval(timer);
  timer = setInterval(renew, Math.max(5, lease / 3) * 1000);
  const who = answer.held[current()];
  const next = who && isFirst && isHanded ? nextAfter(current()) : null;
  if (next) show(next.dataset.uid);
  else if (who) say(`${who} has this one on the table too.`);
  fetchAhead();
}

function mark(row, who, isGone) {
  if (!row) return;
  if (isGone) row.dataset.gone = "";
  row.querySelector(".with")?.remove();
  if (!who) return delete row.dataset.held;
  row.dataset.held = "";
  const words = document.createElement("span");
  words.className = "with";
  words.textContent = `with ${who}`;
  return row.append(words);
}

// Whoever does nothing lets go; a clip that plays is something.
function renew() {
  const plays = [...document.querySelectorAll("video, audio")].some((each) => !each.paused);
  if (!document.hidden && (plays || stopwatch.seen > renewed + 1000)) ask();
}

onArrival(ask);
addEventListener("pagehide", () => mine.length && post({ want: [], hold: 0, drop: mine }, { keepalive: true }).catch(() => {}));
addEventListener("pageshow", (event) => event.persisted && ask());
ask();
