/**
 * The timeline as numbers: which time lies where, zoom, ticks, snapping, what is recorded. Pure.
 *
 * What is not here: drawing (`draw.ts`), keys and pointers (`Timeline.tsx`), requests. Times are µs since 1970, lengths in
 * x are CSS pixels.
 */
import { addDays, changeBetween, clockTime, DAY, dayName, dayOf, HOUR, MINUTE, monthName, MS, offsetAt, SECOND, startOfDay } from "./zone";

/** What the timeline shows: `span` µs from `from`, on `width` pixels. */
export interface View {
  from: number;
  span: number;
  width: number;
}

/** A stretch of recording; `open` while it grows. */
export interface Span {
  from: number;
  to: number;
  open: boolean;
}

/** Something that happened while it was recorded. */
export interface LaneEvent {
  kind: "motion" | "estimated-motion" | "manual" | "event";
  from: number;
  to: number;
}

/** One camera's recordings, spans in order and apart, and what happened in them by its start. */
export interface Lane {
  camera: string;
  spans: Span[];
  events?: readonly LaneEvent[];
}

/** Closest zoom: a second is wider than a desktop screen, single frames are fingers apart. */
export const MIN_SPAN = 500 * MS;
/** Widest zoom: two months. */
export const MAX_SPAN = 62 * DAY;
/** Nothing before 2000 or after 2100 can be looked at. */
const EARLIEST = Date.UTC(2000, 0, 1) * MS;
const LATEST = Date.UTC(2100, 0, 1) * MS;

export const timeAt = (view: View, x: number): number => view.from + (x / view.width) * view.span;
export const xOf = (view: View, time: number): number => ((time - view.from) / view.span) * view.width;

/** The view, kept inside what can be looked at. */
export function clampView(view: View): View {
  const width = Math.max(1, view.width);
  const span = Math.min(MAX_SPAN, Math.max(MIN_SPAN, view.span));
  const from = Math.min(LATEST - span, Math.max(EARLIEST, view.from));
  return { from, span, width };
}

/** Zoom by `factor` (below 1: closer); the time under `x` stays under `x`. */
export function zoomAt(view: View, x: number, factor: number): View {
  const span = Math.min(MAX_SPAN, Math.max(MIN_SPAN, view.span * factor));
  const anchor = timeAt(view, x);
  return clampView({ from: anchor - (x / view.width) * span, span, width: view.width });
}

/** Move by pixels; positive `dx` shows later times. */
export function panBy(view: View, dx: number): View {
  return clampView({ ...view, from: view.from + (dx / view.width) * view.span });
}

/** The view with `time` in the middle, or the same view when `time` is well inside. */
export function keepVisible(view: View, time: number, margin = 0.04): View {
  const at = (time - view.from) / view.span;
  if (at >= margin && at <= 1 - margin) return view;
  return clampView({ ...view, from: time - view.span * 0.5 });
}

/** Two fingers: the times that were under them at the start stay under them. */
export function pinch(start: View, was: [number, number], now: [number, number]): View {
  const apartWas = Math.max(12, Math.abs(was[1] - was[0]));
  const apartNow = Math.max(12, Math.abs(now[1] - now[0]));
  const zoomed = zoomAt(start, (was[0] + was[1]) / 2, apartWas / apartNow);
  return panBy(zoomed, (was[0] + was[1]) / 2 - (now[0] + now[1]) / 2);
}

/**
 * The view to begin with: the same, or a closer one when recording began only lately, so that a new site's first minutes
 * are no sliver at the edge.
 */
export function openingView(view: View, lanes: readonly Lane[], playhead: number, now: number): View {
  const first = Math.min(playhead, ...lanes.flatMap(({ spans }) => spans.map(({ from }) => from)));
  if (!lanes.some(({ spans }) => spans.length > 0) || now - first > view.span * 0.5 || now < view.from) return view;
  const span = Math.max(2 * MINUTE, (now - first) * 1.4);
  return clampView({ ...view, from: now - span * 0.86, span });
}

/** A mark on the axis. */
export interface Tick {
  time: number;
  label: string;
  /** The start of a day (or of a month): its label is a date. */
  major: boolean;
}

const FINE = [10, 20, 50, 100, 200, 500].map((ms) => ms * MS);
const STEPS = [
  ...FINE,
  ...[1, 2, 5, 10, 15, 30].map((s) => s * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((m) => m * MINUTE),
  ...[1, 2, 3, 6, 12].map((h) => h * HOUR),
];
const DAY_STEPS = [1, 2, 7, 14];

/** Ticks at least `apart` pixels from each other, on the marks of the local clock. */
export function ticks(view: View, zone: string, apart = 76): Tick[] {
  const least = (apart / view.width) * view.span;
  const step = STEPS.find((s) => s >= least);
  const end = view.from + view.span;
  const out: Tick[] = [];
  if (step !== undefined) {
    for (let at = nextMark(view.from, step, zone); at <= end; at = nextMark(at + 1, step, zone)) {
      const last = out[out.length - 1];
      const local = at + offsetAt(at, zone);
      const midnight = local % DAY === 0;
      // The hour that a clock change repeats may crowd: the earlier mark stays, but never instead of midnight.
      if (last && at - last.time < least * 0.75) {
        if (!midnight) continue;
        out.pop();
      }
      out.push({ time: at, label: midnight && step >= MINUTE ? dayName(at, zone) : label(at, step, zone), major: midnight });
    }
    return out;
  }
  const days = DAY_STEPS.find((d) => d * DAY >= least) ?? 31;
  for (let day = dayOf(view.from, zone); ; day = addDays(day, 1)) {
    const at = startOfDay(day, zone);
    if (at > end) return out;
    const first = day.day === 1;
    const wanted = days === 31 ? first : first || (daysSince2000(day) % days === 0 && !crowdsFirst(day, days));
    if (at >= view.from && wanted) out.push({ time: at, label: first ? monthName(at, zone) : dayName(at, zone), major: first });
  }
}

function daysSince2000({ year, month, day }: { year: number; month: number; day: number }): number {
  return Math.round((Date.UTC(year, month - 1, day) - Date.UTC(2000, 0, 1)) / 86_400_000);
}

/** Whether a mark on this day would stand too close to the first of a month. */
function crowdsFirst(day: { year: number; month: number; day: number }, step: number): boolean {
  if (day.day - 1 < step * 0.75) return true;
  const lastOfMonth = new Date(Date.UTC(day.year, day.month, 0)).getUTCDate();
  return lastOfMonth + 1 - day.day < step * 0.75;
}

/** The first instant at or after `from` at which the local clock shows a multiple of `step` (at most half a day). */
export function nextMark(from: number, step: number, zone: string): number {
  const mark = (at: number, offset: number) => Math.ceil((at + offset) / step) * step - offset;
  const offset = offsetAt(from, zone);
  const next = mark(from, offset);
  const change = changeBetween(from, next, zone);
  return change >= next && offsetAt(next, zone) === offset ? next : mark(change, offsetAt(change, zone));
}

function label(at: number, step: number, zone: string): string {
  return clockTime(at, zone, step >= MINUTE ? "minutes" : step >= SECOND ? "seconds" : "millis");
}

/** The span that holds a time; a span that is open reaches until `now`. */
export function spanAt(spans: readonly Span[], time: number, now: number): Span | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.from ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  const span = spans[low - 1];
  return span && time < endOf(span, now) ? span : undefined;
}

/** Where a span ends: an open one at `now`, at the latest. */
export const endOf = (span: Span, now: number): number => (span.open ? Math.max(span.to, now) : span.to);

/** The stretches of a view in which nothing is recorded, and which are not the future. */
export function gaps(spans: readonly Span[], from: number, to: number, now: number): { from: number; to: number }[] {
  const out: { from: number; to: number }[] = [];
  const end = Math.min(to, now);
  let at = from;
  for (const span of spans) {
    if (span.from >= end) break;
    if (span.from > at) out.push({ from: at, to: span.from });
    at = Math.max(at, endOf(span, now));
  }
  if (at < end) out.push({ from: at, to: end });
  return out;
}

/** Spans of several cameras as one: where at least one of them recorded. */
export function merge(lanes: readonly Lane[], now: number): Span[] {
  const all = lanes.flatMap((lane) => lane.spans).sort((a, b) => a.from - b.from);
  const out: Span[] = [];
  for (const span of all) {
    const last = out[out.length - 1];
    if (last && span.from <= endOf(last, now)) {
      last.to = Math.max(last.to, span.to);
      last.open ||= span.open;
    } else {
      out.push({ ...span });
    }
  }
  return out;
}

/** Where recording starts or ends next after (or, `back`, before) a time: what the skip buttons go to. */
export function edge(spans: readonly Span[], time: number, back: boolean, now: number): number | undefined {
  const starts = spans.map((span) => span.from);
  if (!back) return starts.find((start) => start > time) ?? (spans.length > 0 && time < now ? now : undefined);
  // Within the first second of a stretch "previous" means the one before it, as on every player.
  const slack = spanAt(spans, time, now) ? SECOND : 0;
  return starts.findLast((start) => start < time - slack);
}

/** Where the next event begins after (or, `back`, before) a time. */
export function eventEdge(events: readonly LaneEvent[], time: number, back: boolean): number | undefined {
  // The frame that is shown may begin a moment before the event: that is not "next".
  const near = SECOND / 2;
  return back ? events.findLast(({ from }) => from < time - near)?.from : events.find(({ from }) => from > time + near)?.from;
}

/** The time, or the mark near to it: the start or end of recording, a tick, an edge of the selection. `reach` in pixels. */
export function snap(view: View, time: number, marks: readonly number[], reach = 6): number {
  const most = (reach / view.width) * view.span;
  let best = time;
  let distance = most;
  for (const mark of marks) {
    const d = Math.abs(mark - time);
    if (d <= distance) {
      best = mark;
      distance = d;
    }
  }
  return best;
}

/** A marked range; `to` is not before `from`. */
export interface Selection {
  from: number;
  to: number;
}

/** Put one end at a time; an end that passes the other becomes the other. */
export function markSelection(selection: Selection | undefined, end: "from" | "to", time: number): Selection {
  const other = selection ? (end === "from" ? selection.to : selection.from) : time;
  if (end === "from") return time <= other ? { from: time, to: other } : { from: time, to: time };
  return time >= other ? { from: other, to: time } : { from: time, to: time };
}

/** Where lanes stand, in CSS pixels from the top. */
export interface Layout {
  axis: number;
  lanes: { camera: string; top: number; height: number }[];
  height: number;
}

/** From one thin lane to the next: with its share of the space between, a lane's name is 24 px high (WCAG 2.5.8). */
const SPACE = 9;

/** The focused camera has a tall lane, the others thin ones under it. */
export function layout(cameras: readonly string[], focused: string | undefined, coarse: boolean): Layout {
  const axis = coarse ? 30 : 26;
  const first = focused !== undefined && cameras.includes(focused) ? focused : cameras[0];
  const order = first === undefined ? [] : [first, ...cameras.filter((camera) => camera !== first)];
  let top = axis;
  const lanes = order.map((camera, index) => {
    const height = index === 0 ? (coarse ? 56 : 40) : coarse ? 16 : 15;
    const lane = { camera, top, height };
    top += height + SPACE;
    return lane;
  });
  return { axis, lanes, height: top + 6 };
}

/** What lies under a point. `grip` is how near an edge must be, in pixels. */
export type Hit =
  | { what: "playhead" }
  | { what: "selection-from" | "selection-to" }
  | { what: "lane"; camera: string; time: number }
  | { what: "axis"; time: number };

export function hitTest(view: View, at: Layout, x: number, y: number, playhead: number, selection: Selection | undefined, grip = 6): Hit {
  if (selection) {
    if (Math.abs(xOf(view, selection.from) - x) <= grip && y >= at.axis) return { what: "selection-from" };
    if (Math.abs(xOf(view, selection.to) - x) <= grip && y >= at.axis) return { what: "selection-to" };
  }
  if (Math.abs(xOf(view, playhead) - x) <= grip) return { what: "playhead" };
  const time = timeAt(view, x);
  const lane = at.lanes.find(({ top, height }) => y >= top && y < top + height);
  return lane ? { what: "lane", camera: lane.camera, time } : { what: "axis", time };
}

/** How coarse spans may be told for a view: about a pixel, ms. */
export function resolutionMs(view: View): number {
  return Math.max(0, Math.floor(view.span / view.width / MS));
}
