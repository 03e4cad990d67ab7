/** A change of a service with its state: under way, done, why not. Which changes there are is not here. */
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Failure } from "./problems";

/** A change with its state; when it is done, what `stale` names is asked again. */
export function useChange<Argument, Result>(change: (argument: Argument) => Promise<Result>, stale: readonly QueryKey[] = []) {
  const queries = useQueryClient();
  return useMutation<Result, Failure, Argument>({
    mutationFn: change,
    onSuccess: () => Promise.all(stale.map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
