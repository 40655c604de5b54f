// The stage by what lies on it. A module comes only where its medium does, and is told when it may let go.
import { onArrival } from "./walk.js";

const MODULES = {
  video: () => import("./player.js"),
  audio: () => import("./player.js"),
  still: () => import("./still.js"),
  text: () => import("./text.js"),
  wait: () => import("./wait.js"),
};
let leave = null;
let visit = 0;

export async function mount() {
  const stage = document.getElementById("stage");
  const mine = ++visit;
  if (leave) leave();
  leave = null;
  const load = MODULES[stage?.dataset.medium];
  if (!load) return;
  const found = await load();
  if (mine === visit && stage.isConnected) leave = found.mount(stage) || null;
}

onArrival(mount);
