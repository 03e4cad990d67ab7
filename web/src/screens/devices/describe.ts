/** A camera in words: how it is, what it sends, how it is kept. Pure. */
import type { Camera, CameraState, Stream } from "../../api/types";
import { bitrate, codecName, count } from "../../time/format";
import type { Tone } from "../../ui";

/** What a state is called, and how much it matters. */
export const states: Record<CameraState, { words: string; tone: Tone }> = {
  "recording": { words: "Recording", tone: "ok" },
  "live": { words: "Live", tone: "ok" },
  "connecting": { words: "Connecting", tone: "idle" },
  "silent": { words: "No frames", tone: "danger" },
  "wrong-password": { words: "Password refused", tone: "warn" },
  "storage-trouble": { words: "Cannot be written", tone: "danger" },
};

/** Whether somebody should look after it. */
export const needsAttention = (camera: Camera): boolean => ["danger", "warn"].includes(states[camera.state].tone);

/** Host, with the port where it is not the usual one. */
export function addressOf(camera: Camera): string {
  const text = camera.source.kind === "axis" ? camera.source.address : camera.source.main_url;
  try {
    return new URL(text).host || text;
  } catch {
    return text;
  }
}

/** "H.264, 1920 × 1080". */
export const pictureOf = (stream: Stream): string => `${codecName(stream.video_codec)}, ${stream.width} × ${stream.height}`;

/** "25 fps, 3.1 Mbit/s, AAC". Rates that are not measured are left out. */
export function ratesOf(stream: Stream): string {
  return [
    stream.fps > 0 ? `${Number(stream.fps.toFixed(1))} fps` : "",
    stream.bits_per_second > 0 ? bitrate(stream.bits_per_second) : "",
    stream.audio_codec ? codecName(stream.audio_codec) : "no sound",
  ].filter(Boolean).join(", ");
}

export const mainStream = (camera: Camera): Stream | undefined => camera.streams.find(({ kind }) => kind === "main") ?? camera.streams[0];

/** "30 days", "while there is room". */
export const keptFor = (camera: Camera): string => (camera.retention_days ? `kept ${count(camera.retention_days, "day")}` : "kept while there is room");

/** Whether all words of a filter occur in what the list shows of a camera. */
export function matches(camera: Camera, filter: string): boolean {
  const text = [camera.name, camera.model, camera.serial, addressOf(camera), states[camera.state].words].join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
