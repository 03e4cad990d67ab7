/**
 * Saving a clip: the marked range of one camera as an MP4 in the browser's downloads.
 *
 * What is here: the request with progress and cancel. What is not here: marking (`Screen.tsx`), words (`ClipButton.tsx`).
 */
import { reasonOf } from "../../carrier/playback";
import { download } from "../../player/surface";
import { rfc3339 } from "../../timeline/zone";

export interface ClipAsk {
  camera: string;
  fromUs: number;
  toUs: number;
  audio: boolean;
}

/** Where a clip comes from. */
export function clipUrl({ camera, fromUs, toUs, audio }: ClipAsk): string {
  const query = new URLSearchParams({ from: rfc3339(fromUs), to: rfc3339(toUs), audio: String(audio) });
  return `/v1/cameras/${camera}/clip?${query.toString()}`;
}

/** The server's name for the file, where it gives one. Pure. */
export function nameIn(disposition: string | null): string | undefined {
  const star = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  if (star) {
    try {
      return decodeURIComponent(star);
    } catch {
      return undefined;
    }
  }
  return /filename="([^"]+)"/i.exec(disposition ?? "")?.[1];
}

/** Saves a clip. `progress`: bytes that have come, and of how many (where the server says so). Rejects with words for people. */
export async function saveClip(ask: ClipAsk, name: string, progress: (got: number, of: number | undefined) => void, signal: AbortSignal): Promise<void> {
  const answer = await fetch(clipUrl(ask), { signal, credentials: "same-origin" });
  if (!answer.ok || !answer.body) throw new Error(await reasonOf(answer));
  const of = Number(answer.headers.get("content-length")) || undefined;
  const reader = answer.body.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let got = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    got += value.byteLength;
    progress(got, of);
  }
  download(new Blob(parts, { type: "video/mp4" }), nameIn(answer.headers.get("content-disposition")) ?? name);
}
