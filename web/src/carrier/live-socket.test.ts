import { describe, expect, test } from "vitest";
import { retryDelay } from "./backoff";
import { LiveSocket, type SocketLike } from "./live-socket";
import type { MediaRecord, Notice } from "./record";

class FakeSocket implements SocketLike {
  binaryType = "blob";
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen: SocketLike["onopen"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  onmessage: SocketLike["onmessage"] = null;
  send(data: string) {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  bring(subscription: number, kind = 2, payload = "") {
    const text = new TextEncoder().encode(payload);
    const bytes = new Uint8Array(36 + text.length);
    bytes.set([kind, 0, 0, 1]);
    new DataView(bytes.buffer).setUint32(4, subscription);
    bytes.set(text, 36);
    this.onmessage?.({ data: bytes.buffer });
  }
}

function bench() {
  const sockets: FakeSocket[] = [];
  const timers: { run: () => void; ms: number; cancelled: boolean }[] = [];
  const socket = new LiveSocket({
    open: () => {
      const made = new FakeSocket();
      sockets.push(made);
      return made;
    },
    setTimer: (run, ms) => {
      const timer = { run, ms, cancelled: false };
      timers.push(timer);
      return () => (timer.cancelled = true);
    },
    random: () => 0.5,
  });
  const got: MediaRecord[] = [];
  const notices: Notice[] = [];
  const connection: boolean[] = [];
  const sink = { onRecord: (r: MediaRecord) => got.push(r), onNotice: (n: Notice) => notices.push(n), onConnection: (up: boolean) => connection.push(up) };
  return { socket, sockets, timers, got, notices, connection, sink };
}
const want = { camera: "c1", stream: "sub", audio: false } as const;

describe("the live socket", () => {
  test("is one for all subscriptions, and asks for them when it opens", () => {
    const { socket, sockets, sink } = bench();
    socket.subscribe(want, sink);
    socket.subscribe({ ...want, camera: "c2" }, sink);
    expect(sockets).toHaveLength(1);
    sockets[0]?.open();
    expect(sockets[0]?.sent).toEqual([
      { do: "subscribe", subscription: 1, camera: "c1", stream: "sub", audio: false },
      { do: "subscribe", subscription: 2, camera: "c2", stream: "sub", audio: false },
    ]);
  });

  test("changes a subscription under its number, and not when nothing changes", () => {
    const { socket, sockets, sink } = bench();
    const one = socket.subscribe(want, sink);
    sockets[0]?.open();
    one.change({ ...want });
    one.change({ ...want, stream: "main" });
    expect(sockets[0]?.sent.slice(1)).toEqual([{ do: "subscribe", subscription: 1, camera: "c1", stream: "main", audio: false }]);
  });

  test("connects again with back-off and asks for what is wanted by then", () => {
    const { socket, sockets, timers, connection, sink } = bench();
    const one = socket.subscribe(want, sink);
    sockets[0]?.open();
    sockets[0]?.close();
    one.change({ ...want, stream: "main" });
    expect(timers[0]?.ms).toBe(retryDelay(0, 0.5));
    timers[0]?.run();
    sockets[1]?.close();
    expect(timers[1]?.ms).toBe(retryDelay(1, 0.5));
    timers[1]?.run();
    sockets[2]?.open();
    expect(sockets[2]?.sent).toEqual([{ do: "subscribe", subscription: 1, camera: "c1", stream: "main", audio: false }]);
    expect(connection).toEqual([true, false, false, true]);
  });

  test("brings records to whom they belong, and drops those that nobody waits for", () => {
    const { socket, sockets, got, sink } = bench();
    const one = socket.subscribe(want, sink);
    sockets[0]?.open();
    sockets[0]?.bring(1);
    sockets[0]?.bring(9);
    one.close();
    sockets[0]?.bring(1);
    expect(got).toHaveLength(1);
    expect(sockets[0]?.sent.at(-1)).toEqual({ do: "unsubscribe", subscription: 1 });
  });

  test("tells a notice without a number to everybody", () => {
    const { socket, sockets, notices, sink } = bench();
    socket.subscribe(want, sink);
    socket.subscribe(want, sink);
    sockets[0]?.open();
    sockets[0]?.bring(0, 5, '{"code":"forbidden","text":"The sign-in has ended."}');
    expect(notices.map(({ code }) => code)).toEqual(["forbidden", "forbidden"]);
  });

  test("begins anew when the server sends what is no record", () => {
    const { socket, sockets, connection, sink } = bench();
    socket.subscribe(want, sink);
    sockets[0]?.open();
    sockets[0]?.onmessage?.({ data: new ArrayBuffer(3) });
    expect(sockets[0]?.readyState).toBe(3);
    expect(connection).toEqual([true, false]);
  });

  test("closes a while after the last subscriber has gone, unless another comes", () => {
    const { socket, sockets, timers, sink } = bench();
    const one = socket.subscribe(want, sink);
    sockets[0]?.open();
    one.close();
    socket.subscribe(want, sink).close();
    expect(timers[0]?.cancelled).toBe(true);
    timers[1]?.run();
    expect(sockets[0]?.readyState).toBe(3);
    expect(timers).toHaveLength(2);
  });
});

test("back-off doubles from a quarter of a second to eight seconds, spread by a quarter", () => {
  expect([0, 1, 2, 5, 6, 50].map((n) => retryDelay(n, 0.5))).toEqual([250, 500, 1000, 8000, 8000, 8000]);
  expect([retryDelay(5, 0), retryDelay(5, 1)]).toEqual([6000, 10_000]);
});
