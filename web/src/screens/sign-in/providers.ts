/** Where a sign-in by a provider leads afterwards, kept in this tab while the browser is away. Nothing else is kept. */
import { safeNext } from "../../paths";

const KEY = "martello.sign-in.next";

export function rememberNext(next: string): void {
  sessionStorage.setItem(KEY, next);
}

/** Where to go, once: a path of this client, never another origin. */
export function takeNext(): string {
  const next = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return safeNext(next);
}
