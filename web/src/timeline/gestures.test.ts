import { describe, expect, test } from "vitest";
import { Gestures, type Intent, type Scene } from "./gestures";
import { layout, timeAt, xOf } from "./model";
import { HOUR, MINUTE, parseRfc3339 } from "./zone";

const T = parseRfc3339("2026-11-21T12:00:00Z");
const at = layout(["a", "b"], "a", false);
const scene: Scene = { view: { from: T, span: HOUR, width: 1000 }, layout: at, playheadUs: T + 30 * MINUTE, selection: { from: T + 40 * MINUTE, to: T + 50 * MINUTE } };
const LANE = at.lanes[0]?.top ?? 0;

/** Down, along the points, up; what was meant on the way. */
function drag(touch: boolean, ...points: [number, number][]): Intent[] {
  const gestures = new Gestures();
  const [first, ...rest] = points.map(([x, y]) => ({ id: 1, x, y, touch }));
  if (!first) return [];
  const out = [...gestures.down(first, scene), ...rest.flatMap((point) => gestures.move(point, scene))];
  return [...out, ...gestures.up(rest.at(-1) ?? first, scene)];
}

describe("a mouse", () => {
  test("clicks a lane to go there and to focus its camera", () => {
    expect(drag(false, [200, (at.lanes[1]?.top ?? 0) + 3])).toEqual([{ do: "seek", time: T + 12 * MINUTE, camera: "b" }]);
  });

  test("drags on a lane to scrub, and goes where it lets go", () => {
    const meant = drag(false, [200, LANE + 5], [220, LANE + 5], [300, LANE + 9]);
    expect(meant.map((intent) => intent.do)).toEqual(["scrub", "scrub", "seek"]);
    expect(meant.at(-1)).toEqual({ do: "seek", time: timeAt(scene.view, 300) });
  });

  test("drags the axis to move the view", () => {
    const [, moved] = [null, drag(false, [200, 4], [210, 4], [310, 4]).at(-1)];
    expect(moved).toMatchObject({ do: "view", view: { from: T - 6 * MINUTE } });
  });

  test("drags the edges of the selection", () => {
    const edge = xOf(scene.view, T + 50 * MINUTE);
    expect(drag(false, [edge + 2, LANE + 5], [900, LANE + 5])).toEqual([{ do: "mark", end: "to", time: T + 54 * MINUTE }]);
  });

  test("that trembles while it clicks still clicks", () => {
    expect(drag(false, [200, LANE], [202, LANE + 1]).map((intent) => intent.do)).toEqual(["seek"]);
  });

  test("that was never pressed means nothing", () => {
    expect(new Gestures().move({ id: 1, x: 5, y: 5, touch: false }, scene)).toEqual([]);
    expect(new Gestures().up({ id: 1, x: 5, y: 5, touch: false }, scene)).toEqual([]);
  });
});

describe("fingers", () => {
  test("one taps to go there", () => {
    expect(drag(true, [200, LANE + 3], [204, LANE])).toMatchObject([{ do: "seek", camera: "a" }]);
  });

  test("one drags a lane to move the view, without seeking at the end", () => {
    const meant = drag(true, [200, LANE + 5], [240, LANE + 5], [340, LANE + 5]);
    expect(meant).toMatchObject([{ do: "view", view: { from: T - 6 * MINUTE } }]);
  });

  test("one near the playhead drags it", () => {
    expect(drag(true, [512, LANE + 5], [600, LANE + 5]).map((intent) => intent.do)).toEqual(["scrub", "seek"]);
  });

  test("two zoom, and lifting them means nothing more", () => {
    const gestures = new Gestures();
    const finger = (id: number, x: number) => ({ id, x, y: LANE + 5, touch: true });
    gestures.down(finger(1, 300), scene);
    gestures.down(finger(2, 700), scene);
    const [meant] = gestures.move(finger(2, 900), scene);
    expect(meant?.do === "view" && meant.view.span / HOUR).toBeCloseTo(400 / 600);
    expect(meant?.do === "view" && xOf(meant.view, timeAt(scene.view, 300))).toBeCloseTo(300);
    expect([...gestures.up(finger(2, 900), scene), ...gestures.move(finger(1, 310), scene), ...gestures.up(finger(1, 310), scene)].filter((intent) => intent.do === "seek")).toEqual([]);
    expect(gestures.busy).toBe(false);
  });

  test("that the browser takes away leave nothing behind", () => {
    const gestures = new Gestures();
    gestures.down({ id: 1, x: 512, y: LANE, touch: true }, scene);
    gestures.cancel(1);
    expect(gestures.move({ id: 1, x: 600, y: LANE, touch: true }, scene)).toEqual([]);
    expect(gestures.busy).toBe(false);
  });
});
