/**
 * The typed client of the site's API. Calls either return what the document promises or throw a `Failure`.
 * It keeps no state: signing in is a cookie, caching is `queries.ts`.
 */
import createClient from "openapi-fetch";
import { bodyFrom } from "./answer";
import type { paths } from "./generated/site";
import { unreachable } from "./problems";

/** Any `fetch`: the page's own, or one over another carrier. Asked for at each call, so that tests may put theirs in. */
type Fetch = (request: Request) => Promise<Response>;

/** A client over a carrier. */
export function clientOver(fetch: Fetch) {
  return createClient<paths>({ baseUrl: globalThis.location.origin, credentials: "same-origin", fetch });
}

/** The client of the site that served this page. */
export const api = clientOver((request) => globalThis.fetch(request));

/** The body of an answer. @throws {Failure} on a problem, or when no answer came. */
export const body = bodyFrom(unreachable);
