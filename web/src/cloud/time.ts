/** Times on the cloud's pages are those of the person who reads them: a cloud stands anywhere. */
import { useEffect, useState } from "react";

/** IANA name of this browser's zone. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** This device's time, ms since 1970, renewed after `everyMs`. */
export function useNow(everyMs = 10_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
