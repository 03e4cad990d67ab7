/** The providers around every screen. Not a place for state: the URL and the query cache are. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { RouterProvider } from "react-router";
import { Failure, isPassing } from "./api/problems";
import { keys } from "./api/queries";
import { preload, router } from "./routes";

/** Tries before a question that got no answer is shown as failed. */
const TRIES = 2;

export function makeQueryClient(): QueryClient {
  /** The sign-in has ended: whoever asks for the session next learns it, and the shell leads to the sign-in. */
  const onError = (error: unknown) => {
    if (error instanceof Failure && error.code === "sign-in-required") client.setQueryData(keys.session, null);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < TRIES && isPassing(error),
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
  return client;
}

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
