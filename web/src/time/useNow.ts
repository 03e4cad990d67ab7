/** The site's clock and zone, for screens. The page's own clock may be wrong: the site's counts. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { siteQuery } from "../api/queries";

/** IANA name of the site's time zone; UTC until it is known. */
export function useZone(): string {
  return useQuery(siteQuery).data?.time_zone ?? "UTC";
}

/** Milliseconds to add to `Date.now()` to get the site's time; 0 until it is known. */
export function useClockOffset(): number {
  const site = useQuery(siteQuery).data;
  return site ? Date.parse(site.time) - site.askedAtMs : 0;
}

/** The site's time in milliseconds, renewed on every full second of it. */
export function useSiteNow(): number {
  const offset = useClockOffset();
  const [now, setNow] = useState(() => Date.now() + offset);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const tick = () => {
      const time = Date.now() + offset;
      setNow(time);
      timer = setTimeout(tick, 1000 - (time % 1000) + 5);
    };
    tick();
    return () => clearTimeout(timer);
  }, [offset]);
  return now;
}
