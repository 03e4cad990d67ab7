/** The form of "By address": what is wrong with it, and the request that it stands for. Pure. */
import type { Codec, NewCamera, Transport } from "../../api/types";

export interface Manual {
  kind: "axis" | "rtsp";
  address: string;
  mainUrl: string;
  subUrl: string;
  user: string;
  password: string;
  name: string;
  codec: Codec;
  transport: Transport;
  record: boolean;
  audio: boolean;
}

/** @param host a found device's address that does not speak VAPIX. */
export const emptyManual = (host: string): Manual => ({
  kind: host ? "rtsp" : "axis", address: "", mainUrl: host ? `rtsp://${host}/` : "", subUrl: "", user: "", password: "", name: "",
  codec: "h264", transport: "tcp", record: true, audio: true,
});

/** An address without its user and password, and these. */
export function withoutCredentials(text: string): { url: string; user: string; password: string } {
  const match = /^(rtsps?:\/\/)([^/@:]*)(?::([^/@]*))?@(.*)$/i.exec(text.trim());
  if (!match) return { url: text, user: "", password: "" };
  const [, scheme = "", user = "", password = "", rest = ""] = match;
  return { url: scheme + rest, user: decoded(user), password: decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const isRtsp = (text: string) => /^rtsps?:\/\/[^/\s]+/i.test(text.trim());

/** What is wrong, by field; nothing when it can be sent. */
export function wrongWith(form: Manual): { address?: string; mainUrl?: string; subUrl?: string } {
  if (form.kind === "axis") return form.address.trim() ? {} : { address: "Type the camera's address." };
  return {
    ...(isRtsp(form.mainUrl) ? {} : { mainUrl: "Type an address that begins with rtsp://." }),
    ...(form.subUrl.trim() && !isRtsp(form.subUrl) ? { subUrl: "Type an address that begins with rtsp://, or leave it empty." } : {}),
  };
}

export function manualRequest(form: Manual): NewCamera {
  const address = form.address.trim().replace(/\/+$/, "");
  return {
    name: form.name.trim() || null,
    source:
      form.kind === "axis"
        ? { kind: "axis", address: /^https?:\/\//i.test(address) ? address : `http://${address}`, ...(form.codec === "h265" ? { codec: "h265" } : {}) }
        : { kind: "rtsp", main_url: form.mainUrl.trim(), ...(form.subUrl.trim() ? { sub_url: form.subUrl.trim() } : {}) },
    user: form.user.trim() || null,
    password: form.password || null,
    transport: form.transport,
    audio: form.audio,
    record: form.record,
    retention_days: null,
  };
}
