/** From what `openapi-fetch` answers to what the document promises, or a `Failure`. Which service was asked, the caller knows. */
import { type Failure, failureOf } from "./problems";

/** What `openapi-fetch` answers. */
interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** @param silence what is thrown when no answer came. */
export function bodyFrom(silence: () => Failure) {
  /** The body of an answer. @throws {Failure} on a problem, or when no answer came. */
  return async function body<T>(call: Promise<Answer<T>>): Promise<T> {
    let answer: Answer<T>;
    try {
      answer = await call;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw silence();
    }
    if (!answer.response.ok) throw failureOf(answer.error, answer.response.status);
    return answer.data as T;
  };
}
