/** Puts the mock site in the place of the network: `npm run mock`, then `?mock=signed-out`, `setup` or `empty` to see other states. */
import { fetchOf } from "./contract";
import { mockSite } from "./site";

/** A socket that is open and says nothing. */
class QuietSocket extends EventTarget {
  static readonly OPEN = 1;
  readyState = 1;
  binaryType = "blob";
  bufferedAmount = 0;
  constructor() {
    super();
    setTimeout(() => this.dispatchEvent(new Event("open")), 50);
  }
  send() {}
  close() {}
}

export function install(): void {
  const wish = new URLSearchParams(globalThis.location.search).get("mock");
  const network = globalThis.fetch;
  const site = fetchOf(mockSite({ signedIn: wish !== "signed-out" && wish !== "setup", setUpNeeded: wish === "setup", empty: wish === "empty" }, 300).handlers);
  globalThis.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return new URL(url, globalThis.location.origin).pathname.startsWith("/v1/") ? site(input, init) : network(input, init);
  };
  // The development server's own socket must stay.
  const Real = globalThis.WebSocket;
  globalThis.WebSocket = new Proxy(Real, {
    construct: (_, [url, protocols]: [string | URL, string | string[] | undefined]) => (String(url).includes("/v1/") ? (new QuietSocket() as unknown as WebSocket) : new Real(url, protocols)),
  });
}
