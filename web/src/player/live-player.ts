/**
 * One tile of the live grid: which stream it takes, what it shows, and the state that it tells.
 *
 * What is here: the subscription, the engine, sound on and off, staleness. What is not here: React (`grid/`), decoding
 * (`live-canvas.ts`, `live-mse.ts`). It is an external store: `subscribe` and `snapshot`.
 */
import { liveSocket, type LiveSocket, type StreamKind, type Subscription } from "../carrier/live-socket";
import { VIDEO, type Init, type MediaRecord, type Notice } from "../carrier/record";
import { LiveCanvas, type LiveEngine } from "./live-canvas";
import { LiveMse } from "./live-mse";
import { engineOf } from "./support";

/** Without a frame for this long a picture is called stale, ms. */
export const STALE_MS = 4000;

export interface LiveState {
  phase: "waiting" | "playing" | "stale" | "unsupported" | "impossible";
  /** The stream that is shown. */
  stream?: StreamKind;
  /** Codec string of what cannot be shown. */
  codec?: string;
  /** Whether the connection to the site is up. */
  connected: boolean;
  /** Capture time of the last frame shown, µs; renewed when the phase changes. */
  lastUs?: number;
  notice?: Notice;
}

export interface LiveWish {
  stream: StreamKind;
  sound: boolean;
  /** False while the tile cannot be seen. */
  visible: boolean;
}

export class LivePlayer {
  readonly #camera: string;
  readonly #socket: LiveSocket;
  readonly #listeners = new Set<() => void>();
  #engine: LiveEngine | undefined;
  #parent: Element | undefined;
  #wish: LiveWish = { stream: "sub", sound: false, visible: false };
  #subscription: Subscription | undefined;
  #soundAsked = false;
  #state: LiveState = { phase: "waiting", connected: true };
  #staleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(camera: string, socket: LiveSocket = liveSocket()) {
    this.#camera = camera;
    this.#socket = socket;
  }

  /** Show pictures inside this element from now on. */
  mount(parent: Element): () => void {
    this.#parent = parent;
    this.#apply();
    return () => {
      this.#parent = undefined;
      this.#stop();
    };
  }

  wish(wish: LiveWish): void {
    const before = this.#wish;
    this.#wish = wish;
    if (before.stream !== wish.stream && this.#state.phase === "unsupported") this.#set({ phase: "waiting" });
    this.#apply();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): LiveState => this.#state;

  /** Capture time of the shown frame, µs. */
  get shownUs(): number | undefined {
    return this.#engine?.surface.shownUs;
  }

  grab(): Promise<Blob | undefined> {
    return this.#engine?.surface.grab() ?? Promise.resolve(undefined);
  }

  #apply(): void {
    const { stream, sound, visible } = this.#wish;
    if (!this.#parent || !visible) return this.#unsubscribe();
    const engine = (this.#engine ??= this.#makeEngine(this.#parent));
    if (!engine) return;
    engine.sound(sound);
    const want = { camera: this.#camera, stream, audio: sound, ...(engine instanceof LiveMse ? { flac: true } : {}) };
    if (engine instanceof LiveMse && sound !== this.#soundAsked) {
      this.#subscription?.close(); // a sound track comes in only at the start: begin anew
      this.#subscription = undefined;
    }
    this.#soundAsked = sound;
    if (this.#subscription) {
      this.#subscription.change(want);
      return;
    }
    this.#watch();
    this.#subscription = this.#socket.subscribe(want, {
      onRecord: (record) => this.#record(record),
      onNotice: (notice) => this.#set({ notice }),
      onConnection: (connected) => {
        if (!connected) this.#engine?.lost();
        this.#set({ connected });
      },
    });
  }

  #makeEngine(parent: Element): LiveEngine | undefined {
    const events = { onShown: this.#shown, onUnsupported: (init: Init) => this.#unsupported(init) };
    const engine = engineOf();
    if (engine === "webcodecs") return new LiveCanvas(parent, events);
    if (engine === "mse") return new LiveMse(parent, events);
    this.#set({ phase: "impossible" });
    return undefined;
  }

  #record(record: MediaRecord): void {
    try {
      this.#engine?.push(record);
    } catch {
      if (record.track === VIDEO) this.#engine?.lost(); // a record that cannot be read: go on with the next key frame
    }
  }

  readonly #shown = (init: Init, wallUs: number): void => {
    this.#watch();
    const { phase, stream, notice } = this.#state;
    if (phase !== "playing" || stream !== init.stream || notice?.code === "no-frames") {
      const { notice: _, ...rest } = this.#state;
      this.#state = rest;
      this.#set({ phase: "playing", stream: init.stream, lastUs: wallUs, ...(notice && notice.code !== "no-frames" ? { notice } : {}) });
    }
  };

  #unsupported(init: Init): void {
    this.#unwatch();
    this.#unsubscribe();
    this.#set({ phase: "unsupported", codec: init.codec, stream: init.stream });
  }

  /** Frames have to come from now on. */
  #watch(): void {
    this.#unwatch();
    this.#staleTimer = setTimeout(() => {
      const lastUs = this.shownUs;
      this.#set({ phase: "stale", ...(lastUs === undefined ? {} : { lastUs }) });
    }, STALE_MS);
  }

  #unwatch(): void {
    clearTimeout(this.#staleTimer);
  }

  #unsubscribe(): void {
    this.#unwatch();
    this.#subscription?.close();
    this.#subscription = undefined;
    this.#engine?.lost();
  }

  #stop(): void {
    this.#unsubscribe();
    this.#engine?.close();
    this.#engine = undefined;
    this.#state = { phase: "waiting", connected: true };
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
