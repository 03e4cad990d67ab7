/** Renders the client at an address over a mock site that answers as the API document says. */
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { RouterProvider, createMemoryRouter } from "react-router";
import { vi } from "vitest";
import { type Handlers, fetchOf } from "../../mock/contract";
import { type Wishes, mockSite } from "../../mock/site";
import { makeQueryClient } from "../api/query-client";
import { routes } from "../routes";

/** @param over handlers in the place of the mock site's own, by path. */
export function renderAt(path: string, wishes: Wishes = {}, over: Handlers = {}) {
  const site = mockSite(wishes);
  const merged: Handlers = { ...site.handlers };
  for (const [key, methods] of Object.entries(over)) Object.assign(merged, { [key]: { ...merged[key as keyof Handlers], ...methods } });
  const asked: { method: string; path: string; body: unknown }[] = [];
  const answer = fetchOf(merged);
  vi.stubGlobal("fetch", async (input: Request) => {
    const text = await input.clone().text();
    asked.push({ method: input.method, path: new URL(input.url).pathname, body: text ? (JSON.parse(text) as unknown) : undefined });
    return answer(input);
  });
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  const client = makeQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  /** The last request with this method. */
  const sent = (method: string) => asked.findLast((request) => request.method === method);
  return { site, router, client, asked, sent, at: () => `${router.state.location.pathname}${router.state.location.search}` };
}
