/**
 * Recorded frames over HTTP: playback as a stream of records, and single key frames.
 *
 * What is here: the requests, with their backpressure (a record is read when it is asked for) and their end.
 * What is not here: decoding, clocks, and which frame is to be shown.
 */
import { RecordSplitter, type MediaRecord } from "./record";
import type { StreamKind } from "./live-socket";
import { rfc3339 } from "../timeline/zone";

/** The server refused, or the connection broke. */
export class PlaybackFailed extends Error {
  override readonly name = "PlaybackFailed";
  /** Of the answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface PlaybackAsk {
  camera: string;
  stream: StreamKind;
  /** µs since 1970. */
  fromUs: number;
  toUs: number;
  audio: boolean;
  /** G.711 as FLAC, for MSE. */
  flac?: boolean;
}

/**
 * The records of a range, in order. Whoever reads slowly makes the server send slowly; leaving the loop, or aborting
 * `signal`, ends the request.
 */
export async function* playback(ask: PlaybackAsk, signal: AbortSignal): AsyncGenerator<MediaRecord, void, void> {
  const query = new URLSearchParams({ stream: ask.stream, from: rfc3339(ask.fromUs), to: rfc3339(ask.toUs), audio: String(ask.audio) });
  if (ask.flac) query.set("sound", "flac");
  const answer = await fetch(`/v1/cameras/${ask.camera}/playback?${query.toString()}`, { signal, credentials: "same-origin" });
  if (!answer.ok || !answer.body) throw new PlaybackFailed(answer.status, await reasonOf(answer));
  const reader = answer.body.getReader();
  const splitter = new RecordSplitter();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* splitter.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The init record and the key frame at or before `atUs`; nothing where nothing is recorded. */
export async function keyframe(camera: string, stream: StreamKind, atUs: number, signal: AbortSignal): Promise<MediaRecord[]> {
  const query = new URLSearchParams({ stream, at: rfc3339(atUs) });
  const answer = await fetch(`/v1/cameras/${camera}/keyframe?${query.toString()}`, { signal, credentials: "same-origin" });
  if (answer.status === 204) return [];
  if (!answer.ok) throw new PlaybackFailed(answer.status, await reasonOf(answer));
  return new RecordSplitter().push(new Uint8Array(await answer.arrayBuffer()));
}

/** Why a recording cannot be shown, for people. */
export function whyNot(error: unknown): string {
  if (error instanceof PlaybackFailed) return error.message;
  return error instanceof TypeError ? "The connection to the site broke." : "This recording cannot be read.";
}

/** What a problem answer (RFC 9457) says to a person. */
export async function reasonOf(answer: Response): Promise<string> {
  try {
    const problem = (await answer.json()) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? `The server answered ${answer.status}.`;
  } catch {
    return `The server answered ${answer.status}.`;
  }
}
