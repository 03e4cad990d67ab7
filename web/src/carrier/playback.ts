/**
 * Recorded frames over HTTP: playback as a stream of records, and single key frames.
 *
 * What is here: the requests, and their end. What is not here: reading ahead (`read-ahead.ts`), decoding, clocks, and which
 * frame is to be shown.
 */
import { PIECE, ReadAhead, type PieceAsk, type PlaybackAsk } from "./read-ahead";
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

/**
 * The records of a range, in order. Whoever takes them slowly is read ahead for by some megabytes; leaving the loop, or
 * aborting `signal`, ends the requests.
 */
export async function* playback(ask: PlaybackAsk, signal: AbortSignal): AsyncGenerator<MediaRecord, void, void> {
  const left = new AbortController();
  const ahead = new ReadAhead(ask, AbortSignal.any([signal, left.signal]), piece);
  try {
    for (;;) {
      const record = await ahead.next();
      if (!record) return;
      yield record;
    }
  } finally {
    left.abort();
  }
}

async function piece(ask: PieceAsk, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const query = new URLSearchParams({ stream: ask.stream, from: rfc3339(ask.fromUs), to: rfc3339(ask.toUs), audio: String(ask.audio), piece: String(PIECE) });
  if (ask.flac) query.set("sound", "flac");
  if (ask.resume) query.set("resume", "true");
  const answer = await fetch(`/v1/cameras/${ask.camera}/playback?${query.toString()}`, { signal, credentials: "same-origin" });
  if (!answer.ok || !answer.body) throw new PlaybackFailed(answer.status, await reasonOf(answer));
  return answer.body;
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
