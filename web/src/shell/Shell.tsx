/** The house around every room: rail, top bar, bar of truth, tabs on a phone. Lets nobody in who is not signed in. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { Navigate, Outlet, useLocation, useNavigate } from "react-router";
import { EventSocket } from "../api/events";
import { asFailure } from "../api/problems";
import { sessionQuery, siteQuery } from "../api/queries";
import { useKeys } from "../keys/useKeys";
import { paths } from "../paths";
import { useCan } from "../session/useSession";
import { Empty, Problem } from "../ui";
import { BottomBar } from "./BottomBar";
import { KeyHelp } from "./KeyHelp";
import { Logo } from "./Logo";
import { PhoneTabs } from "./PhoneTabs";
import { RightsNotice } from "./RightsNotice";
import { useRooms } from "./rooms";
import { Rail } from "./Rail";
import { Slots } from "./slots";
import styles from "./Shell.module.css";
import { TopBar } from "./TopBar";

/** Where the event socket is. */
const eventsUrl = () => `${globalThis.location.origin.replace(/^http/, "ws")}/v1/events`;

export function Shell() {
  const session = useQuery(sessionQuery);
  const { pathname, search } = useLocation();
  const wasIn = useRef(false);
  useEffect(() => {
    if (session.data) wasIn.current = true;
  }, [session.data]);
  if (session.isPending) return <div className={styles.waiting}><Logo size={40} /><span className="sr-only" role="status">Martello loads</span></div>;
  if (session.data === undefined) {
    return (
      <main className={styles.waiting}>
        <Empty icon={<Logo size={40} />} title="The site does not answer">Nothing can be shown until it does.</Empty>
        <Problem of={asFailure(session.error)} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  if (session.data === null) {
    const next = `${pathname}${search}`;
    return <Navigate to={paths.signIn(next === "/" ? {} : { next })} state={{ ended: wasIn.current }} replace />;
  }
  return <House />;
}

function House() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [start, setStart] = useState<HTMLElement | null>(null);
  const [end, setEnd] = useState<HTMLElement | null>(null);
  const [help, setHelp] = useState(false);
  const slots = useMemo(() => ({ start, end }), [start, end]);
  const socket = useMemo(() => new EventSocket(queries, eventsUrl()), [queries]);
  useEffect(() => socket.start(), [socket]);
  useQuery(siteQuery);
  const rooms = useRooms();
  const mayExport = useCan("export");
  /** To a room that the person may enter. */
  const go = (name: string) => () => {
    const room = rooms.find((one) => one.name === name);
    if (room) void navigate(room.to);
  };
  useKeys({
    "help": () => setHelp(true),
    "go.live": () => void navigate(paths.live()),
    "go.recordings": go("Recordings"),
    "go.exports": () => mayExport && void navigate(paths.exports()),
    "go.alarms": go("Alarms"),
    "go.devices": go("Devices"),
    "go.settings": go("Settings"),
  });
  return (
    <Slots value={slots}>
      <div className={styles.app}>
        <a href="#room" className={styles.skip} onClick={(event) => { event.preventDefault(); document.getElementById("room")?.focus(); }}>Skip to the content</a>
        <Rail />
        <TopBar socket={socket} onStart={setStart} onEnd={setEnd} onHelp={() => setHelp(true)} />
        <main id="room" className={styles.room} tabIndex={-1}>
          <RightsNotice />
          <Outlet />
        </main>
        <BottomBar socket={socket} />
        <PhoneTabs />
      </div>
      <KeyHelp isOpen={help} onClose={() => setHelp(false)} />
    </Slots>
  );
}
