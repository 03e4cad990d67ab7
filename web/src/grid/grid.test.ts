import { describe, expect, test } from "vitest";
import type { LiveState } from "../player/live-player";
import { layoutOf, MOST_TILES, neighbour, streamFor } from "./layouts";
import { statusOf } from "./status";

describe("layouts", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])("%d tiles are that many, cover the screen and do not overlap", (tiles) => {
    const { columns, rows, cells } = layoutOf(tiles, 99);
    expect(cells).toHaveLength(tiles);
    const taken = new Set(cells.flatMap(({ column, row, span }) => Array.from({ length: span * span }, (_, i) => `${column + (i % span)} ${row + Math.floor(i / span)}`)));
    expect(taken.size).toBe(cells.reduce((sum, { span }) => sum + span * span, 0));
    expect(taken.size).toBe(columns * rows);
  });

  test.each([[1, "1×1"], [2, "2×1"], [4, "2×2"], [6, "3×2"], [9, "3×3"], [16, "4×4"], [40, "4×4"]])("all of %d cameras stand %s", (cameras, wanted) => {
    const { columns, rows, cells } = layoutOf(0, cameras);
    expect(`${columns}×${rows}`.replace("1×2", "2×1")).toBe(wanted);
    expect(cells.length).toBeLessThanOrEqual(MOST_TILES);
  });

  test("arrows go to the tile beside, and stop at the edge", () => {
    const nine = layoutOf(9, 9);
    expect([neighbour(nine, 4, "left", 9), neighbour(nine, 4, "right", 9), neighbour(nine, 4, "up", 9), neighbour(nine, 4, "down", 9)]).toEqual([3, 5, 1, 7]);
    expect([neighbour(nine, 0, "left", 9), neighbour(nine, 0, "up", 9), neighbour(nine, 5, "down", 8)]).toEqual([0, 0, 7]);
  });

  test("every tile of every layout can be reached by arrows", () => {
    for (let tiles = 1; tiles <= 9; tiles++) {
      const layout = layoutOf(tiles, tiles);
      const seen = new Set([0]);
      for (const at of seen) for (const direction of ["left", "right", "up", "down"] as const) seen.add(neighbour(layout, at, direction, tiles));
      expect(seen.size).toBe(tiles);
    }
  });
});

describe("the stream of a tile", () => {
  const tile = { alone: false, focused: false, pixels: 900, subWidth: 640, hasSub: true, mainShowable: true };
  test.each([
    [{}, "sub"],
    [{ focused: true }, "main"],
    [{ focused: true, pixels: 500 }, "sub"],
    [{ focused: true, mainShowable: false }, "sub"],
    [{ alone: true }, "main"],
    [{ alone: true, mainShowable: false }, "main"],
    [{ hasSub: false }, "main"],
  ] as const)("%j is %s", (change, stream) => expect(streamFor({ ...tile, ...change })).toBe(stream));
});

describe("what a tile says", () => {
  const now = Date.parse("2026-11-21T12:58:20Z");
  const camera = { state: "recording", last_frame: null, next_try: null, detail: null, has_sub: true } as const;
  const live: LiveState = { phase: "playing", connected: true, stream: "sub" };
  const say = (c: object, l: object) => statusOf({ ...camera, ...c } as never, { ...live, ...l }, now, "Europe/Berlin", () => "H.265");

  test.each([
    ["nothing while the picture runs", {}, {}, { is: "playing" }],
    ["when the last frame came and when it is tried again", { state: "silent", last_frame: "2026-11-21T12:58:04Z", next_try: "2026-11-21T12:58:31.2Z" }, { phase: "stale" }, { is: "stale", words: "No frames since 13:58:04. Trying again in 12 s." }],
    ["its own last frame where that is newer", { state: "recording", last_frame: "2026-11-21T12:57:00Z" }, { phase: "stale", lastUs: Date.parse("2026-11-21T12:58:10Z") * 1000 }, { is: "stale", words: "No frames since 13:58:10. Trying again." }],
    ["that there never was one", { state: "silent" }, { phase: "waiting" }, { is: "stale", words: "No frames yet. Trying again." }],
    ["that the password is wrong", { state: "wrong-password" }, { phase: "stale" }, { is: "wrong-password", words: "The camera refused the name or the password." }],
    ["that frames are not recorded, beside the name", { state: "storage-trouble" }, {}, { is: "playing", tag: "Not recorded: storage trouble" }],
    ["what cannot be shown, and that the sub stream can be had", {}, { phase: "unsupported", stream: "main", codec: "hvc1" }, { is: "unsupported", words: "This browser cannot show H.265." }],
    ["what to change where there is no other stream", { has_sub: false }, { phase: "unsupported", stream: "main", codec: "hvc1" }, { is: "unsupported", words: "This browser cannot show H.265. Set the camera to H.264 to see it here." }],
    ["that the site is away", {}, { connected: false }, { is: "lost", words: "The connection to the site is lost. Trying again." }],
    ["what the site refuses", {}, { notice: { code: "forbidden", text: "The sign-in has ended." } }, { is: "refused", words: "The sign-in has ended." }],
    ["that it connects", { state: "connecting" }, { phase: "waiting" }, { is: "connecting" }],
  ])("is %s", (_, c, l, said) => expect(say(c, l)).toEqual(said));
});
