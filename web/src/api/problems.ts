/** Errors as people meet them: the site's problems (RFC 9457), and the case that no answer came. Shows nothing itself. */
import type { Problem, ProblemCode } from "./types";

/** A code of the site, or `unreachable`: no answer, or one that is none of the site's. */
export type FailureCode = ProblemCode | "unreachable";

/** What every call of the API throws. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  /** What to do next, where there is something to do. */
  readonly detail: string | undefined;
  /** Seconds until trying again makes sense. */
  readonly retryAfterS: number | undefined;

  constructor(code: FailureCode, title: string, detail?: string | null, retryAfterS?: number | null) {
    super(title);
    this.code = code;
    this.detail = detail ?? undefined;
    this.retryAfterS = retryAfterS ?? undefined;
  }
}

/** No answer came. */
export function unreachable(): Failure {
  return new Failure("unreachable", "The site does not answer.", "Check the network, and that the site server runs.");
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "title" in body;
}

/** The failure that an error body stands for. */
export function failureOf(body: unknown, status: number): Failure {
  if (isProblem(body)) return new Failure(body.code, body.title, body.detail, body.retry_after_s);
  if (status === 401) return new Failure("sign-in-required", "Nobody is signed in.");
  return new Failure("unreachable", `An unexpected answer: status ${status}.`, "Try again in a moment.");
}

/** Any thrown thing as a failure. */
export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : unreachable();
}

/** Whether trying the same request again can help by itself. */
export function isPassing(error: unknown): boolean {
  const { code } = asFailure(error);
  return code === "unreachable" || code === "busy" || code === "internal";
}
