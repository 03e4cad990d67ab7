/**
 * Still pictures of the mock site as media records, live and played back: one key frame a scene, sent again and again.
 * What is not here: movement, sound, any other stream than the one that was asked for.
 */
import { HEADER, KEY, Kind } from "../src/carrier/record";
import { parseRfc3339 } from "../src/timeline/zone";
import hall from "./scenes/hall.vp8?url";
import harbour from "./scenes/harbour.vp8?url";
import street from "./scenes/street.vp8?url";

const scenes = [harbour, street, hall];
const bytesOf = new Map<string, Promise<Uint8Array>>();

/** The picture of a camera, VP8, 640 × 360. */
function picture(camera: string): Promise<Uint8Array> {
  const url = scenes[Number.parseInt(camera.slice(-4), 16) % scenes.length] ?? harbour;
  const known = bytesOf.get(url) ?? fetch(url).then(async (answer) => new Uint8Array(await answer.arrayBuffer()));
  bytesOf.set(url, known);
  return known;
}

/** A record's bytes: crates/api/src/record.rs has the layout. */
function record(kind: number, subscription: number, wallUs: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([kind, kind === Kind.Frame ? KEY : 0, 0, 1]);
  view.setUint32(4, subscription);
  view.setBigInt64(8, BigInt(wallUs));
  view.setUint32(24, 3600);
  bytes.set(payload, HEADER);
  return bytes;
}

function init(subscription: number, stream: string, codec: string): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ codec, mse: "", description: "", timescale: 90_000, width: 640, height: 360, stream }));
  const payload = new Uint8Array(4 + json.length);
  new DataView(payload.buffer).setUint32(0, json.length);
  payload.set(json, 4);
  return record(Kind.Init, subscription, 0, payload);
}

/** How a camera codes a stream here: H.265 stays what it is, for this is a state to be looked at. */
export type CodecOf = (camera: string, stream: string) => string | undefined;

const US = 1000;
/** Pictures follow each other so soon, ms. */
const EVERY_MS = 40;
/** A picture that was sent once comes again so soon, ms: before it is called stale. */
const AGAIN_MS = 500;

/** The live socket of the mock site: answers `subscribe` with a picture. */
export class LiveScenes extends EventTarget {
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readyState = 0;
  binaryType = "blob";
  readonly #timers = new Map<number, ReturnType<typeof setInterval>>();

  constructor(private readonly codecOf: CodecOf) {
    super();
    setTimeout(() => {
      this.readyState = 1;
      this.onopen?.();
    }, 20);
  }

  send(text: string): void {
    const asked = JSON.parse(text) as { do: string; subscription: number; camera: string; stream: string };
    clearInterval(this.#timers.get(asked.subscription));
    const codec = asked.do === "subscribe" ? this.codecOf(asked.camera, asked.stream) : undefined;
    if (codec) void this.#play(asked.subscription, asked.camera, asked.stream, codec);
  }

  async #play(subscription: number, camera: string, stream: string, codec: string): Promise<void> {
    const bytes = await picture(camera);
    const began = Date.now() * US;
    let sent = 0;
    const send = () => this.onmessage?.({ data: record(Kind.Frame, subscription, Math.max(Date.now() * US, began + sent++), bytes).buffer });
    this.onmessage?.({ data: init(subscription, stream, codec).buffer });
    send();
    this.#timers.set(subscription, setInterval(send, AGAIN_MS));
  }

  close(): void {
    for (const timer of this.#timers.values()) clearInterval(timer);
    this.readyState = 3;
  }
}

const framed = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return [length, bytes];
};

/** Two seconds of a recording, or its key frame. */
export async function recordedScene(camera: string, query: URLSearchParams, codec: string): Promise<Response> {
  const bytes = await picture(camera);
  const from = parseRfc3339(query.get("at") ?? query.get("from") ?? "");
  const many = query.has("at") ? 1 : 2000 / EVERY_MS;
  const frames = Array.from({ length: many }, (_, number) => record(Kind.Frame, 0, from + number * EVERY_MS * US, bytes));
  return new Response(new Blob([init(0, query.get("stream") ?? "main", codec), ...frames].flatMap(framed)), { headers: { "content-type": "application/x-martello-records" } });
}
