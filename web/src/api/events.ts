/**
 * The event socket: tells what changed, so that nothing is polled. Reconnects with back-off and says when it tries
 * again. It knows the cache only through `apply`.
 */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { lost, tell } from "../session/rights-change";
import { camerasQuery, keys } from "./queries";
import type { Alarm, Camera, Export, Session, SiteEvent } from "./types";

/** How the connection to the site is. */
export type Link = { readonly state: "connecting" | "open" } | { readonly state: "lost"; readonly tryAtMs: number };

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** A socket that closes sooner counts as a failed try. */
const STEADY_MS = 5000;

/** Milliseconds to wait before try number `failures` + 1 (0 is the first). Random, so that not all pages come at once. */
export function waitMs(failures: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10)) * (0.75 + 0.5 * random());
}

/** Puts a changed thing in the place of its older self, or in front. */
function merged<T extends { id: string }>(items: T[] | undefined, item: T): T[] | undefined {
  if (!items) return undefined;
  return items.some((one) => one.id === item.id) ? items.map((one) => (one.id === item.id ? item : one)) : [item, ...items];
}

/** What an event tells is newer than an answer that is under way: that one is asked for again. */
function update<T>(queries: QueryClient, queryKey: QueryKey, change: (known: T | undefined) => T | undefined): void {
  queries.setQueryData<T>(queryKey, change);
  if (queries.isFetching({ queryKey }) === 0) return;
  void queries.cancelQueries({ queryKey }).then(() => queries.invalidateQueries({ queryKey }));
}

/** Brings the cache up to date with an event. */
export function apply(queries: QueryClient, event: SiteEvent): void {
  switch (event.event) {
    case "hello":
      return;
    case "camera":
      update<Camera[]>(queries, keys.cameras, (list) => merged(list, event.camera));
      return;
    case "camera-removed":
      update<Camera[]>(queries, keys.cameras, (list) => list?.filter((camera) => camera.id !== event.camera));
      void queries.invalidateQueries({ queryKey: keys.discovery });
      return;
    case "discovery":
      void queries.invalidateQueries({ queryKey: keys.discovery });
      return;
    case "alarm":
      update<Alarm[]>(queries, keys.alarms, (list) => merged(list, event.alarm)?.toSorted((a, b) => b.since.localeCompare(a.since)));
      return;
    case "export":
      update<Export[]>(queries, keys.exports, (list) => merged(list, event.export));
      return;
    case "export-removed":
      update<Export[]>(queries, keys.exports, (list) => list?.filter(({ id }) => id !== event.export));
      return;
    case "rights":
      void renew(queries);
      return;
    case "site":
      for (const queryKey of [keys.site, keys.volumes, keys.notifications, keys.tokens]) void queries.invalidateQueries({ queryKey });
      return;
  }
}

/** Cameras that may not be seen any more leave the cache, what may be seen now comes: if anything may. What was lost is told. */
async function renew(queries: QueryClient): Promise<void> {
  const known = () => ({ session: queries.getQueryData<Session | null>(keys.session), cameras: queries.getQueryData<Camera[]>(keys.cameras) });
  const before = known();
  queries.removeQueries({ queryKey: keys.stills });
  await queries.refetchQueries({ queryKey: keys.session });
  if (!queries.getQueryData(keys.session)) return;
  void queries.invalidateQueries();
  try {
    await queries.fetchQuery(camerasQuery);
  } catch {
    // Nothing is known of the cameras then: the screen that asks for them says so.
    return;
  }
  tell(lost(before, known()));
}

/** One connection for the whole page; `start` while somebody is signed in. */
export class EventSocket {
  #link: Link = { state: "connecting" };
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #wasOpen = false;
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly queries: QueryClient,
    private readonly url: string,
  ) {}

  start = (): (() => void) => {
    this.#connect();
    globalThis.addEventListener("online", this.tryNow);
    return () => {
      globalThis.removeEventListener("online", this.tryNow);
      clearTimeout(this.#timer);
      const socket = this.#socket;
      this.#socket = undefined;
      socket?.close();
    };
  };

  /** Tries again at once. */
  tryNow = (): void => {
    if (this.#link.state !== "lost") return;
    clearTimeout(this.#timer);
    this.#connect();
  };

  #connect() {
    this.#set({ state: "connecting" });
    const socket = new WebSocket(this.url);
    let openedAtMs = 0;
    this.#socket = socket;
    socket.addEventListener("open", () => {
      openedAtMs = Date.now();
      // What happened while the socket was away is not told again: ask for everything.
      if (this.#wasOpen) void this.queries.invalidateQueries();
      this.#wasOpen = true;
      this.#set({ state: "open" });
    });
    socket.addEventListener("message", (message: MessageEvent<unknown>) => {
      if (typeof message.data === "string") apply(this.queries, JSON.parse(message.data) as SiteEvent);
    });
    socket.addEventListener("close", () => {
      if (this.#socket !== socket) return;
      this.#failures = openedAtMs && Date.now() - openedAtMs > STEADY_MS ? 0 : this.#failures + 1;
      const wait = waitMs(Math.max(0, this.#failures - 1));
      this.#timer = setTimeout(() => this.#connect(), wait);
      this.#set({ state: "lost", tryAtMs: Date.now() + wait });
      // A socket refused because the sign-in ended: asking shows it.
      void this.queries.invalidateQueries({ queryKey: keys.session });
    });
  }

  #set(link: Link) {
    this.#link = link;
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly link = () => this.#link;
}

/** How the connection is, for a component. */
export function useLink(socket: EventSocket): Link {
  return useSyncExternalStore(socket.subscribe, socket.link);
}
