/** Media queries as state. */
import { useCallback, useSyncExternalStore } from "react";

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** A phone, or a window as narrow as one: the shell changes at the same width. */
export const usePhone = (): boolean => useMedia("(max-width: 700px)");
/** Fingers. */
export const useCoarse = (): boolean => useMedia("(pointer: coarse)");
