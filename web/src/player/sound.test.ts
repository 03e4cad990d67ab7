import { describe, expect, test } from "vitest";
import { forSeeds, integer } from "../test/random";
import { ALAW, decodeG711, ULAW } from "./g711";
import { Resampler } from "./resample";

const value = (sample: number | undefined) => Math.round((sample ?? NaN) * 32768) + 0; // +0: no negative zero

describe("G.711", () => {
  test("µ-law codes have the values of the recommendation", () => {
    expect([0x00, 0x7f, 0x80, 0xff, 0x8f, 0xf0].map((code) => value(ULAW[code]))).toEqual([-32124, 0, 32124, 0, 16764, 120]);
  });

  test("A-law codes have the values of the recommendation", () => {
    expect([0x55, 0xd5, 0x2a, 0xaa, 0x00, 0x80].map((code) => value(ALAW[code]))).toEqual([-8, 8, -32256, 32256, -5504, 5504]);
  });

  test("both tables are odd: the sign bit alone changes the sign", () => {
    for (let code = 0; code < 128; code++) {
      expect(ULAW[code]).toBeCloseTo(-(ULAW[code | 0x80] ?? NaN), 10);
      expect(ALAW[code]).toBe(-(ALAW[code | 0x80] ?? NaN));
    }
  });

  test("larger codes are louder, within each half", () => {
    for (let code = 0x80; code < 0xff; code++) expect(ULAW[code] ?? 0).toBeGreaterThan(ULAW[code + 1] ?? 0);
  });

  test("a packet becomes as many samples as it has bytes", () => {
    expect([...decodeG711("alaw", Uint8Array.of(0xd5, 0x55))].map(value)).toEqual([8, -8]);
  });
});

describe("resampling", () => {
  test("keeps the tone and makes no click, whatever the pieces", () => {
    forSeeds(20, (random) => {
      const resampler = new Resampler(8000, 48_000);
      const out: number[] = [];
      let at = 0;
      while (at < 8000) {
        const length = Math.min(integer(random, 1, 400), 8000 - at);
        const start = at;
        out.push(...resampler.push(Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * 440 * (start + i)) / 8000))));
        at += length;
      }
      expect(Math.abs(out.length - 48_000)).toBeLessThanOrEqual(7);
      const steepest = (2 * Math.PI * 440) / 48_000;
      expect(out.reduce((most, sample, i) => (i === 0 ? 0 : Math.max(most, Math.abs(sample - (out[i - 1] ?? 0)))), 0)).toBeLessThan(steepest * 1.05);
      let crossings = 0;
      for (let i = 1; i < out.length; i++) if ((out[i - 1] ?? 0) < 0 && (out[i] ?? 0) >= 0) crossings++;
      expect(Math.abs(crossings - 440)).toBeLessThanOrEqual(1);
    });
  });

  test("also goes to a lower rate", () => {
    const resampler = new Resampler(48_000, 44_100);
    let count = 0;
    for (let i = 0; i < 100; i++) count += resampler.push(new Float32Array(480).fill(0.5)).length;
    expect(Math.abs(count - 44_100)).toBeLessThanOrEqual(2);
  });
});
