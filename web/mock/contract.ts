/**
 * Handlers that must answer what the API document says, and the fetch that asks them. Used by component tests and by
 * `npm run mock`. No test against a real server uses it.
 */
import type { paths } from "../src/api/generated/site";
import type { Problem, ProblemCode } from "../src/api/types";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Content<R> = R extends { content: { "application/json": infer Body } } ? Body : never;
type Good<Responses> = { [Status in keyof Responses]: Status extends 200 | 201 | 202 ? Content<Responses[Status]> : never }[keyof Responses];
/** What an operation answers when all is well; `undefined` where it answers nothing. */
type AnswerOf<Operation> = Operation extends { responses: infer Responses } ? ([Good<Responses>] extends [never] ? undefined : Good<Responses>) : never;
type BodyOf<Operation> = Operation extends { requestBody: { content: { "application/json": infer Body } } } ? Body : undefined;

/** A request as a handler sees it. */
export interface Call<Body> {
  body: Body;
  /** Values of the path's parameters, in order. */
  path: readonly string[];
  query: URLSearchParams;
}

type Handler<Operation> = (call: Call<BodyOf<Operation>>) => AnswerOf<Operation> | Promise<AnswerOf<Operation>>;

/** Handlers by path and method of the document. */
export type Handlers = { [Path in keyof paths]?: { [M in Method as paths[Path][M] extends undefined ? never : M]?: Handler<paths[Path][M]> } };

/** A handler throws this to answer with a problem. */
export class ProblemAnswer extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** @throws {ProblemAnswer} always. */
export function refuse(status: number, code: ProblemCode, title: string, detail?: string, retryAfterS?: number): never {
  throw new ProblemAnswer({ type: "about:blank", status, code, title, ...(detail ? { detail } : {}), ...(retryAfterS ? { retry_after_s: retryAfterS } : {}) });
}

const json = (body: unknown, status: number, type = "application/json") =>
  new Response(body === undefined ? null : JSON.stringify(body), { status: body === undefined ? 204 : status, headers: { "content-type": type } });

/** A `fetch` that asks the handlers; what they do not know is a 404. */
export function fetchOf(handlers: Handlers): typeof fetch {
  const routes = Object.entries(handlers).map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "([^/]+)")}$`),
    methods: methods as Partial<Record<Method, Handler<unknown>>>,
  }));
  return async (input, init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const url = new URL(request.url);
    for (const { pattern, methods } of routes) {
      const match = pattern.exec(url.pathname);
      const handler = match && methods[request.method.toLowerCase() as Method];
      if (!handler) continue;
      const text = await request.text();
      try {
        const answer = await handler({ body: (text ? JSON.parse(text) : undefined) as never, path: match.slice(1), query: url.searchParams });
        return json(answer, 200);
      } catch (error) {
        if (error instanceof ProblemAnswer) return json(error.problem, error.problem.status, "application/problem+json");
        throw error;
      }
    }
    return json({ type: "about:blank", status: 404, code: "not-found", title: "There is no such thing." } satisfies Problem, 404, "application/problem+json");
  };
}
