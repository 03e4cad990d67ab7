import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Kind, KEY, PRE_ROLL, type MediaRecord } from "../carrier/record";
import { PlaybackTrack } from "./playback-track";

const T = 1_795_000_000_000_000;
const F = 40_000;

/** A decoder that gives every chunk back as a frame, in a later task. */
class FakeDecoder {
  state = "configured";
  decodeQueueSize = 0;
  #output: (frame: { timestamp: number; close(): void }) => void;
  #pending: Promise<void> = Promise.resolve();
  constructor({ output }: { output: (frame: unknown) => void }) {
    this.#output = output;
  }
  configure() {}
  decode({ timestamp }: { timestamp: number }) {
    this.decodeQueueSize++;
    open.add(timestamp);
    this.#pending = this.#pending.then(() => {
      this.decodeQueueSize--;
      if (this.state === "configured") this.#output({ timestamp, close: () => open.delete(timestamp) });
    });
  }
  flush() {
    return this.#pending;
  }
  reset() {}
  close() {
    this.state = "closed";
  }
}
const open = new Set<number>();

beforeEach(() => {
  open.clear();
  vi.stubGlobal("VideoDecoder", FakeDecoder);
  vi.stubGlobal("EncodedVideoChunk", class { timestamp: number; constructor({ timestamp }: { timestamp: number }) { this.timestamp = timestamp; } });
});
afterEach(() => vi.unstubAllGlobals());

const json = new TextEncoder().encode(JSON.stringify({ codec: "avc1.64001f", timescale: 90_000, width: 640, height: 360, stream: "sub" }));
const initPayload = Uint8Array.of(0, 0, 0, json.length, ...json);
const base = { subscription: 0, track: 0, time: 0, compositionOffset: 0, dataOffset: 0, flags: 0, payload: new Uint8Array(), duration: 3600 };
const init: MediaRecord = { ...base, kind: Kind.Init, wallUs: 0, payload: initPayload };
const frame = (n: number, flags = 0): MediaRecord => ({ ...base, kind: Kind.Frame, wallUs: T + n * F, flags: flags | (n % 10 === 0 ? KEY : 0) });
const gap = (n: number): MediaRecord => ({ ...base, kind: Kind.Gap, wallUs: T + n * F });
const range = (from: number, to: number, flags = 0) => Array.from({ length: to - from }, (_, i) => frame(from + i, flags));

function track(records: MediaRecord[], shown = true) {
  let read = 0;
  const made = new PlaybackTrack("c", {
    records: async function* () {
      for (const record of records) {
        read++;
        yield record;
      }
    },
    canShow: () => Promise.resolve(shown),
    onSound: () => undefined,
  });
  return { track: made, read: () => read };
}
const settle = async () => {
  for (let i = 0; i < 500; i++) await Promise.resolve();
};
const see = (t: PlaybackTrack, at: number) => {
  const look = t.look(at);
  return look.is === "frame" ? Math.round((look.frame.timestamp - T) / F) : look.is === "gap" ? { gap: (look.untilUs - T) / F } : look.is;
};
const ask = { stream: "sub", audio: false, nowUs: T + 1e9 } as const;

describe("a recorded track", () => {
  test("shows the last frame at or before the moment, through the pre-roll", async () => {
    const { track: t } = track([init, ...range(0, 7, PRE_ROLL), ...range(7, 40)]);
    t.open(T + 6.5 * F, ask);
    await settle();
    expect(see(t, T + 6.5 * F)).toBe(6);
    expect(see(t, T + 7 * F - 1)).toBe(6);
    expect(see(t, T + 7 * F)).toBe(7);
    expect(t.nextAfter(T + 7 * F)).toBe(T + 8 * F);
  });

  test("shows nothing of the pre-roll before the right frame is known", async () => {
    const { track: t } = track([init, ...range(0, 5, PRE_ROLL)]);
    t.open(T + 20 * F, { ...ask, nowUs: T + 1e12 });
    expect(see(t, T + 20 * F)).toBe("waiting");
  });

  test("decodes no more than its store holds, and goes on as the clock does", async () => {
    const { track: t, read } = track([init, ...range(0, 500)]);
    t.open(T, ask);
    await settle();
    expect(read()).toBeLessThan(40);
    expect(open.size).toBeLessThan(40);
    for (let n = 0; n < 300; n++) {
      expect(see(t, T + n * F)).toBe(n);
      await settle();
    }
    expect(open.size).toBeLessThan(40);
  });

  test("tells a gap from its first moment to its last, and then goes on", async () => {
    const { track: t } = track([init, ...range(0, 10), gap(50), ...range(50, 70)]);
    t.open(T, ask);
    await settle();
    expect(see(t, T + 9.9 * F)).toBe(9);
    expect(see(t, T + 10 * F)).toEqual({ gap: 50 });
    await settle();
    expect(see(t, T + 49 * F)).toEqual({ gap: 50 });
    expect(see(t, T + 50 * F)).toBe(50);
  });

  test("that begins in a gap says when recording goes on", async () => {
    const { track: t } = track([init, gap(50), ...range(50, 70)]);
    t.open(T + 20 * F, ask);
    await settle();
    expect(see(t, T + 20 * F)).toEqual({ gap: 50 });
  });

  test("ends after its last frame", async () => {
    const { track: t } = track([init, ...range(0, 10)]);
    t.open(T, ask);
    await settle();
    expect(see(t, T + 9 * F)).toBe(9);
    expect(see(t, T + 10 * F)).toBe("end");
  });

  test("of nothing is the end at once", async () => {
    const { track: t } = track([]);
    t.open(T, ask);
    await settle();
    expect(see(t, T)).toBe("end");
  });

  test("says what the browser cannot show", async () => {
    const { track: t } = track([init, ...range(0, 10)], false);
    t.open(T, ask);
    await settle();
    expect(see(t, T)).toBe("unsupported");
  });

  test("leaves no frame open when it is closed", async () => {
    const { track: t } = track([init, ...range(0, 500)]);
    t.open(T, ask);
    await settle();
    expect(t.covers(T + 3 * F)).toBe(true);
    t.close();
    await settle();
    expect(open.size).toBeLessThanOrEqual(1);
    expect(t.covers(T)).toBe(false);
  });
});
