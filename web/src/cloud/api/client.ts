/** The typed client of the cloud that served this page. It keeps no state: signing in is a cookie, caching is `queries.ts`. */
import createClient from "openapi-fetch";
import { bodyFrom } from "../../api/answer";
import type { paths } from "../../api/generated/cloud";
import { Failure } from "../../api/problems";

// Asked for at each call, so that tests may put theirs in.
export const api = createClient<paths>({ baseUrl: globalThis.location.origin, credentials: "same-origin", fetch: (request) => globalThis.fetch(request) });

const silence = () => new Failure("unreachable", "The cloud does not answer.", "Check this device's network. Sites go on recording meanwhile.");

/** The body of an answer. @throws {Failure} on a problem, or when no answer came. */
export const body = bodyFrom(silence);
