// A text on the stage. `mount` returns what lets go of it.

export function mount() {
  return null;
}
