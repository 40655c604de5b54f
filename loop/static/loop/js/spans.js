// The spans of the item on the table, as objects of the bulk format: characters {target, start, end}, frames {start_frame,
// end_frame, rate, drop_frame, media_sha256} or {region, media_sha256}; each may carry {reason, label, note}.
// The stage draws them, the panel lists them, the form sends them. Whoever changes them goes through here.

let list = [];
let chosen = -1; // the span that the next digit gives its reason to, -1 for none

const bus = new EventTarget();
const tell = () => bus.dispatchEvent(new Event("change"));

export const spans = {
  all: () => list.map((each) => ({ ...each })),
  at: (index) => (list[index] ? { ...list[index] } : null),
  get chosen() {
    return chosen;
  },
  choose(index) {
    chosen = index >= 0 && index < list.length ? index : -1;
    tell();
  },
  load(given) {
    list = (given || []).map((each) => ({ ...each }));
    chosen = -1;
    tell();
  },
  // Adds a span and chooses it, so that the next digit is its reason.
  add(span) {
    list.push({ ...span });
    chosen = list.length - 1;
    tell();
    return chosen;
  },
  change(index, fields) {
    if (!list[index]) return;
    list[index] = { ...list[index], ...fields };
    tell();
  },
  remove(index) {
    list.splice(index, 1);
    chosen = -1;
    tell();
  },
  onChange: (heard) => bus.addEventListener("change", heard),
};
