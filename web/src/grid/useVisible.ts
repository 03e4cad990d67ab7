/** Whether an element can be seen: on the screen (or nearly), on a page that is shown. Hidden tiles take no stream. */
import { useEffect, useState, useSyncExternalStore } from "react";

const onVisibility = (listener: () => void) => {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
};

export function usePageVisible(): boolean {
  return useSyncExternalStore(onVisibility, () => document.visibilityState === "visible");
}

/** Also tells the element's width in CSS pixels. */
export function useVisible(element: Element | null): { visible: boolean; width: number } {
  const page = usePageVisible();
  const [seen, setSeen] = useState(false);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element) return undefined;
    const seeing = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), { rootMargin: "80px" });
    const sizing = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    seeing.observe(element);
    sizing.observe(element);
    return () => {
      seeing.disconnect();
      sizing.disconnect();
    };
  }, [element]);
  return { visible: page && seen, width };
}
