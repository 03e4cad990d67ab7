import { describe, expect, test } from "vitest";
import { chase } from "./live-mse";
import { engineOf } from "./support";

describe("staying near the live edge in a video element", () => {
  test.each([
    [0.02, { rate: 0.95, jump: false }],
    [0.2, { rate: 1, jump: false }],
    [0.8, { rate: 1.15, jump: false }],
    [3, { rate: 1, jump: true }],
  ])("with %d s buffered: %j", (behind, wanted) => expect(chase(behind)).toEqual(wanted));
});

test("WebCodecs comes first, then MSE of either kind, else nothing", () => {
  expect(engineOf({ VideoDecoder: {}, MediaSource: {} })).toBe("webcodecs");
  expect(engineOf({ MediaSource: {} })).toBe("mse");
  expect(engineOf({ ManagedMediaSource: {} })).toBe("mse");
  expect(engineOf({})).toBeUndefined();
});
