import { describe, expect, test } from "vitest";
import { type PieceAsk, type PlaybackAsk, PIECE, ReadAhead } from "./read-ahead";
import { HEADER, Kind, VERSION, type MediaRecord } from "./record";

const RANGE: PlaybackAsk = { camera: "c", stream: "main", fromUs: 0, toUs: 3600e6, audio: true };
const SECOND = 1e6;

/** A record behind its length, as the site sends it. */
function framed(kind: Kind, wallUs: number, size = 0, track = 0): Uint8Array {
  const bytes = new Uint8Array(4 + HEADER + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, HEADER + size);
  bytes.set([kind, 0, track, VERSION], 4);
  view.setBigInt64(12, BigInt(wallUs));
  return bytes;
}

const init = () => framed(Kind.Init, 0, 40);
const second = (n: number, size = 1000) => framed(Kind.Frame, n * SECOND, size);

/** A site: each piece is what it sends, in chunks; what it was asked, and how many chunks were taken. */
function site(...pieces: (Uint8Array[] | Error)[]) {
  const asked: PieceAsk[] = [];
  let taken = 0;
  const ask = (piece: PieceAsk, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> => {
    asked.push(piece);
    const sends = pieces[asked.length - 1] ?? [];
    if (sends instanceof Error) return Promise.reject(sends);
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      start: (to) => signal.addEventListener("abort", () => to.error(signal.reason)),
      pull: (to) => {
        const chunk = sends[at++];
        if (!chunk) return to.close();
        taken++;
        to.enqueue(chunk);
      },
    }, { highWaterMark: 0 });
    return Promise.resolve(stream);
  };
  return { ask, asked, taken: () => taken };
}

async function all(ahead: ReadAhead): Promise<MediaRecord[]> {
  const records: MediaRecord[] = [];
  for (let record = await ahead.next(); record; record = await ahead.next()) records.push(record);
  return records;
}

/** Until everything that could go on has gone on. */
const settled = () => new Promise((done) => setTimeout(done, 20));

describe("a recording read ahead", () => {
  test("comes whole and in order, however many pieces it takes", async () => {
    const { ask, asked } = site(
      [init(), second(0), second(1), framed(Kind.More, 2 * SECOND)],
      [init(), second(2), framed(Kind.Gap, 9 * SECOND), second(9), framed(Kind.More, 10 * SECOND)],
      [init(), second(10), framed(Kind.End, 0)],
    );
    const records = await all(new ReadAhead(RANGE, new AbortController().signal, ask));
    expect(records.map(({ kind, wallUs }) => [kind, wallUs / SECOND])).toEqual([[Kind.Init, 0], [Kind.Frame, 0], [Kind.Frame, 1], [Kind.Frame, 2], [Kind.Gap, 9], [Kind.Frame, 9], [Kind.Frame, 10], [Kind.End, 0]]);
    expect(asked.map(({ fromUs, toUs, resume }) => [fromUs / SECOND, toUs, resume])).toEqual([[0, RANGE.toUs, false], [2, RANGE.toUs, true], [10, RANGE.toUs, true]]);
  });

  test("says anew how it is coded only where that changed", async () => {
    const other = framed(Kind.Init, 0, 41);
    const { ask } = site([init(), framed(Kind.Init, 0, 40, 1), second(0), framed(Kind.More, SECOND)], [other, framed(Kind.Init, 0, 40, 1), second(1), framed(Kind.End, 0)]);
    const records = await all(new ReadAhead(RANGE, new AbortController().signal, ask));
    expect(records.filter(({ kind }) => kind === Kind.Init).map(({ track, payload }) => [track, payload.byteLength])).toEqual([[0, 40], [1, 40], [0, 41]]);
  });

  test("reads a piece to its end though nobody takes it, and asks for no other one", async () => {
    const sends = [init(), ...Array.from({ length: 60 }, (_, n) => second(n, PIECE / 50)), framed(Kind.More, 60 * SECOND)];
    const { ask, asked, taken } = site(sends, [second(60), framed(Kind.End, 0)]);
    const ahead = new ReadAhead(RANGE, new AbortController().signal, ask);
    await settled();
    expect(taken()).toBe(sends.length);
    expect(asked).toHaveLength(1);
    for (let n = 0; n < 40; n++) await ahead.next();
    await settled();
    expect(asked).toHaveLength(2);
    expect(await all(ahead)).toHaveLength(61 + 2 - 40);
  });

  test("holds no more than sixteen megabytes of a piece that does not end", async () => {
    const endless = Array.from({ length: 40 }, (_, n) => second(n, 1 << 20));
    const { ask, taken } = site([...endless, framed(Kind.End, 0)]);
    const ahead = new ReadAhead(RANGE, new AbortController().signal, ask);
    await settled();
    expect(taken()).toBe(16);
    await ahead.next();
    await settled();
    expect(taken()).toBe(17);
    expect(await all(ahead)).toHaveLength(40);
  });

  test("gives what had come before it failed, then tells why", async () => {
    for (const [why, piece] of [["refused", new Error("refused")], ["short", [second(1)]], ["long", [Uint8Array.of(255, 255, 255, 255, 0)]]] as const) {
      const { ask } = site([second(0), framed(Kind.More, SECOND)], piece instanceof Error ? piece : [...piece]);
      const ahead = new ReadAhead(RANGE, new AbortController().signal, ask);
      expect((await ahead.next())?.wallUs).toBe(0);
      await expect(all(ahead)).rejects.toThrow(why);
    }
  });

  test("ends when it is aborted, also while it waits for room", async () => {
    const silent = (_ask: PieceAsk, signal: AbortSignal) => new Promise<never>((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
    const full = site(Array.from({ length: 40 }, (_, n) => second(n, 1 << 20)));
    for (const ask of [silent, full.ask]) {
      const abort = new AbortController();
      const ahead = new ReadAhead(RANGE, abort.signal, ask);
      await settled();
      abort.abort(new Error("enough"));
      await expect(all(ahead)).rejects.toThrow("enough");
    }
    expect(full.taken()).toBe(16);
  });
});
