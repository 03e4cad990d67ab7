/** Lets `/` put the focus into the filter of a list. */
import { useRef } from "react";
import { useKeys } from "../keys/useKeys";

export function useFilterKey() {
  const input = useRef<HTMLInputElement>(null);
  useKeys({ filter: () => input.current?.focus() });
  return input;
}
