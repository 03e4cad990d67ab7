/** The providers around every screen. Not a place for state: the URL and the query cache are. */
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { RouterProvider } from "react-router";
import { makeQueryClient } from "./api/query-client";
import { preload, router } from "./routes";

const client = makeQueryClient();

/** When the page has nothing else to do. */
const atLeisure = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 1000));

export function App() {
  useEffect(() => void atLeisure(() => preload()), []);
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
