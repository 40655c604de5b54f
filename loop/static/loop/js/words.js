// How much a revision differs, counted in words: the live figure under the text being written.

const LIMIT = 250_000;

// Words changed between two texts: the longer side of each changed stretch, summed. `exact` is false when the changed middle is
// too large to align while typing; then the count is an upper bound.
export function changed(before, after) {
  const a = before.split(/\s+/).filter(Boolean);
  const b = after.split(/\s+/).filter(Boolean);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  const longer = Math.max(left.length, right.length);
  if (!left.length || !right.length) return { words: longer, exact: true };
  if (left.length * right.length > LIMIT) return { words: longer, exact: false };
  let row = new Uint32Array(right.length + 1);
  for (const word of left) {
    const next = new Uint32Array(right.length + 1);
    for (let i = 0; i < right.length; i += 1) next[i + 1] = word === right[i] ? row[i] + 1 : Math.max(row[i + 1], next[i]);
    row = next;
  }
  return { words: longer - row[right.length], exact: true };
}

export function tally(before, after) {
  if (before === after) return "Unchanged";
  const { words, exact } = changed(before, after);
  if (!words) return "Only spaces changed";
  return `${exact ? "" : "up to "}${words} ${words === 1 ? "word" : "words"} changed`;
}
