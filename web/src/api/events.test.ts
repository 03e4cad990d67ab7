import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as data from "../../mock/data";
import { EventSocket, apply, waitMs } from "./events";
import { keys } from "./queries";
import type { Alarm, Camera } from "./types";

describe("an event brings the cache up to date", () => {
  const [gate, yard] = data.cameras() as [Camera, Camera];
  const cache = () => {
    const queries = new QueryClient();
    queries.setQueryData(keys.cameras, [gate, yard]);
    return queries;
  };
  const names = (queries: QueryClient) => queries.getQueryData<Camera[]>(keys.cameras)?.map(({ name }) => name);

  test("a changed camera takes its place", () => {
    const queries = cache();
    apply(queries, { event: "camera", camera: { ...yard, name: "Back yard" } });
    expect(names(queries)).toEqual(["Gate north", "Back yard"]);
  });

  test("a new camera is added, a removed one goes", () => {
    const queries = cache();
    apply(queries, { event: "camera", camera: data.camera(77, "Roof") });
    apply(queries, { event: "camera-removed", camera: gate.id });
    expect(names(queries)).toEqual(["Roof", "Yard"]);
  });

  test("what was never asked is not made up", () => {
    const queries = new QueryClient();
    apply(queries, { event: "camera", camera: gate });
    expect(names(queries)).toBeUndefined();
  });

  test("alarms stay newest first", () => {
    const queries = new QueryClient();
    const [newest, older] = data.alarms() as [Alarm, Alarm];
    queries.setQueryData(keys.alarms, [newest]);
    apply(queries, { event: "alarm", alarm: older });
    expect(queries.getQueryData<Alarm[]>(keys.alarms)?.map(({ id }) => id)).toEqual([newest.id, older.id]);
  });
});

test("the wait grows from 1 s to 30 s, give or take a quarter", () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((failures) => waitMs(failures, () => 0.5))).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect([waitMs(0, () => 0), waitMs(0, () => 1)]).toEqual([750, 1250]);
});

describe("the socket", () => {
  class FakeSocket extends EventTarget {
    static made: FakeSocket[] = [];
    constructor(readonly url: string) {
      super();
      FakeSocket.made.push(this);
    }
    close() {
      this.dispatchEvent(new Event("close"));
    }
  }
  beforeEach(() => {
    FakeSocket.made = [];
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
  });
  afterEach(() => vi.useRealTimers());
  const last = () => FakeSocket.made.at(-1) as FakeSocket;

  test("says when it tries again, does, and then asks for everything anew", () => {
    const queries = new QueryClient();
    const invalidate = vi.spyOn(queries, "invalidateQueries");
    const socket = new EventSocket(queries, "wss://site/v1/events");
    const stop = socket.start();
    last().dispatchEvent(new Event("open"));
    expect(socket.link()).toEqual({ state: "open" });
    last().close();
    expect(socket.link().state).toBe("lost");
    vi.advanceTimersByTime(1300);
    expect(FakeSocket.made).toHaveLength(2);
    invalidate.mockClear();
    last().dispatchEvent(new Event("open"));
    expect(invalidate).toHaveBeenCalledWith();
    stop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made).toHaveLength(2);
  });

  test("tries at once when asked to", () => {
    const socket = new EventSocket(new QueryClient(), "wss://site/v1/events");
    socket.start();
    last().close();
    socket.tryNow();
    expect(FakeSocket.made).toHaveLength(2);
    expect(socket.link().state).toBe("connecting");
  });
});
