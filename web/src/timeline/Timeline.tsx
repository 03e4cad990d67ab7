/**
 * The timeline as a control: a canvas for the eyes, a slider for keys and screen readers.
 *
 * What is here: painting when something changed, pointers, wheel, keys, the preview under the mouse. What is not here:
 * where recordings come from, the clock, what a seek does. The picture's numbers are in `model.ts`.
 */
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { everyFrame } from "../player/ticker";
import { coloursOf, draw, type Colours, type Picture } from "./draw";
import { Gestures, type Intent, type PointAt } from "./gestures";
import { clampView, edge, layout as layoutOf, panBy, snap, spanAt, timeAt, xOf, zoomAt, type Lane, type Selection, type View } from "./model";
import { Preview } from "./Preview";
import styles from "./Timeline.module.css";
import { SECOND, spokenTime } from "./zone";

export interface TimelineProps {
  /** Cameras in order, with their names. */
  cameras: readonly { id: string; name: string }[];
  focused: string | undefined;
  lanes: readonly Lane[];
  view: View;
  onView: (view: View) => void;
  /** The playhead: read before every repaint. */
  playhead: () => number;
  /** The site's time, µs. */
  now: () => number;
  selection: Selection | undefined;
  onMark: (end: "from" | "to", time: number) => void;
  onScrub: (time: number) => void;
  onSeek: (time: number) => void;
  onFocus: (camera: string) => void;
  zone: string;
  /** A touch screen: taller lanes, bigger grips. */
  coarse: boolean;
  loading: boolean;
}

/** Column of names, CSS pixels; narrower screens write names into the lanes. */
const NAMES = 112;
const NARROW = 640;

export function Timeline(props: TimelineProps) {
  const { cameras, focused, view, onView, playhead, zone, coarse, selection } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [hoverX, setHoverX] = useState<number>();
  const [spoken, setSpoken] = useState(playhead);
  const gestures = useRef(new Gestures());
  const left = width >= NARROW ? NAMES : 0;
  const layout = layoutOf(cameras.map(({ id }) => id), focused, coarse);
  const names = left === 0 ? new Map(cameras.map(({ id, name }) => [id, name])) : undefined;

  const latest = useRef({ props, layout, names, left, hoverX, dirty: true });
  useLayoutEffect(() => {
    latest.current = { props, layout, names, left, hoverX, dirty: true };
  });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (width > 0 && Math.abs(view.width - (width - left)) > 0.5) onView(clampView({ ...view, width: width - left }));
  }, [width, left, view, onView]);

  usePainting(canvas, latest);

  // The spoken time follows a playing clock twice a second, not sixty times.
  useEffect(() => {
    const timer = setInterval(() => setSpoken(playhead), 500);
    return () => clearInterval(timer);
  }, [playhead]);

  // React listens passively to wheels; a zoom must not scroll the page.
  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { props: now, left: start } = latest.current;
      const x = event.clientX - element.getBoundingClientRect().left - start;
      const sideways = event.shiftKey ? event.deltaY + event.deltaX : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) now.onView(panBy(now.view, sideways));
      else now.onView(zoomAt(now.view, Math.max(0, x), Math.exp(Math.max(-120, Math.min(120, event.deltaY)) * 0.0035)));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const scene = () => ({ view, layout, playheadUs: playhead(), selection });
  const pointAt = (event: PointerEvent): PointAt => {
    const bounds = event.currentTarget.getBoundingClientRect();
    return { id: event.pointerId, x: event.clientX - bounds.left - left, y: event.clientY - bounds.top, touch: event.pointerType !== "mouse" };
  };
  const act = (intents: Intent[]) => {
    for (const intent of intents) {
      if (intent.do === "view") onView(intent.view);
      else if (intent.do === "scrub") props.onScrub(intent.time);
      else if (intent.do === "mark") props.onMark(intent.end, snap(view, intent.time, marks(props)));
      else {
        if (intent.camera !== undefined) props.onFocus(intent.camera);
        props.onSeek(snap(view, intent.time, marks(props), 4));
      }
    }
  };

  return (
    <div ref={box} className={styles.timeline} data-loading={props.loading || undefined}>
      {left > 0 &&
        layout.lanes.map(({ camera, top, height }, index) => (
          <button
            key={camera}
            type="button"
            className={styles.name}
            style={{ top: index === 0 ? top : top - 4, height: index === 0 ? height : height + 9, width: left }}
            aria-pressed={index === 0}
            onClick={() => props.onFocus(camera)}
          >
            {cameras.find(({ id }) => id === camera)?.name}
          </button>
        ))}
      <canvas
        ref={canvas}
        className={styles.canvas}
        style={{ height: layout.height }}
        tabIndex={0}
        role="slider"
        aria-label="Moment"
        aria-orientation="horizontal"
        aria-valuemin={Math.floor(view.from / SECOND)}
        aria-valuemax={Math.floor((view.from + view.span) / SECOND)}
        aria-valuenow={Math.floor(spoken / SECOND)}
        aria-valuetext={spokenTime(spoken, zone)}
        data-view-from={Math.round(view.from)}
        data-view-span={Math.round(view.span)}
        data-left={left}
        onKeyDown={(event) => onKey(event, props)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          act(gestures.current.down(pointAt(event), scene()));
        }}
        onPointerMove={(event) => {
          const at = pointAt(event);
          setHoverX(at.touch || at.x < 0 ? undefined : at.x);
          act(gestures.current.move(at, scene()));
        }}
        onPointerUp={(event) => act(gestures.current.up(pointAt(event), scene()))}
        onPointerCancel={(event) => gestures.current.cancel(event.pointerId)}
        onPointerLeave={() => setHoverX(undefined)}
      />
      {hoverX !== undefined && <HoverPreview {...props} x={hoverX} left={left} width={width} />}
    </div>
  );
}

/** Times that a click and a marked end are drawn to: where recording starts and ends. */
function marks({ lanes, focused, now }: TimelineProps): number[] {
  const lane = lanes.find(({ camera }) => camera === focused) ?? lanes[0];
  return [...(lane?.spans.flatMap((span) => [span.from, ...(span.open ? [] : [span.to])]) ?? []), now()];
}

/** Keys of the slider; everything else is in the key table (`keys/keymap.ts`). */
function onKey(event: KeyboardEvent, props: TimelineProps): void {
  const at = props.playhead();
  const step = event.shiftKey ? 10 : 1;
  const lane = props.lanes.find(({ camera }) => camera === props.focused) ?? props.lanes[0];
  const x = xOf(props.view, at);
  const anchor = x >= 0 && x <= props.view.width ? x : props.view.width / 2;
  const jump = (back: boolean) => {
    const to = edge(lane?.spans ?? [], at, back, props.now());
    if (to !== undefined) props.onSeek(to);
  };
  const actions: Record<string, () => void> = {
    ArrowLeft: () => (event.ctrlKey || event.metaKey ? jump(true) : props.onSeek(at - step * SECOND)),
    ArrowRight: () => (event.ctrlKey || event.metaKey ? jump(false) : props.onSeek(at + step * SECOND)),
    PageUp: () => props.onView(zoomAt(props.view, anchor, 0.5)),
    PageDown: () => props.onView(zoomAt(props.view, anchor, 2)),
    Home: () => props.onSeek(props.view.from),
    End: () => props.onSeek(Math.min(props.now(), props.view.from + props.view.span)),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

interface Latest {
  props: TimelineProps;
  layout: Picture["layout"];
  names: Picture["names"];
  left: number;
  hoverX: number | undefined;
  dirty: boolean;
}

/** Paints before a repaint when something changed: props, the playhead, the second, the theme. */
function usePainting(canvas: { current: HTMLCanvasElement | null }, latest: { current: Latest }): void {
  useEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext("2d");
    if (!element || !ctx) return undefined;
    let colours: Colours | undefined;
    let painted = "";
    const theme = new MutationObserver(() => {
      colours = undefined;
      latest.current.dirty = true;
    });
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const stop = everyFrame(() => {
      const { props, layout, names, left, hoverX, dirty } = latest.current;
      const playheadUs = props.playhead();
      const nowUs = props.now();
      const key = `${playheadUs} ${Math.floor(xOf(props.view, nowUs) * 2)}`;
      if (!dirty && key === painted) return;
      painted = key;
      latest.current.dirty = false;
      const scale = window.devicePixelRatio || 1;
      const width = Math.round((props.view.width + left) * scale);
      const height = Math.round(layout.height * scale);
      if (element.width !== width) element.width = width;
      if (element.height !== height) element.height = height;
      colours ??= coloursOf(element);
      draw(ctx, { view: props.view, layout, lanes: props.lanes, nowUs, playheadUs, selection: props.selection, hoverX, zone: props.zone, names, left, coarse: props.coarse }, colours, scale);
    });
    return () => {
      stop();
      theme.disconnect();
    };
  }, [canvas, latest]);
}

function HoverPreview({ x, left, width, view, zone, lanes, cameras, focused, now }: TimelineProps & { x: number; left: number; width: number }) {
  const camera = cameras.find(({ id }) => id === focused) ?? cameras[0];
  const time = timeAt(view, x);
  if (!camera || time > now()) return null;
  const lane = lanes.find((one) => one.camera === camera.id);
  return <Preview camera={camera.id} recorded={!lane || spanAt(lane.spans, time, now()) !== undefined} time={time} zone={zone} x={Math.max(92, Math.min(width - 92, x + left))} />;
}
