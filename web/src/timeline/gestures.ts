/**
 * Pointers over the timeline as intentions: pure but for what it remembers of fingers that are down.
 *
 * A mouse: drag on the lanes moves the playhead, drag on the axis moves the view, a click seeks, edges of the selection
 * can be dragged. A finger: drag moves the view, a tap seeks, the playhead and the edges can be dragged; two fingers
 * zoom. What is not here: the DOM, wheel and keys (`Timeline.tsx`).
 */
import { hitTest, panBy, pinch, timeAt, type Layout, type Selection, type View } from "./model";

export interface PointAt {
  id: number;
  x: number;
  y: number;
  touch: boolean;
}

/** What the timeline looks like while a pointer acts. */
export interface Scene {
  view: View;
  layout: Layout;
  playheadUs: number;
  selection: Selection | undefined;
}

export type Intent =
  | { do: "view"; view: View }
  /** The playhead is being dragged. */
  | { do: "scrub"; time: number }
  /** It was let go, or the place was clicked. */
  | { do: "seek"; time: number; camera?: string }
  | { do: "mark"; end: "from" | "to"; time: number };

type Grip = { what: "playhead" | "from" | "to" } | { what: "view"; start: View; startX: number } | { what: "press"; x: number; y: number; camera?: string };

/** Farther than this is a drag, pixels. */
const SLOP = { mouse: 3, touch: 9 };

export class Gestures {
  #fingers = new Map<number, PointAt>();
  #grip: Grip | undefined;
  #pinch: { start: View; was: [number, number]; ids: [number, number] } | undefined;

  down(at: PointAt, scene: Scene): Intent[] {
    this.#fingers.set(at.id, at);
    const fingers = [...this.#fingers.values()];
    const [first, second] = fingers;
    if (fingers.length === 2 && first && second) {
      this.#grip = undefined;
      this.#pinch = { start: scene.view, was: [first.x, second.x], ids: [first.id, second.id] };
      return [];
    }
    if (fingers.length > 1) return [];
    const hit = hitTest(scene.view, scene.layout, at.x, at.y, scene.playheadUs, scene.selection, at.touch ? 18 : 5);
    if (hit.what === "playhead") this.#grip = { what: "playhead" };
    else if (hit.what === "selection-from") this.#grip = { what: "from" };
    else if (hit.what === "selection-to") this.#grip = { what: "to" };
    else this.#grip = { what: "press", x: at.x, y: at.y, ...(hit.what === "lane" ? { camera: hit.camera } : {}) };
    return [];
  }

  move(at: PointAt, scene: Scene): Intent[] {
    if (!this.#fingers.has(at.id)) return [];
    this.#fingers.set(at.id, at);
    if (this.#pinch) {
      const [a, b] = this.#pinch.ids.map((id) => this.#fingers.get(id)?.x);
      return a === undefined || b === undefined ? [] : [{ do: "view", view: pinch(this.#pinch.start, this.#pinch.was, [a, b]) }];
    }
    const grip = this.#grip;
    if (!grip) return [];
    const time = timeAt(scene.view, at.x);
    if (grip.what === "playhead") return [{ do: "scrub", time }];
    if (grip.what === "from" || grip.what === "to") return [{ do: "mark", end: grip.what, time }];
    if (grip.what === "view") return [{ do: "view", view: panBy(grip.start, grip.startX - at.x) }];
    if (grip.what !== "press") return [];
    if (Math.abs(at.x - grip.x) < (at.touch ? SLOP.touch : SLOP.mouse)) return [];
    if (at.touch || grip.y < scene.layout.axis) {
      this.#grip = { what: "view", start: scene.view, startX: at.x };
      return [];
    }
    this.#grip = { what: "playhead" };
    return [{ do: "scrub", time }];
  }

  up(at: PointAt, scene: Scene): Intent[] {
    const known = this.#fingers.delete(at.id);
    if (this.#pinch) {
      if (this.#fingers.size === 0) this.#pinch = undefined;
      return [];
    }
    const grip = this.#grip;
    this.#grip = undefined;
    if (!known || !grip) return [];
    const time = timeAt(scene.view, at.x);
    if (grip.what === "playhead") return [{ do: "seek", time }];
    if (grip.what === "press") return [{ do: "seek", time, ...(grip.camera === undefined ? {} : { camera: grip.camera }) }];
    return [];
  }

  /** The browser took the pointer away. */
  cancel(id: number): void {
    this.#fingers.delete(id);
    this.#grip = undefined;
    if (this.#fingers.size === 0) this.#pinch = undefined;
  }

  /** Whether something is being dragged. */
  get busy(): boolean {
    return this.#grip !== undefined && this.#grip.what !== "press";
  }
}
