/** Which found devices can be added now, and what stands in the way of the others. Pure. */
import type { Found, NewCamera } from "../../api/types";

/** `ready`: name and password are enough. `by-address`: does not speak VAPIX, so its streams must be told. */
export type Readiness = "ready" | "added" | "needs-setup" | "by-address";

export function readiness(found: Found): Readiness {
  if (found.added_as) return "added";
  if (found.needs_setup) return "needs-setup";
  return found.vapix ? "ready" : "by-address";
}

/** "AXIS P3245-LVE": the maker before the model, once. */
export function modelOf({ brand, model, name }: Found): string {
  if (!model) return name;
  return brand && !model.toLowerCase().startsWith(brand.toLowerCase()) ? `${brand} ${model}` : model;
}

/** Settings that many devices get at once. */
export interface Common {
  user: string;
  password: string;
  codec: "h264" | "h265";
  record: boolean;
  audio: boolean;
  /** Days; 0: while there is room. */
  days: number;
}

/** The request that adds a found device. */
export function requestFor(found: Found, common: Common): NewCamera {
  return {
    name: null,
    source: { kind: "axis", address: found.http_url, ...(found.rtsp_port && found.rtsp_port !== 554 ? { rtsp_port: found.rtsp_port } : {}), ...(common.codec === "h265" ? { codec: "h265" } : {}) },
    user: common.user.trim() || null,
    password: common.password || null,
    transport: "tcp",
    audio: common.audio,
    record: common.record,
    retention_days: common.days || null,
  };
}

/** Whether all words of a filter occur in what the list shows of a device. */
export function matches(found: Found, filter: string): boolean {
  const text = [found.name, found.model, found.brand, found.serial, found.address, found.firmware].join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
