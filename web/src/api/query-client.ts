/** The cache of answers: how often a question is tried, how long an answer holds. Which questions there are is not here. */
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Failure, isPassing } from "./problems";

/** Where every client keeps who is signed in. */
export const sessionKey = ["session"] as const;

/** Tries before a question that got no answer is shown as failed. */
const TRIES = 2;

export function makeQueryClient(): QueryClient {
  /** The sign-in has ended: whoever asks for the session next learns it, and the shell leads to the sign-in. */
  const onError = (error: unknown) => {
    if (error instanceof Failure && error.code === "sign-in-required") client.setQueryData(sessionKey, null);
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
