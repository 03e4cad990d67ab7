/**
 * Paints the timeline on a canvas. What is here: pixels from a {@link Picture}. What is not here: state, input, words for
 * screen readers (`Timeline.tsx`), where things lie (`model.ts`).
 */
import { endOf, gaps, ticks, timeAt, xOf, type Lane, type LaneEvent, type Layout, type Selection, type View } from "./model";
import { clockTime } from "./zone";

export interface Colours {
  text: string;
  faint: string;
  line: string;
  ground: string;
  lane: string;
  hatch: string;
  recorded: string;
  recordedThin: string;
  motion: string;
  accent: string;
  head: string;
  headInk: string;
  live: string;
}

/** Everything that is seen. */
export interface Picture {
  view: View;
  layout: Layout;
  lanes: readonly Lane[];
  nowUs: number;
  playheadUs: number;
  selection: Selection | undefined;
  /** Where the mouse is, CSS pixels. */
  hoverX: number | undefined;
  zone: string;
  /** Names in the lanes, where there is no column for them. */
  names: ReadonlyMap<string, string> | undefined;
  /** How far the lanes are from the left edge of the canvas. */
  left: number;
  coarse: boolean;
}

/** The colours of the theme that an element stands in. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: token("--text"),
    faint: token("--text-3"),
    line: token("--line-strong"),
    ground: token("--surface"),
    lane: token("--raised"),
    hatch: token("--line-strong"),
    recorded: token("--rec"),
    recordedThin: token("--rec"),
    motion: token("--motion"),
    accent: token("--accent"),
    head: token("--text"),
    headInk: token("--bg"),
    live: token("--accent"),
  };
}

const FONT = '"Inter Variable", system-ui, sans-serif';

export function draw(ctx: CanvasRenderingContext2D, of: Picture, colours: Colours, scale: number): void {
  const { view, layout, left } = of;
  const width = view.width + left;
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.fillStyle = colours.ground;
  ctx.fillRect(0, 0, width, layout.height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, 0, view.width, layout.height);
  ctx.clip();
  ctx.translate(left, 0);
  axis(ctx, of, colours);
  layout.lanes.forEach((at, index) => lane(ctx, of, colours, at, of.lanes.find((one) => one.camera === at.camera), index === 0));
  future(ctx, of, colours);
  hover(ctx, of, colours);
  selection(ctx, of, colours);
  ctx.restore();
  ctx.save();
  ctx.translate(left, 0);
  playhead(ctx, of, colours);
  ctx.restore();
}

function axis(ctx: CanvasRenderingContext2D, { view, layout, zone, coarse }: Picture, colours: Colours): void {
  ctx.textBaseline = "middle";
  for (const tick of ticks(view, zone, coarse ? 70 : 84)) {
    const x = Math.round(xOf(view, tick.time));
    ctx.fillStyle = tick.major ? colours.faint : colours.line;
    ctx.fillRect(x, tick.major ? 4 : 7, 1, layout.axis - (tick.major ? 7 : 13));
    ctx.font = `${tick.major ? 600 : 400} 11px ${FONT}`;
    ctx.fillStyle = tick.major ? colours.text : colours.faint;
    ctx.fillText(tick.label, x + 6, layout.axis / 2);
  }
}

function lane(ctx: CanvasRenderingContext2D, of: Picture, colours: Colours, at: Layout["lanes"][number], data: Lane | undefined, tall: boolean): void {
  const { view, nowUs } = of;
  ctx.fillStyle = colours.lane;
  const end = view.from + view.span;
  const past = Math.min(view.width, xOf(view, nowUs));
  if (past > 0) ctx.fillRect(0, at.top, past, at.height);
  if (!data) return;
  for (const gap of gaps(data.spans, view.from, end, nowUs)) hatch(ctx, colours, xOf(view, gap.from), at.top, xOf(view, gap.to) - xOf(view, gap.from), at.height);
  ctx.fillStyle = tall ? colours.recorded : colours.recordedThin;
  ctx.globalAlpha = tall ? 1 : 0.72;
  for (const span of data.spans) {
    const from = Math.max(0, xOf(view, span.from));
    const to = Math.min(view.width, xOf(view, endOf(span, nowUs)));
    // A stretch that is narrower than a pixel is still a recording.
    if (to >= 0 && from <= view.width) ctx.fillRect(from, at.top, Math.max(1, to - from), at.height);
  }
  ctx.globalAlpha = 1;
  for (const event of data.events ?? []) happened(ctx, of, colours, at, event);
  const name = of.names?.get(at.camera);
  if (name !== undefined) {
    ctx.font = `${tall ? 600 : 500} ${tall ? 12 : 10}px ${FONT}`;
    ctx.textBaseline = "middle";
    ctx.fillStyle = "#000a";
    ctx.fillText(name, 9, at.top + (tall ? 14 : at.height / 2) + 1);
    ctx.fillStyle = "#fff";
    ctx.fillText(name, 8, at.top + (tall ? 14 : at.height / 2));
  }
}

/** An event: motion as slanted strokes from below, a recording by hand as a ruled band from above; colour only helps. */
function happened(ctx: CanvasRenderingContext2D, { view }: Picture, colours: Colours, at: Layout["lanes"][number], event: LaneEvent): void {
  const from = Math.max(0, xOf(view, event.from));
  const to = Math.min(view.width, xOf(view, event.to));
  if (to < 0 || from > view.width) return;
  const byHand = event.kind === "manual" || event.kind === "event";
  const width = Math.max(2, to - from);
  const height = Math.max(3, Math.round(at.height * (byHand ? 0.28 : 0.45)));
  const top = byHand ? at.top : at.top + at.height - height;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, top, width, height);
  ctx.clip();
  ctx.fillStyle = byHand ? colours.accent : colours.motion;
  ctx.globalAlpha = event.kind === "estimated-motion" ? 0.45 : 0.85;
  ctx.fillRect(from, top, width, height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = event.kind === "estimated-motion" ? colours.motion : colours.ground;
  ctx.lineWidth = 1;
  ctx.beginPath();
  const step = byHand ? 6 : 5;
  const slant = byHand ? 0 : height;
  for (let x = Math.floor((from - slant) / step) * step; x < from + width; x += step) {
    ctx.moveTo(x + 0.5, top + height);
    ctx.lineTo(x + 0.5 + slant, top);
  }
  ctx.stroke();
  ctx.restore();
}

function hatch(ctx: CanvasRenderingContext2D, colours: Colours, x: number, y: number, width: number, height: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.fillStyle = colours.ground;
  ctx.fillRect(x, y, width, height);
  ctx.strokeStyle = colours.hatch;
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  const first = Math.floor((x - height) / 7) * 7;
  for (let at = first; at < x + width; at += 7) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
  ctx.restore();
}

/** The live edge: what lies after it is the future, not a gap. */
function future(ctx: CanvasRenderingContext2D, { view, layout, nowUs }: Picture, colours: Colours): void {
  const x = xOf(view, nowUs);
  if (x < 0 || x > view.width) return;
  ctx.strokeStyle = colours.live;
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 3]);
  ctx.beginPath();
  ctx.moveTo(Math.round(x) + 0.5, layout.axis - 4);
  ctx.lineTo(Math.round(x) + 0.5, layout.height);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.font = `600 10px ${FONT}`;
  ctx.fillStyle = colours.live;
  if (x + 30 < view.width) ctx.fillText("Now", Math.round(x) + 6, layout.axis + 10);
}

function hover(ctx: CanvasRenderingContext2D, { view, layout, hoverX, playheadUs }: Picture, colours: Colours): void {
  if (hoverX === undefined || Math.abs(xOf(view, playheadUs) - hoverX) < 3) return;
  ctx.fillStyle = colours.text;
  ctx.globalAlpha = 0.35;
  ctx.fillRect(Math.round(hoverX), layout.axis, 1, layout.height - layout.axis);
  ctx.globalAlpha = 1;
}

function selection(ctx: CanvasRenderingContext2D, { view, layout, selection: range, coarse }: Picture, colours: Colours): void {
  if (!range) return;
  const from = xOf(view, range.from);
  const to = xOf(view, range.to);
  const top = layout.axis - 3;
  const height = layout.height - top - 2;
  ctx.fillStyle = colours.accent;
  ctx.globalAlpha = 0.24;
  ctx.fillRect(from, top, to - from, height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 1;
  ctx.strokeRect(Math.round(from) + 0.5, top + 0.5, Math.max(1, Math.round(to - from) - 1), height - 1);
  const grip = coarse ? 6 : 4;
  for (const x of [from, to]) {
    ctx.beginPath();
    ctx.roundRect(Math.round(x) - grip / 2, top + height / 2 - 11, grip, 22, grip / 2);
    ctx.fill();
  }
}

function playhead(ctx: CanvasRenderingContext2D, of: Picture, colours: Colours): void {
  const { view, layout, playheadUs, zone, coarse } = of;
  const x = xOf(view, playheadUs);
  if (x < -1 || x > view.width + 1) return;
  ctx.fillStyle = colours.head;
  ctx.fillRect(Math.round(x) - 1, 5, 2, layout.height - 7);
  ctx.font = `600 ${coarse ? 12 : 11}px ${FONT}`;
  const label = clockTime(playheadUs, zone, "millis");
  const width = ctx.measureText(label).width + 14;
  const height = coarse ? 22 : 18;
  // Right of the line as long as there is room.
  const start = x + width + 6 <= view.width ? x + 5 : x - width - 5;
  ctx.beginPath();
  ctx.roundRect(start, (layout.axis - height) / 2, width, height, 4);
  ctx.fill();
  ctx.fillStyle = colours.headInk;
  ctx.textBaseline = "middle";
  ctx.fillText(label, start + 7, layout.axis / 2 + 0.5);
}

/** The time under a point of the canvas. */
export const timeUnder = (of: Picture, canvasX: number): number => timeAt(of.view, canvasX - of.left);
