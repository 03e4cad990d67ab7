/**
 * The live socket: one WebSocket (`GET /v1/live`) for all tiles of a page.
 *
 * What is here: subscriptions, their records, connecting again with back-off and subscribing again after it.
 * What is not here: decoding, and queues: a record goes to its sink at once, or nowhere. Whoever cannot keep up drops to
 * a key frame by itself (`player/gate.ts`); the server does the same for a slow connection.
 */
import { retryDelay } from "./backoff";
import { parseNotice, parseRecord, Kind, type MediaRecord, type Notice } from "./record";

export type StreamKind = "main" | "sub";

/** What a tile wants. */
export interface Want {
  camera: string;
  stream: StreamKind;
  audio: boolean;
  /** G.711 as FLAC, for MSE. */
  flac?: boolean;
}

/** Who receives what a subscription brings. */
export interface Sink {
  onRecord(record: MediaRecord): void;
  onNotice?(notice: Notice): void;
  /** The connection went (`false`) or came back (`true`; an init record and a key frame follow). */
  onConnection?(up: boolean): void;
}

/** The part of WebSocket that is used, so that tests can give their own. */
export interface SocketLike {
  binaryType: string;
  readyState: number;
  send(data: string): void;
  close(): void;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
}

/** What the socket needs from outside. */
export interface SocketDeps {
  open(): SocketLike;
  setTimer(run: () => void, ms: number): () => void;
  random(): number;
}

/** One subscription of a tile. */
export interface Subscription {
  /** Ask for something else; the old pictures come until the first key frame of the new. */
  change(want: Want): void;
  close(): void;
}

/** Without a subscriber the connection is closed after this many milliseconds. */
const LINGER_MS = 3000;
const OPEN = 1;

export class LiveSocket {
  readonly #deps: SocketDeps;
  readonly #subscriptions = new Map<number, { want: Want; sink: Sink }>();
  #socket: SocketLike | undefined;
  #next = 1;
  #attempt = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;

  constructor(deps: SocketDeps) {
    this.#deps = deps;
  }

  subscribe(want: Want, sink: Sink): Subscription {
    const id = this.#next++;
    const entry = { want, sink };
    this.#subscriptions.set(id, entry);
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    if (this.#isOpen()) this.#ask(id, want);
    else this.#connect();
    return {
      change: (next) => {
        const before = entry.want;
        if (before.camera === next.camera && before.stream === next.stream && before.audio === next.audio) return;
        entry.want = next;
        if (this.#subscriptions.has(id) && this.#isOpen()) this.#ask(id, next);
      },
      close: () => {
        if (!this.#subscriptions.delete(id)) return;
        if (this.#isOpen()) this.#socket?.send(JSON.stringify({ do: "unsubscribe", subscription: id }));
        if (this.#subscriptions.size === 0) this.#linger();
      },
    };
  }

  #isOpen(): boolean {
    return this.#socket?.readyState === OPEN;
  }

  #ask(subscription: number, want: Want): void {
    const { camera, stream, audio, flac } = want;
    this.#socket?.send(JSON.stringify({ do: "subscribe", subscription, camera, stream, audio, ...(flac ? { flac } : {}) }));
  }

  #connect(): void {
    if (this.#socket || this.#cancelRetry) return;
    const socket = this.#deps.open();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      for (const [id, { want, sink }] of this.#subscriptions) {
        this.#ask(id, want);
        sink.onConnection?.(true);
      }
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onerror = null; // `close` follows and is handled there
    socket.onclose = () => this.#lost(socket);
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return;
    let record: MediaRecord;
    try {
      record = parseRecord(new Uint8Array(data));
    } catch {
      this.#socket?.close(); // a server that we do not understand: begin anew
      return;
    }
    this.#attempt = 0;
    const sink = this.#subscriptions.get(record.subscription)?.sink;
    if (record.kind !== Kind.Notice) {
      sink?.onRecord(record); // without a sink: unsubscribed while it was on its way
      return;
    }
    const notice = parseNotice(record.payload);
    if (!notice) return;
    if (record.subscription === 0) for (const one of this.#subscriptions.values()) one.sink.onNotice?.(notice);
    else sink?.onNotice?.(notice);
  }

  #lost(socket: SocketLike): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (this.#subscriptions.size === 0) return;
    for (const { sink } of this.#subscriptions.values()) sink.onConnection?.(false);
    this.#cancelRetry = this.#deps.setTimer(() => {
      this.#cancelRetry = undefined;
      if (this.#subscriptions.size > 0) this.#connect();
    }, retryDelay(this.#attempt++, this.#deps.random()));
  }

  #linger(): void {
    this.#cancelLinger = this.#deps.setTimer(() => {
      this.#cancelLinger = undefined;
      if (this.#subscriptions.size > 0) return;
      this.#cancelRetry?.();
      this.#cancelRetry = undefined;
      const socket = this.#socket;
      this.#socket = undefined;
      socket?.close();
    }, LINGER_MS);
  }
}

let page: LiveSocket | undefined;

/** The socket of this page. */
export function liveSocket(): LiveSocket {
  page ??= new LiveSocket({
    open: () => new WebSocket(new URL("/v1/live", location.href.replace(/^http/, "ws"))) as unknown as SocketLike,
    setTimer: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  });
  return page;
}
