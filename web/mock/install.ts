/**
 * Puts the mock site in the place of the network: `npm run mock`. `?mock=` says which state is wanted (see `Mood`);
 * all states are linked at `/gallery`.
 */
import { fetchOf } from "./contract";
import { type CodecOf, LiveScenes, recordedScene } from "./pictures";
import { mockSite } from "./site";

/** How the mock site is. */
export type Mood =
  | "signed-out"
  | "setup"
  /** Nothing was added yet. */
  | "empty"
  /** Signed in as somebody who may only watch. */
  | "denied"
  /** Everything but who is signed in takes for ever. */
  | "loading"
  /** Everything but who is signed in is refused. */
  | "failing"
  /** The connection broke after the page had come. */
  | "offline"
  /** Somebody has changed the audit log in the database. */
  | "tampered"
  /** The certificate was installed by somebody, and ends soon. */
  | "expiring";

/** How long an answer takes, ms. */
const SLOW_MS = 80;
/** What answers in every mood, so that there is a house around the room. */
const HOUSE = /^\/v1\/(session|setup|site)$/;

/** A socket that is open and says nothing, or that breaks at once. */
class QuietSocket extends EventTarget {
  readyState = 1;
  binaryType = "blob";
  bufferedAmount = 0;
  constructor(breaks: boolean) {
    super();
    setTimeout(() => this.dispatchEvent(new Event(breaks ? "close" : "open")), 50);
  }
  send() {}
  close() {}
}

export function install(): void {
  const mood = new URLSearchParams(globalThis.location.search).get("mock") as Mood | null;
  const network = globalThis.fetch;
  const mock = mockSite({ signedIn: mood !== "signed-out" && mood !== "setup", setUpNeeded: mood === "setup", empty: mood === "empty", viewer: mood === "denied", expiring: mood === "expiring" }, SLOW_MS);
  if (mood === "tampered") mock.state.auditBrokenAt = 17;
  const site = fetchOf(mock.handlers);
  const codecOf: CodecOf = (id, stream) => {
    const camera = mock.state.cameras.find((one) => one.id === id);
    if (camera?.streams.length === 0) return undefined;
    const codec = camera?.streams.find(({ kind }) => kind === stream)?.video_codec ?? "";
    return codec.startsWith("hvc1") ? codec : "vp8";
  };

  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input), globalThis.location.origin);
    if (!url.pathname.startsWith("/v1/")) return network(input, init);
    if (!HOUSE.test(url.pathname)) {
      if (mood === "loading") return new Promise(() => undefined);
      if (mood === "failing") return Response.json({ type: "about:blank", status: 409, code: "conflict", title: "The site could not do this.", detail: "Another change was made at the same time." }, { status: 409 });
    }
    const media = /^\/v1\/cameras\/([^/]+)\/(?:playback|keyframe)$/.exec(url.pathname);
    if (media?.[1]) return recordedScene(media[1], url.searchParams, codecOf(media[1], url.searchParams.get("stream") ?? "main") ?? "vp8");
    return site(input, init);
  };
  // The development server's own socket must stay.
  const Real = globalThis.WebSocket;
  globalThis.WebSocket = new Proxy(Real, {
    construct: (_, [url, protocols]: [string | URL, string | string[] | undefined]) => {
      if (String(url).endsWith("/v1/live") && mood !== "offline") return new LiveScenes(codecOf) as unknown as WebSocket;
      return String(url).includes("/v1/") ? (new QuietSocket(mood === "offline") as unknown as WebSocket) : new Real(url, protocols);
    },
  });
}
