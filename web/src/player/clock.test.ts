import { describe, expect, test } from "vitest";
import { forSeeds, integer } from "../test/random";
import { at, hold, keyFramesOnly, pause, play, RATES, seek, setRate, steer, stopped } from "./clock";

const T = 1_795_000_000_000_000;

describe("the clock", () => {
  test("stands until it plays, moves at its rate, and stands again", () => {
    let clock = stopped(T);
    expect(at(clock, 5000)).toBe(T);
    clock = play(clock, 1000);
    expect(at(clock, 1500)).toBe(T + 500_000);
    clock = setRate(clock, -4, 2000);
    expect(at(clock, 3000)).toBe(T + 1_000_000 - 4_000_000);
    clock = pause(clock, 3000);
    expect(at(clock, 9000)).toBe(T - 3_000_000);
  });

  test("waits for pictures without losing or making up time", () => {
    let clock = play(stopped(T), 0);
    clock = hold(clock, true, 1000);
    expect(at(clock, 5000)).toBe(T + 1_000_000);
    clock = hold(clock, false, 5000);
    expect(at(clock, 6000)).toBe(T + 2_000_000);
  });

  test("goes on playing from where it was sent to", () => {
    const clock = seek(play(stopped(T), 0), T + 60_000_000, 700);
    expect(at(clock, 1700)).toBe(T + 61_000_000);
  });

  test("never jumps by a change of rate, by play, pause or hold", () => {
    forSeeds(300, (random) => {
      let now = 0;
      let clock = stopped(T);
      for (let i = 0; i < 40; i++) {
        now += integer(random, 0, 500);
        const before = at(clock, now);
        const choice = integer(random, 0, 3);
        if (choice === 0) clock = play(clock, now);
        else if (choice === 1) clock = pause(clock, now);
        else if (choice === 2) clock = setRate(clock, RATES[integer(random, 0, RATES.length - 1)] ?? 1, now);
        else clock = hold(clock, random() < 0.5, now);
        expect(at(clock, now)).toBe(before);
      }
    });
  });

  test("follows sound: not for a hair, gently for a little, at once for much", () => {
    const clock = play(stopped(T), 0);
    expect(at(steer(clock, T + 1_004_000, 1000), 1000)).toBe(T + 1_000_000);
    expect(at(steer(clock, T + 1_080_000, 1000), 1000)).toBe(T + 1_010_000);
    expect(at(steer(clock, T + 3_000_000, 1000), 1000)).toBe(T + 3_000_000);
    expect(steer(pause(clock, 500), T, 1000)).toEqual(pause(clock, 500));
  });

  test("shows key frames at −4× and 16×, every frame between", () => {
    expect(RATES.filter(keyFramesOnly)).toEqual([-4, 16]);
  });
});
