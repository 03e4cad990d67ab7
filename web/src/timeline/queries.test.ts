import { describe, expect, test } from "vitest";
import { forSeeds } from "../test/random";
import { clampView, MAX_SPAN, MIN_SPAN } from "./model";
import { lanesOf, momentOn, windowOf } from "./queries";
import { parseRfc3339, rfc3339 } from "./zone";

describe("what is asked for a view", () => {
  test("holds the view, is bounded, and is about a pixel fine", () => {
    forSeeds(500, (random) => {
      const view = clampView({ from: parseRfc3339("2026-11-21T00:00:00Z") * (1 + random() * 1e-4), span: MIN_SPAN * (MAX_SPAN / MIN_SPAN) ** random(), width: 1200 });
      const { from, to, resolutionMs } = windowOf(view);
      expect(from).toBeLessThanOrEqual(view.from);
      expect(to).toBeGreaterThanOrEqual(view.from + view.span);
      expect((to - from) / Math.max(view.span, 1e6)).toBeLessThanOrEqual(6);
      expect(resolutionMs * 1000).toBeLessThanOrEqual(view.span / view.width + 1000);
    });
  });

  test("stays the same while the view moves a little", () => {
    const view = { from: parseRfc3339("2026-11-21T12:10:00Z"), span: 3600e6, width: 1000 };
    expect(windowOf({ ...view, from: view.from + 60e6 })).toEqual(windowOf(view));
  });
});

test("the site's answer becomes lanes to the microsecond", () => {
  const at = "2026-11-21T12:00:00.000001Z";
  expect(lanesOf({ from: at, to: at, now: at, lanes: [{ camera: "c", spans: [{ from: at, to: "2026-11-21T12:00:01Z", bytes: 5, open: true }], events: [{ kind: "motion", from: at, to: "2026-11-21T12:00:01Z" }] }] })).toEqual([
    { camera: "c", spans: [{ from: parseRfc3339(at), to: parseRfc3339("2026-11-21T12:00:01Z"), open: true }], events: [{ kind: "motion", from: parseRfc3339(at), to: parseRfc3339("2026-11-21T12:00:01Z") }] },
  ]);
});

describe("a typed time of day", () => {
  const go = (day: string, time: string) => {
    const at = momentOn(day, time, "Europe/Berlin");
    return at === undefined ? undefined : rfc3339(at);
  };
  test("is that time on that day, also on days with a clock change", () => {
    expect(go("2026-11-21", "13:50:32.480")).toBe("2026-11-21T12:50:32.480000Z");
    expect(go("2026-11-21", "9:05")).toBe("2026-11-21T08:05:00.000000Z");
    expect(go("2026-03-29", "12:00")).toBe("2026-03-29T10:00:00.000000Z");
    expect(go("2026-10-25", "12:00")).toBe("2026-10-25T11:00:00.000000Z");
    expect(go("2026-10-25", "23:59:59")).toBe("2026-10-25T22:59:59.000000Z");
  });
  test("that does not exist is near to where it would be", () => {
    expect(go("2026-03-29", "02:30")).toBe("2026-03-29T01:30:00.000000Z");
  });
  test.each(["", "25:00", "12", "12:60", "noon"])("'%s' is none", (text) => expect(go("2026-11-21", text)).toBeUndefined());
});
