// Every page: keys, palette, theme, menus that close, and the honest count of what was not sent yet.
import { forgetDrafts, settleDrafts } from "./drafts.js";
import "./keymap.js";
import { outbox } from "./outbox.js";
import "./palette.js";

const YEAR_S = 31_536_000;
const LOGOUT_MS = 3000;
const COACH_MS = 1500; // after the verdict itself has been told
const sync = document.getElementById("sync");
const alarm = document.getElementById("alarm");

export function say(words) {
  const live = document.getElementById("live");
  if (live) live.textContent = words;
}

for (const button of document.querySelectorAll("[data-theme-set]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = button.dataset.themeSet;
    document.documentElement.dataset.theme = theme;
    document.cookie = `circled_theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
    button.closest("details").open = false;
  });
}

// How bright the panels are, in five steps; the stage under judgement stays as it is.
for (const slider of document.querySelectorAll("[data-panel-set]")) {
  slider.closest("label").hidden = false;
  slider.addEventListener("input", () => {
    document.documentElement.dataset.panel = slider.value;
    document.cookie = `circled_panel=${slider.value}; path=/; max-age=${YEAR_S}; samesite=lax`;
  });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
// A select or date in a filter row applies itself; the button stays for keyboards that change values while they move.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-apply]");
  if (form && event.target.matches("select, input[type=checkbox]")) form.requestSubmit();
});

const button = (words, act) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
};

forgetDrafts();
// Logging out: drafts go to the server, where they wait for the person, and leave this browser.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-forget]")) return;
  event.preventDefault();
  const left = await settleDrafts(LOGOUT_MS);
  const leave = () => {
    forgetDrafts({ all: true });
    form.submit();
  };
  if (!left || !alarm) {
    leave();
    return;
  }
  const words = left === 1 ? "A draft has not reached the server" : `${left} drafts have not reached the server`;
  alarm.replaceChildren(`${words}. Logging out removes ${left === 1 ? "it" : "them"} from this browser.`, button("Log out and lose them", leave), button("Stay", () => (alarm.hidden = true)));
  alarm.hidden = false;
});

// The coach strip of the sample production: what was really decided counts as done, and the next thing is said once.
const strip = document.getElementById("coach");
const STEP_OF = { accept: "accept", reject: "reject", revise: "revise", best: "best" };
if (strip) {
  const part = (name) => strip.querySelector(`[data-say="${name}"]`);
  let given = Number(strip.dataset.count);
  const done = (name) => {
    const step = strip.querySelector(`[data-step="${name}"]:not([data-done])`);
    if (!step) return;
    step.dataset.done = "";
    step.querySelector(".told").textContent = ": done";
  };
  outbox.addEventListener("answer", ({ detail: { entry, answer } }) => {
    const { outcome, reasons, spans } = entry.body;
    if (answer.duplicate || !STEP_OF[outcome]) return;
    if (!entry.body.supersedes) given += 1;
    if (outcome !== "reject" || reasons?.length) done(STEP_OF[outcome]);
    if (spans?.length) done("span");
    strip.querySelector("b[data-count]").textContent = given;
    const next = given < Number(strip.dataset.five) ? strip.querySelector("[data-step]:not([data-done])")?.dataset.step || "end" : "end";
    if (!part(next).hidden) return;
    for (const each of strip.querySelectorAll("[data-say]")) each.hidden = each.dataset.say !== next;
    setTimeout(() => say(part(next).textContent.replace(/\s+/g, " ").trim()), COACH_MS);
  });
  strip.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    strip.hidden = true;
    document.getElementById("stage")?.focus({ preventScroll: true });
    await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } }).catch(() => {});
  });
}

async function showAlarm({ waiting, refused, state }) {
  if (!alarm) return;
  if (state === "login") {
    const link = document.createElement("a");
    link.href = `/accounts/login/?next=${encodeURIComponent("/")}`;
    link.target = "_blank";
    link.className = "button";
    link.textContent = "Log in again";
    alarm.replaceChildren(`Your session has ended. ${waiting} ${waiting === 1 ? "decision waits" : "decisions wait"} in this browser and will be sent when you have logged in.`, link);
  } else if (refused) {
    const [first] = await outbox.refused();
    if (!first) return;
    alarm.replaceChildren(
      `${first.label || "A decision"} was refused: ${first.refused} It is kept in this browser.`,
      button("Try again", () => outbox.retry(first)),
      button("Discard", () => outbox.discard(first)),
    );
  } else {
    alarm.hidden = true;
    return;
  }
  alarm.hidden = false;
}

// A decision under way for less than this is on disk and needs no words; the corner of the eye is left in peace.
const QUIET_MS = 500;
let last = "";
let timer = 0;
outbox.addEventListener("change", ({ detail }) => {
  clearTimeout(timer);
  if (sync) sync.dataset.waiting = detail.waiting;
  if (detail.waiting && detail.state === "idle") timer = setTimeout(() => show(detail), QUIET_MS);
  else show(detail);
});

function show(detail) {
  if (sync) {
    const { waiting, refused, state, durable } = detail;
    const offline = waiting > 0 && (state === "waiting" || !navigator.onLine);
    sync.hidden = !document.body.classList.contains("review") && !waiting && !refused;
    sync.dataset.state = waiting ? (state === "idle" ? "sending" : state) : state;
    if (waiting) sync.textContent = `${waiting} unsent`;
    else if (refused) sync.textContent = `${refused} refused`;
    else sync.textContent = durable ? "All saved" : "Saved one by one";
    sync.title = durable
      ? "Decisions are written in this browser first and then sent."
      : "This browser keeps no storage for us: every decision waits for the server.";
    if (offline && last !== "offline") say(`Working offline. ${waiting} unsent.`);
    last = offline ? "offline" : "";
  }
  showAlarm(detail);
}
outbox.ready.then(() => outbox.report(false));

// Leaving with unsent decisions is safe (they are on disk), unless this browser has no disk for us.
addEventListener("beforeunload", (event) => {
  if (!outbox.durable && sync && sync.textContent.includes("unsent")) event.preventDefault();
});
