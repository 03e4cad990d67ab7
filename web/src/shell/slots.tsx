/**
 * Places in the top bar that a screen fills: `TopBarStart` beside the site's name (tabs, layouts), `TopBarEnd` before
 * the clock (what acts on the whole screen). On a phone both stand in a row of their own under the bar.
 */
import { type ReactNode, createContext, useContext } from "react";
import { createPortal } from "react-dom";

/** Elements that the shell offers; null until it has drawn them. */
export const Slots = createContext<{ start: HTMLElement | null; end: HTMLElement | null }>({ start: null, end: null });

export function TopBarStart({ children }: { children: ReactNode }) {
  const { start } = useContext(Slots);
  return start ? createPortal(children, start) : null;
}

export function TopBarEnd({ children }: { children: ReactNode }) {
  const { end } = useContext(Slots);
  return end ? createPortal(children, end) : null;
}
