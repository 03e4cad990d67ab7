import { describe, expect, test } from "vitest";
import { forSeeds, integer } from "../test/random";
import { Gate, LATE_QUEUE, MAX_QUEUE } from "./gate";

const key = { key: true, discontinuity: false };
const delta = { key: false, discontinuity: false };

describe("the gate before the decoder", () => {
  test("waits for a key frame, then lets everything through", () => {
    const gate = new Gate();
    expect([delta, delta, key, delta, delta].map((frame) => gate.next(frame, 0, false))).toEqual(["drop", "drop", "decode", "decode", "decode"]);
  });

  test("lets the buffered group through that a stream begins with, however long", () => {
    const gate = new Gate();
    expect(gate.next(key, 0, false)).toBe("decode");
    for (let queue = 1; queue < 100; queue++) expect(gate.next(delta, queue, false)).toBe("decode");
  });

  test("begins with the next key frame when the decoder is late", () => {
    const gate = new Gate();
    gate.next(key, 0, true);
    expect(gate.next(delta, LATE_QUEUE + 1, true)).toBe("decode");
    expect(gate.next(key, LATE_QUEUE, true)).toBe("decode");
    expect(gate.next(key, LATE_QUEUE + 1, true)).toBe("restart");
  });

  test("drops the rest of a group after a hole or a full queue", () => {
    const gate = new Gate();
    gate.next(key, 0, true);
    expect(gate.next({ key: false, discontinuity: true }, 0, true)).toBe("drop");
    expect(gate.next(delta, 0, true)).toBe("drop");
    expect(gate.next(key, 0, true)).toBe("decode");
    expect(gate.next(delta, MAX_QUEUE, true)).toBe("drop");
    expect(gate.next(delta, 0, true)).toBe("drop");
  });

  test("never lets a delta frame follow a dropped one", () => {
    forSeeds(300, (random) => {
      const gate = new Gate();
      let whole = false;
      for (let i = 0; i < 200; i++) {
        const frame = { key: random() < 0.05, discontinuity: random() < 0.05 };
        if (random() < 0.02) gate.reset();
        const verdict = gate.next(frame, integer(random, 0, 150), random() < 0.9);
        expect(verdict === "drop" || frame.key || whole).toBe(true);
        expect(verdict !== "restart" || frame.key).toBe(true);
        whole = verdict !== "drop";
      }
    });
  });
});
