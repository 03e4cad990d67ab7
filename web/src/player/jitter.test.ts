import { describe, expect, test } from "vitest";
import { forSeeds, integer } from "../test/random";
import { JitterBuffer, MAX_DELAY, overdue } from "./jitter";

const T = 1_795_000_000_000_000;
const FRAME = 40;

/** Frames of 25 a second through a network, each later by `lateness`; answers when each is shown after its capture, ms. */
function ages(frames: number, lateness: (n: number) => number): number[] {
  const buffer = new JitterBuffer();
  return Array.from({ length: frames }, (_, n) => {
    const came = n * FRAME + lateness(n);
    buffer.arrived(T + n * FRAME * 1000, came);
    return Math.max(came, buffer.showAt(T + n * FRAME * 1000)) - n * FRAME;
  });
}

describe("the jitter buffer", () => {
  test("adds nothing on a steady network", () => {
    expect(ages(100, () => 35).every((age) => Math.abs(age - 35) < 1)).toBe(true);
  });

  test("shows a wobbling network's frames evenly, a little later", () => {
    const shown = ages(400, (n) => 30 + (n % 3) * 10).slice(60);
    expect(Math.max(...shown) - Math.min(...shown)).toBeLessThan(3);
    expect(Math.max(...shown)).toBeLessThan(30 + 20 + 5);
  });

  test("never delays by more than its bound, whatever the network does", () => {
    forSeeds(50, (random) => {
      const buffer = new JitterBuffer();
      for (let n = 0; n < 300; n++) {
        buffer.arrived(T + n * FRAME * 1000, n * FRAME + 20 + (random() < 0.2 ? integer(random, 0, 900) : integer(random, 0, 15)));
        expect(buffer.delay).toBeLessThanOrEqual(MAX_DELAY);
        expect(buffer.delay).toBeGreaterThanOrEqual(0);
      }
    });
  });

  test("is not slowed by the buffered group that a stream begins with", () => {
    const buffer = new JitterBuffer();
    for (let n = 0; n < 50; n++) buffer.arrived(T + n * FRAME * 1000, 2000);
    for (let n = 50; n < 80; n++) buffer.arrived(T + n * FRAME * 1000, n * FRAME + 30);
    expect(buffer.showAt(T + 80 * FRAME * 1000)).toBeLessThanOrEqual(80 * FRAME + 30 + MAX_DELAY);
  });

  test("falls back when the network is calm again", () => {
    const shown = ages(1500, (n) => (n < 100 && n % 4 === 0 ? 110 : 30));
    expect(shown[99] ?? 0).toBeGreaterThan(80);
    expect(shown.at(-1) ?? 0).toBeLessThan(36);
  });

  test("follows a camera whose clock runs slow, and one whose clock is set", () => {
    const buffer = new JitterBuffer();
    for (let n = 0; n < 2000; n++) buffer.arrived(T + n * FRAME * 1000, n * FRAME * 1.001 + 30);
    expect(buffer.showAt(T + 2000 * FRAME * 1000) - 2000 * FRAME * 1.001).toBeLessThan(60);
    buffer.arrived(T + 3_600_000_000, 90_000);
    expect(buffer.showAt(T + 3_600_000_000)).toBe(90_000);
  });

  test("of several frames that are due shows the newest", () => {
    expect(overdue([10, 20, 30, 40], 30)).toBe(2);
    expect(overdue([10, 20, 30, 40], 9)).toBe(0);
    expect(overdue([10], 99)).toBe(0);
    expect(overdue([], 99)).toBe(0);
  });
});
