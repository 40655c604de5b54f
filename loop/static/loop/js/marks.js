// In and out, spans and point notes on a medium with frames. A span is stored from its in to one past its out; what people
// read includes both ends.
import { reasonKeys } from "./keymap.js";
import { spans } from "./spans.js";

const UNCERTAIN = "Frame uncertain: the picture shown could not be checked.";

// `here` is the frame that is meant now, `isSure` whether its picture was checked.
export function marks({ data, code, here, goTo, tell, draw, isSure }) {
  const mark = { in: null, out: null }; // not yet a span
  let fresh = -1; // the span just made: the next I begins another one, the next O still moves its end
  let chosen = -1;

  const length = (each) => each.end_frame - each.start_frame;
  const between = (each) => (length(each) === 1 ? code.format(each.start_frame) : `${code.format(each.start_frame)} \u2013 ${code.format(each.end_frame - 1)}`);
  const isMine = (each) => Number.isInteger(each.start_frame) && (!each.media_sha256 || each.media_sha256 === data.sha);
  const all = () => spans.all().map((each, index) => ({ ...each, index, title: between(each) })).filter(isMine);
  const choice = () => all().find((each) => each.index === spans.chosen);

  function add(start, end) {
    fresh = spans.all().length;
    mark.in = mark.out = null;
    const span = { start_frame: start, end_frame: end, rate: `${data.rateNum}/${data.rateDen}`, drop_frame: data.drop === "true", media_sha256: data.sha };
    spans.add(isSure() ? span : { ...span, note: UNCERTAIN });
    tell(`${length(span) === 1 ? "Note at " : ""}${between(span)}${length(span) === 1 ? "" : `, ${length(span)} frames`}. ${reasonKeys()} says why.`);
  }

  // I and O move the ends of a span that was chosen, else they make a new one.
  function set(edge) {
    const frame = here();
    const other = edge === "in" ? "out" : "in";
    const span = choice();
    if (span && mark[other] === null && (spans.chosen !== fresh || edge === "out")) return trim(span.index, edge, frame);
    mark[edge] = frame;
    if (mark[other] !== null && mark.in > mark.out) mark[other] = null;
    if (mark[other] !== null) return add(mark.in, mark.out + 1);
    if (span) spans.choose(-1);
    tell(`${edge === "in" ? "In" : "Out"} ${code.format(frame)}`);
    draw();
  }

  function trim(index, edge, frame) {
    const span = spans.at(index);
    if (edge === "in" ? frame >= span.end_frame : frame < span.start_frame) {
      return tell(edge === "in" ? "The in cannot lie behind the out: move the out first." : "The out cannot lie before the in: move the in first.");
    }
    const fields = edge === "in" ? { start_frame: frame } : { end_frame: frame + 1 };
    spans.change(index, fields);
    tell(`${edge === "in" ? "In" : "Out"} ${code.format(frame)}, ${length({ ...span, ...fields })} frames`);
  }

  return {
    mark,
    all,
    choice,
    add,
    set,
    trim,
    clear() {
      const isMarked = mark.in !== null || mark.out !== null;
      const span = choice();
      mark.in = mark.out = null;
      if (!isMarked && span) spans.remove(span.index);
      tell(isMarked ? "Marks cleared." : span ? "Span removed." : "Nothing is marked.");
      draw();
    },
    goTo(edge) {
      const span = choice();
      const frame = span ? (edge === "in" ? span.start_frame : span.end_frame - 1) : mark[edge];
      if (frame === null) tell(`No ${edge} is marked.`);
      else goTo(frame);
    },
    pick(index) {
      fresh = -1;
      chosen = -1;
      spans.choose(index);
    },
    // What is looped: the chosen span, else from mark to mark.
    stretch(frames) {
      const span = choice();
      if (span && length(span) > 1) return [span.start_frame, span.end_frame];
      return mark.in === null && mark.out === null ? null : [mark.in ?? 0, (mark.out ?? frames - 1) + 1];
    },
    // The picture of a frame could not be checked: the spans that begin or end on it say so.
    doubt(frame) {
      for (const { index, start_frame: first, end_frame: end, note = "" } of all()) {
        if ((first === frame || end - 1 === frame) && !note.includes(UNCERTAIN)) spans.change(index, { note: `${note} ${UNCERTAIN}`.trim() });
      }
    },
    // Whoever chose a span wants to see it.
    changed() {
      const span = choice();
      if (spans.chosen !== fresh) fresh = -1;
      if (span && spans.chosen !== chosen && fresh < 0) goTo(span.start_frame);
      chosen = spans.chosen;
      draw();
    },
  };
}
