/** The bar of truth: the newest alarm with its two actions at the left; what runs, or a lost connection, at the right. */
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert, Unplug, X } from "lucide-react";
import { acknowledge, useChange } from "../api/changes";
import { type EventSocket, useLink } from "../api/events";
import { alarmsQuery, discoveryQuery, exportsQuery, keys } from "../api/queries";
import type { Alarm } from "../api/types";
import { paths } from "../paths";
import { isOver, share, whose } from "../screens/exports/words";
import { useCan, useSession } from "../session/useSession";
import { useTasks } from "../tasks/tasks";
import { moment } from "../time/format";
import { useSiteNow, useZone } from "../time/useNow";
import { Button, IconButton, LinkButton, Progress } from "../ui";
import styles from "./BottomBar.module.css";
import { placeOf, useOpenAlarms } from "./useAlarms";

export function BottomBar({ socket }: { socket: EventSocket }) {
  const [newest] = useOpenAlarms();
  const known = useQuery({ ...alarmsQuery, enabled: useCan("alarms") }).isSuccess;
  return (
    <footer className={styles.bar} data-quiet={newest ? undefined : ""}>
      <div className={styles.alarm} role="status" aria-live="polite">
        {newest ? <AlarmWords alarm={newest} /> : known ? <span className={styles.calm}><CircleCheck aria-hidden="true" /> No open alarms</span> : null}
      </div>
      <div className={styles.running}>
        <Running socket={socket} />
      </div>
    </footer>
  );
}

function AlarmWords({ alarm }: { alarm: Alarm }) {
  const zone = useZone();
  const now = useSiteNow();
  const may = useCan("alarms");
  const done = useChange(acknowledge, [keys.alarms]);
  return (
    <>
      <strong className={styles.title}><TriangleAlert aria-hidden="true" /> <span>{alarm.title}</span></strong>
      <time dateTime={alarm.since}>{moment(alarm.since, zone, now)}</time>
      {may ? (
        <>
          <LinkButton look="quiet" href={placeOf(alarm)} aria-label={`Go to: ${alarm.title}`}>Go to</LinkButton>
          <Button look="quiet" isPending={done.isPending} onPress={() => done.mutate(alarm.id)} aria-label={`Acknowledge: ${alarm.title}`}>
            {done.isError ? "Try to acknowledge again" : "Acknowledge"}
          </Button>
        </>
      ) : null}
    </>
  );
}

function Running({ socket }: { socket: EventSocket }) {
  const link = useLink(socket);
  const tasks = useTasks();
  const mayAsk = useCan("configure");
  const searching = useQuery({ ...discoveryQuery, enabled: mayAsk }).data?.running ?? false;
  const session = useSession();
  const exports = useQuery({ ...exportsQuery, enabled: useCan("export") }).data;
  if (link.state === "lost") return <Lost tryAtMs={link.tryAtMs} onTry={socket.tryNow} />;
  const [task] = tasks;
  if (task) {
    return (
      <>
        <span className={styles.what}>{task.label}{tasks.length > 1 ? ` and ${tasks.length - 1} more` : ""}</span>
        <Progress label={task.label} value={task.progress} />
        {task.forecast ? <span className={styles.forecast}>{task.forecast}</span> : null}
        {task.cancel ? <IconButton label={`Stop: ${task.label}`} onPress={task.cancel}><X /></IconButton> : null}
      </>
    );
  }
  const making = exports?.find((one) => one.user === session?.user_id && !isOver(one));
  if (making) {
    const what = `Exporting ${whose(making)}`;
    return (
      <>
        <LinkButton look="quiet" href={paths.exports()}>{what}</LinkButton>
        <Progress label={what} value={share(making)} />
      </>
    );
  }
  if (!searching) return null;
  return (
    <>
      <span className={styles.what}>Searching for devices</span>
      <Progress label="Searching for devices" />
    </>
  );
}

function Lost({ tryAtMs, onTry }: { tryAtMs: number; onTry: () => void }) {
  useSiteNow(); // once a second
  const seconds = Math.max(0, Math.ceil((tryAtMs - Date.now()) / 1000));
  return (
    <>
      <span className={styles.lost}><Unplug aria-hidden="true" /> <span>Connection lost, trying again in {seconds} s</span></span>
      <Button look="quiet" onPress={onTry}>Try now</Button>
    </>
  );
}
