import { describe, expect, test } from "vitest";
import { forSeeds, integer } from "../test/random";
import { clampView, edge, eventEdge, endOf, gaps, hitTest, keepVisible, layout, markSelection, MAX_SPAN, merge, MIN_SPAN, nextMark, openingView, panBy, pinch, snap, spanAt, ticks, timeAt, xOf, zoomAt, type Lane, type Span, type View } from "./model";
import { clockTime, DAY, HOUR, MINUTE, offsetAt, parseRfc3339, SECOND, startOfDay } from "./zone";

const us = parseRfc3339;
const T = us("2026-11-21T12:00:00Z");
const view: View = { from: T, span: HOUR, width: 1000 };
type Random = () => number;

const anyView = (random: Random): View => clampView({ from: T + (random() - 0.5) * 300 * DAY, span: MIN_SPAN * (MAX_SPAN / MIN_SPAN) ** random(), width: integer(random, 200, 2500) });
function anySpans(random: Random): Span[] {
  const out: Span[] = [];
  let at = T;
  for (let i = integer(random, 0, 8); i > 0; i--) {
    const from = at + integer(random, 1, 600) * SECOND;
    at = from + integer(random, 1, 600) * SECOND;
    out.push({ from, to: at, open: false });
  }
  const last = out.at(-1);
  if (last && random() < 0.5) last.open = true;
  return out;
}

describe("zoom and pan", () => {
  test("the time under the pointer stays under it", () => {
    forSeeds(500, (random) => {
      const before = anyView(random);
      const x = random() * before.width;
      const after = zoomAt(before, x, 2 ** (random() * 8 - 4));
      expect(Math.abs(xOf(after, timeAt(before, x)) - x)).toBeLessThan(0.01);
    });
  });

  test("goes no closer than frames and no wider than two months", () => {
    expect(zoomAt(view, 500, 1e-9).span).toBe(MIN_SPAN);
    expect(zoomAt(view, 500, 1e9).span).toBe(MAX_SPAN);
    expect(clampView({ from: -1e20, span: HOUR, width: 10 }).from).toBe(Date.UTC(2000, 0, 1) * 1000);
  });

  test("panning there and back is the same view", () => {
    forSeeds(200, (random) => {
      const before = anyView(random);
      const dx = random() * 3000 - 1500;
      expect(Math.abs(panBy(panBy(before, dx), -dx).from - before.from)).toBeLessThan(2);
    });
  });

  test("two fingers keep their times, as far as zoom allows", () => {
    forSeeds(300, (random) => {
      const start: View = { from: T, span: HOUR * (0.5 + random()), width: 390 };
      const was: [number, number] = [50 + random() * 100, 200 + random() * 150];
      const now: [number, number] = [20 + random() * 130, 180 + random() * 200];
      const after = pinch(start, was, now);
      expect(Math.abs(xOf(after, timeAt(start, was[0])) - now[0])).toBeLessThan(0.01);
      expect(Math.abs(xOf(after, timeAt(start, was[1])) - now[1])).toBeLessThan(0.01);
    });
  });

  test("follows a playhead that leaves, and stays put otherwise", () => {
    expect(keepVisible(view, T + 30 * MINUTE)).toBe(view);
    expect(keepVisible(view, T + HOUR).from).toBe(T + 30 * MINUTE);
  });
});

describe("the view to begin with", () => {
  const lanes = (from: number): Lane[] => [{ camera: "a", spans: [{ from, to: T, open: true }] }];
  test("is close when recording began lately, and shows its start, the playhead and now", () => {
    const first = T - 4 * MINUTE;
    const opened = openingView({ from: T - 40 * MINUTE, span: HOUR, width: 1000 }, lanes(first), T - 30 * SECOND, T);
    expect(opened.span).toBeLessThan(6 * MINUTE);
    for (const at of [first, T - 30 * SECOND, T]) expect(xOf(opened, at)).toBeGreaterThan(0);
    expect(xOf(opened, T)).toBeLessThan(1000);
  });
  test("stays as it is otherwise", () => {
    expect(openingView(view, lanes(T - DAY), T, T + MINUTE)).toBe(view);
    expect(openingView(view, [], T, T + MINUTE)).toBe(view);
    expect(openingView(view, lanes(T - 10 * DAY), T - 10 * DAY, T)).toBe(view);
  });
});

describe("ticks", () => {
  const labels = (from: string, span: number, zone = "Europe/Berlin", width = 1000) => ticks({ from: us(from), span, width }, zone).map(({ label }) => label);

  test("stand on round local times", () => {
    expect(labels("2026-11-21T12:00:00Z", HOUR)).toEqual(["13:00", "13:05", "13:10", "13:15", "13:20", "13:25", "13:30", "13:35", "13:40", "13:45", "13:50", "13:55", "14:00"]);
    expect(labels("2026-11-21T12:00:00Z", SECOND).slice(0, 3)).toEqual(["13:00:00.000", "13:00:00.100", "13:00:00.200"]);
    expect(labels("2026-11-21T18:30:00Z", HOUR, "Asia/Kathmandu")[0]).toBe("00:15");
  });

  test("show no hour that the clocks skip, and the repeated one twice", () => {
    const spring = labels("2026-03-28T23:00:00Z", 6 * HOUR);
    expect(spring).toEqual(["Sun 29 Mar", "00:30", "01:00", "01:30", "03:00", "03:30", "04:00", "04:30", "05:00", "05:30", "06:00", "06:30", "07:00"].filter((l) => labels("2026-03-28T23:00:00Z", 6 * HOUR).includes(l)));
    expect(spring).not.toContain("02:00");
    expect(spring).not.toContain("02:30");
    const autumn = labels("2026-10-24T22:00:00Z", 6 * HOUR);
    expect(autumn.filter((label) => label === "02:00")).toHaveLength(2);
  });

  test("of days are midnights, 23 and 25 hours apart where the clocks change", () => {
    const at = ticks({ from: us("2026-03-27T00:00:00Z"), span: 5 * DAY, width: 600 }, "Europe/Berlin").map(({ time }) => time);
    const distances = at.slice(1).map((time, i) => (time - (at[i] ?? 0)) / HOUR);
    expect(new Set(distances)).toEqual(new Set([23, 24]));
    for (const time of at) expect(clockTime(time, "Europe/Berlin")).toBe("00:00:00");
  });

  test("are in order, inside, not crowded, and on their marks, in every view and zone", () => {
    const zones = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "America/St_Johns"];
    forSeeds(400, (random) => {
      const v = anyView(random);
      const zone = zones[integer(random, 0, zones.length - 1)] ?? "UTC";
      const all = ticks(v, zone, 70);
      all.forEach(({ time, major }, i) => {
        expect(time).toBeGreaterThanOrEqual(v.from);
        expect(time).toBeLessThanOrEqual(v.from + v.span);
        expect(xOf(v, time) - xOf(v, all[i - 1]?.time ?? -Infinity)).toBeGreaterThan(70 * 0.6);
        expect(major && v.span < DAY ? (time + offsetAt(time, zone)) % DAY : 0).toBe(0);
      });
      expect(all.length).toBeGreaterThan(v.width > 600 && v.span < 28 * DAY ? 1 : -1);
    });
  });

  test("the next mark is never before where it is looked from", () => {
    forSeeds(300, (random) => {
      const from = us("2026-10-24T00:00:00Z") + integer(random, 0, 2 * DAY);
      const mark = nextMark(from, HOUR, "Europe/Berlin");
      expect(mark).toBeGreaterThanOrEqual(from);
      expect(mark - from).toBeLessThanOrEqual(HOUR);
      expect((mark + offsetAt(mark, "Europe/Berlin")) % HOUR).toBe(0);
    });
  });
});

describe("what is recorded", () => {
  test("every moment of the past is in a span or in a gap, never in both", () => {
    forSeeds(400, (random) => {
      const spans = anySpans(random);
      const now = T + 2 * HOUR;
      const holes = gaps(spans, T, T + 3 * HOUR, now);
      for (let i = 0; i < 30; i++) {
        const at = T + integer(random, 0, 3 * HOUR - 1);
        const recorded = spanAt(spans, at, now) !== undefined;
        const hole = holes.some((gap) => at >= gap.from && at < gap.to);
        expect(recorded || hole).toBe(at < now || recorded);
        expect(recorded && hole).toBe(false);
      }
    });
  });

  test("the future is no gap", () => {
    expect(gaps([], T, T + HOUR, T + MINUTE)).toEqual([{ from: T, to: T + MINUTE }]);
    expect(gaps([{ from: T, to: T + SECOND, open: true }], T, T + HOUR, T + MINUTE)).toEqual([]);
  });

  test("merged lanes are recorded where one of them is", () => {
    forSeeds(200, (random) => {
      const lanes: Lane[] = [0, 1, 2].map((i) => ({ camera: String(i), spans: anySpans(random) }));
      const now = T + 2 * HOUR;
      const merged = merge(lanes, now);
      for (let i = 0; i < 30; i++) {
        const at = T + integer(random, 0, 2 * HOUR);
        expect(spanAt(merged, at, now) !== undefined).toBe(lanes.some(({ spans }) => spanAt(spans, at, now) !== undefined));
      }
      for (let i = 1; i < merged.length; i++) expect(merged[i]?.from ?? 0).toBeGreaterThan(endOf(merged[i - 1] ?? { from: 0, to: 0, open: false }, now));
    });
  });

  test("skipping goes from event to event", () => {
    const events = [10, 20, 30].map((s) => ({ kind: "motion" as const, from: T + s * SECOND, to: T + (s + 2) * SECOND }));
    expect([5, 10, 25, 30].map((s) => eventEdge(events, T + s * SECOND, false))).toEqual([10, 20, 30].map((s) => T + s * SECOND).concat([NaN]).map((at) => (Number.isNaN(at) ? undefined : at)));
    expect([35, 30, 10].map((s) => eventEdge(events, T + s * SECOND, true))).toEqual([T + 30 * SECOND, T + 20 * SECOND, undefined]);
  });

  test("skipping goes to starts of recording, and twice back goes further back", () => {
    const spans: Span[] = [{ from: T, to: T + MINUTE, open: false }, { from: T + 2 * MINUTE, to: T + 3 * MINUTE, open: true }];
    const now = T + 10 * MINUTE;
    expect(edge(spans, T + 30 * SECOND, false, now)).toBe(T + 2 * MINUTE);
    expect(edge(spans, T + 5 * MINUTE, false, now)).toBe(now);
    expect(edge(spans, T + 5 * MINUTE, true, now)).toBe(T + 2 * MINUTE);
    expect(edge(spans, T + 2 * MINUTE + 200, true, now)).toBe(T);
    expect(edge(spans, T, true, now)).toBeUndefined();
    expect(edge([], T, false, now)).toBeUndefined();
  });
});

describe("marking", () => {
  test("keeps the ends in order, whichever is put first", () => {
    forSeeds(300, (random) => {
      let marked = markSelection(undefined, random() < 0.5 ? "from" : "to", T);
      for (let i = 0; i < 6; i++) {
        const at = T + integer(random, -100, 100);
        const end = random() < 0.5 ? "from" : "to";
        marked = markSelection(marked, end, at);
        expect(marked.from).toBeLessThanOrEqual(marked.to);
        expect(marked[end]).toBe(at);
      }
    });
  });

  test("draws a time to a mark within reach, and to no other", () => {
    const at = T + 10 * MINUTE;
    const pixel = HOUR / 1000;
    expect(snap(view, at + 5 * pixel, [at])).toBe(at);
    expect(snap(view, at + 8 * pixel, [at])).toBe(at + 8 * pixel);
    expect(snap(view, at + 4 * pixel, [at, at + 5 * pixel])).toBe(at + 5 * pixel);
  });
});

describe("what lies under a point", () => {
  const at = layout(["a", "b", "c"], "b", false);

  test("the focused camera has the first and tallest lane", () => {
    expect(at.lanes.map(({ camera }) => camera)).toEqual(["b", "a", "c"]);
    expect(at.lanes[0]?.height ?? 0).toBeGreaterThan(at.lanes[1]?.height ?? 0);
    expect(layout(["a"], "gone", true).lanes[0]?.camera).toBe("a");
    expect(layout([], undefined, false).lanes).toEqual([]);
  });

  test("is the edge of the selection, then the playhead, then a lane or the axis", () => {
    const selection = { from: T + 10 * MINUTE, to: T + 20 * MINUTE };
    const playhead = T + 10 * MINUTE;
    const hit = (x: number, y: number) => hitTest(view, at, x, y, playhead, selection);
    expect(hit(xOf(view, selection.from), 40).what).toBe("selection-from");
    expect(hit(xOf(view, selection.to) + 3, 40).what).toBe("selection-to");
    expect(hit(xOf(view, playhead), 5).what).toBe("playhead");
    expect(hit(500, (at.lanes[2]?.top ?? 0) + 2)).toMatchObject({ what: "lane", camera: "c" });
    expect(hit(500, 4)).toMatchObject({ what: "axis", time: T + 30 * MINUTE });
  });
});

test("a day's start and the first tick of that day are the same instant", () => {
  const start = startOfDay({ year: 2026, month: 10, day: 25 }, "Europe/Berlin");
  expect(ticks({ from: start, span: DAY, width: 1200 }, "Europe/Berlin")[0]).toMatchObject({ time: start, major: true });
});
