/** The site, how it is reached, the site's clock, and who is signed in. Screens put their own things into its two slots. */
import { useQuery } from "@tanstack/react-query";
import { CircleUser } from "lucide-react";
import type { EventSocket } from "../api/events";
import { siteQuery } from "../api/queries";
import { useSession } from "../session/useSession";
import { clock, day, zoneName } from "../time/format";
import { useSiteNow, useZone } from "../time/useNow";
import { Button, Skeleton } from "../ui";
import { ConnectionBadge } from "./ConnectionBadge";
import { Logo } from "./Logo";
import styles from "./TopBar.module.css";
import { UserMenu } from "./UserMenu";

interface Props {
  socket: EventSocket;
  onStart: (slot: HTMLElement | null) => void;
  onEnd: (slot: HTMLElement | null) => void;
  onHelp: () => void;
}

export function TopBar({ socket, onStart, onEnd, onHelp }: Props) {
  const site = useQuery(siteQuery).data;
  const session = useSession();
  return (
    <>
      <header className={styles.top}>
        <span className={styles.logo}><Logo size={24} /></span>
        <span className={styles.site}>{site ? site.name : <Skeleton width={120} />}</span>
        <ConnectionBadge socket={socket} />
        <div className={styles.start} ref={onStart} />
        <div className={styles.right}>
          <div className={styles.end} ref={onEnd} />
          <Clock />
          <span className={styles.user}>
            <UserMenu onHelp={onHelp} button={<Button look="quiet" icon={<CircleUser />}>{session?.user ?? ""}</Button>} />
          </span>
        </div>
      </header>
    </>
  );
}

/** The site's time: all times on all screens are in this zone. */
function Clock() {
  const now = useSiteNow();
  const zone = useZone();
  const known = useQuery(siteQuery).isSuccess;
  if (!known) return null;
  return (
    <time className={styles.clock} dateTime={new Date(now).toISOString()} title={`${day(now, zone, now)}, time of the site (${zone})`}>
      {clock(now, zone)} <small>{zoneName(now, zone)}</small>
    </time>
  );
}
