/**
 * What a tile says about its camera: words and tone from the camera's state and the tile's own frames. Pure.
 *
 * What is not here: how it is drawn.
 */
import type { Camera } from "../api/types";
import type { LiveState } from "../player/live-player";
import { clock } from "../time/format";

export interface TileStatus {
  /** One word for `data-state` and for screen readers. */
  is: "connecting" | "playing" | "stale" | "wrong-password" | "lost" | "unsupported" | "impossible" | "refused";
  /** Said over the tile instead of (or over) the picture; none: the picture stands alone. */
  words?: string;
  /** Said beside the name while the picture runs. */
  tag?: string;
}

const seconds = (ms: number) => `${Math.max(1, Math.ceil(ms / 1000))} s`;

export function statusOf(camera: Pick<Camera, "state" | "last_frame" | "next_try" | "detail" | "has_sub">, live: LiveState, nowMs: number, zone: string, codec: (of: string) => string): TileStatus {
  if (live.phase === "impossible") return { is: "impossible", words: "This browser cannot show video. Use a current Chrome, Edge, Firefox or Safari." };
  if (live.notice?.code === "forbidden" || live.notice?.code === "no-camera") return { is: "refused", words: live.notice.text };
  if (live.phase === "unsupported") {
    const name = codec(live.codec ?? "");
    const rest = live.stream === "main" && camera.has_sub ? "" : " Set the camera to H.264 to see it here.";
    return { is: "unsupported", words: `This browser cannot show ${name}.${rest}` };
  }
  if (!live.connected) return { is: "lost", words: `The connection to the site is lost. Trying again.` };
  if (camera.state === "wrong-password" && live.phase !== "playing") return { is: "wrong-password", words: "The camera refused the name or the password." };
  if (live.phase === "playing") return { is: "playing", ...(camera.state === "storage-trouble" ? { tag: "Not recorded: storage trouble" } : {}) };
  const last = lastFrame(camera, live);
  const again = camera.state === "silent" && camera.next_try ? Date.parse(camera.next_try) - nowMs : undefined;
  if (camera.state === "silent" || live.phase === "stale") {
    const since = last === undefined ? "No frames yet." : `No frames since ${clock(last, zone)}.`;
    return { is: "stale", words: again !== undefined && again > 0 ? `${since} Trying again in ${seconds(again)}.` : `${since} Trying again.` };
  }
  return { is: "connecting" };
}

/** The newer of what the site and what this tile saw last, ms. */
function lastFrame(camera: Pick<Camera, "last_frame">, live: LiveState): number | undefined {
  const site = camera.last_frame ? Date.parse(camera.last_frame) : -Infinity;
  const own = live.lastUs === undefined ? -Infinity : live.lastUs / 1000;
  const last = Math.max(site, own);
  return Number.isFinite(last) ? last : undefined;
}
