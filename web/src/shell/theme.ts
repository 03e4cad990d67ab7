/** Dark or light: kept in this browser, not at the site. */
import { useSyncExternalStore } from "react";

export type Theme = "dark" | "light" | "system";

/** What can be chosen, in words. */
export const themes: readonly { value: Theme; label: string }[] = [{ value: "dark", label: "Dark" }, { value: "light", label: "Light" }, { value: "system", label: "As this device" }];

const KEY = "martello.theme";
const listeners = new Set<() => void>();
const prefersLight = globalThis.matchMedia?.("(prefers-color-scheme: light)");

export function theme(): Theme {
  const stored = globalThis.localStorage?.getItem(KEY);
  return stored === "light" || stored === "system" ? stored : "dark";
}

function show() {
  const light = theme() === "light" || (theme() === "system" && prefersLight?.matches);
  document.documentElement.dataset["theme"] = light ? "light" : "dark";
}

export function setTheme(next: Theme): void {
  globalThis.localStorage.setItem(KEY, next);
  show();
  for (const listener of listeners) listener();
}

/** Called once, before the first screen is drawn. */
export function startTheme(): void {
  show();
  prefersLight?.addEventListener("change", show);
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    theme,
  );
}
