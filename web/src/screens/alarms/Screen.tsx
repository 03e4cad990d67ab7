/** All alarms, open ones first: what happened, what to do, who saw it. */
import { useQuery } from "@tanstack/react-query";
import { ArrowRight, BellOff, BookUser, Check, CircleCheck, Clock, FileBadge, HardDrive, KeyRound, type LucideIcon, VideoOff } from "lucide-react";
import { useSearchParams } from "react-router";
import { acknowledge, useChange } from "../../api/changes";
import { asFailure } from "../../api/problems";
import { alarmsQuery, keys } from "../../api/queries";
import type { Alarm } from "../../api/types";
import { useCan } from "../../session/useSession";
import { Needs } from "../../shell/Denied";
import { placeOf } from "../../shell/useAlarms";
import { duration, moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Empty, LinkButton, Loading, Problem, Skeleton, cls } from "../../ui";
import { Chip, Chips, Page } from "../../ui/Page";
import styles from "./Screen.module.css";

const icons: Record<Alarm["kind"], LucideIcon> = {
  "camera-silent": VideoOff,
  "camera-password": KeyRound,
  "storage-failed": HardDrive,
  "storage-slow": HardDrive,
  "storage-full": HardDrive,
  "retention-goals": HardDrive,
  "clock-jumped": Clock,
  "directory-down": BookUser,
  "certificate-ends": FileBadge,
  "certificate-ends-soon": FileBadge,
  "certificate-ended": FileBadge,
};

export default function AlarmsScreen() {
  return <Needs privilege="alarms" what="see alarms"><Alarms /></Needs>;
}

function Alarms() {
  const alarms = useQuery(alarmsQuery);
  const [query, setQuery] = useSearchParams();
  const showAll = query.get("show") === "all";
  const all = alarms.data ?? [];
  const open = all.filter((alarm) => !alarm.acknowledged);
  const shown = showAll ? all : open;
  return (
    <Page title="Alarms">
      <Chips label="Which alarms">
        <Chip current={!showAll} onPress={() => setQuery({})}>{`Open ${open.length}`}</Chip>
        <Chip current={showAll} onPress={() => setQuery({ show: "all" })}>{`All ${all.length}`}</Chip>
      </Chips>
      {alarms.isError ? <Problem of={asFailure(alarms.error)} onRetry={() => void alarms.refetch()} /> : null}
      {alarms.isPending ? (
        <Loading what="Alarms">
          <div className={styles.shapes}><Skeleton height={52} /><Skeleton height={52} /><Skeleton height={52} /></div>
        </Loading>
      ) : null}
      {alarms.isSuccess && shown.length === 0 ? (
        <Empty icon={<BellOff />} title={showAll ? "No alarms yet" : "No open alarms"}>
          An alarm appears when a camera sends no frames, refuses its password, when recordings cannot be written, a directory of users is away, or the certificate ends. Settings, Notifications sends it by mail too.
        </Empty>
      ) : null}
      {shown.length > 0 ? (
        <ul className={styles.list} aria-label="Alarms">
          {shown.map((alarm) => <AlarmRow key={alarm.id} alarm={alarm} />)}
        </ul>
      ) : null}
    </Page>
  );
}

function AlarmRow({ alarm }: { alarm: Alarm }) {
  const zone = useZone();
  const now = useSiteNow();
  const may = useCan("alarms");
  const done = useChange(acknowledge, [keys.alarms]);
  const Icon = icons[alarm.kind];
  const over = Boolean(alarm.ended);
  const lasted = duration((alarm.ended ? Date.parse(alarm.ended) : now) - Date.parse(alarm.since));
  return (
    <li className={cls(styles.row, !over && styles.going, alarm.acknowledged && styles.seen)}>
      <Icon aria-hidden="true" />
      <div className={styles.words}>
        <strong>{alarm.title}</strong>
        <p>{alarm.advice}</p>
        {done.error ? <p className={styles.problem} role="alert">{done.error.message}</p> : null}
      </div>
      <div className={styles.times}>
        <time dateTime={alarm.since}>{moment(alarm.since, zone, now)}</time>
        <span>{over ? `over after ${lasted}` : `for ${lasted}`}</span>
      </div>
      <div className={styles.actions}>
        {may ? <LinkButton look="quiet" icon={<ArrowRight />} href={placeOf(alarm)} aria-label={`Go to: ${alarm.title}`}>Go to</LinkButton> : null}
        {alarm.acknowledged ? (
          <span className={styles.by}><CircleCheck aria-hidden="true" />{alarm.acknowledged_by ?? "Acknowledged"}, {moment(alarm.acknowledged, zone, now)}</span>
        ) : !may ? null : (
          <Button icon={<Check />} isPending={done.isPending} onPress={() => done.mutate(alarm.id)} aria-label={`Acknowledge: ${alarm.title}`}>Acknowledge</Button>
        )}
      </div>
    </li>
  );
}
