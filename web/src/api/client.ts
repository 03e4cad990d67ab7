/**
 * The typed client of the site's API. Calls either return what the document promises or throw a `Failure`.
 * It keeps no state: signing in is a cookie, caching is `queries.ts`.
 */
import createClient from "openapi-fetch";
import type { paths } from "./generated/site";
import { failureOf, unreachable } from "./problems";

/** Any `fetch`: the page's own, or one over another carrier. Asked for at each call, so that tests may put theirs in. */
type Fetch = (request: Request) => Promise<Response>;

/** A client over a carrier. */
export function clientOver(fetch: Fetch) {
  return createClient<paths>({ baseUrl: globalThis.location.origin, credentials: "same-origin", fetch });
}

/** The client of the site that served this page. */
export const api = clientOver((request) => globalThis.fetch(request));

/** What `openapi-fetch` answers. */
interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer. @throws {Failure} on a problem, or when no answer came. */
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!answer.response.ok) throw failureOf(answer.error, answer.response.status);
  return answer.data as T;
}
