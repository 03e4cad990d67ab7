/**
 * Exports: what is being made, and what there is to download. They are made on the recordings screen; the event socket
 * tells how far they are.
 */
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleSlash, Download, FileCheck, Film, Hourglass, LoaderCircle, type LucideIcon, Trash2, TriangleAlert, X } from "lucide-react";
import { useState } from "react";
import { removeExport, useChange } from "../../api/changes";
import { asFailure } from "../../api/problems";
import { exportsQuery, keys } from "../../api/queries";
import type { Export } from "../../api/types";
import { paths } from "../../paths";
import { useSession } from "../../session/useSession";
import { Needs } from "../../shell/Denied";
import { bytes, duration, moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, cls, Confirm, Empty, LinkButton, Loading, Problem, Progress, Skeleton } from "../../ui";
import { Page } from "../../ui/Page";
import styles from "./Screen.module.css";
import { contents, fileUrl, isOver, share, stateInWords, whose } from "./words";

const icons: Record<Export["state"], LucideIcon> = {
  queued: Hourglass,
  running: LoaderCircle,
  checking: FileCheck,
  done: CircleCheck,
  failed: TriangleAlert,
  cancelled: CircleSlash,
};

export default function ExportsScreen() {
  return <Needs privilege="export" what="export recordings"><Exports /></Needs>;
}

function Exports() {
  const list = useQuery(exportsQuery);
  return (
    <Page title="Exports" actions={<LinkButton look="quiet" icon={<Film />} href={paths.recordings()}>Recordings</LinkButton>}>
      <p className={styles.about}>Files of recordings, checked against the hash chain, each with the evidence that proves it. The site keeps them for 7 days.</p>
      {list.isError ? <Problem of={asFailure(list.error)} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading what="Exports"><div className={styles.shapes}><Skeleton height={64} /><Skeleton height={64} /></div></Loading> : null}
      {list.data?.length === 0 ? (
        <Empty icon={<Film />} title="No exports" action={<LinkButton look="primary" href={paths.recordings()}>Go to Recordings</LinkButton>}>
          Mark the start and the end of what you want to keep on the timeline, then save it.
        </Empty>
      ) : null}
      {list.data && list.data.length > 0 ? <ul className={styles.list} aria-label="Exports">{list.data.map((one) => <ExportRow key={one.id} one={one} />)}</ul> : null}
    </Page>
  );
}

function ExportRow({ one }: { one: Export }) {
  const zone = useZone();
  const now = useSiteNow();
  const session = useSession();
  const [asking, setAsking] = useState(false);
  const remove = useChange(removeExport, [keys.exports]);
  const Icon = icons[one.state];
  const over = isOver(one);
  const name = whose(one);
  const length = duration(Date.parse(one.to) - Date.parse(one.from));
  const silent = one.cameras.every(({ audio }) => !audio);
  return (
    <li className={cls(styles.row, one.state === "failed" && styles.failed)}>
      <Icon aria-hidden="true" />
      <div className={styles.words}>
        <strong>{name}</strong>
        <p>{moment(one.from, zone, now)}, {length}, {one.format === "mkv" ? "Matroska" : "MP4"}{silent ? ", without sound" : ""}{one.user === session?.user_id ? "" : `, by ${one.by}`}</p>
        {over || one.state === "queued" ? null : <Progress label={`Export of ${name}`} value={share(one)} />}
        {one.problem ? <p className={styles.problem}>{one.problem.title}. {one.problem.detail}</p> : null}
        {remove.error && !asking ? <p className={styles.problem} role="alert">{remove.error.message}</p> : null}
        {one.state === "done" ? <Files one={one} name={name} /> : null}
      </div>
      <div className={styles.state}>
        <span>{stateInWords(one)}</span>
        {one.state === "done" ? <span>{contents(one)}, {bytes(one.files.reduce((sum, file) => sum + file.bytes, 0))}</span> : null}
        {one.expires ? <span>kept until {moment(one.expires, zone, now)}</span> : null}
      </div>
      <div className={styles.actions}>
        {over ? (
          <Button look="quiet" icon={<Trash2 />} onPress={() => setAsking(true)} aria-label={`Delete the export of ${name}`}>Delete</Button>
        ) : (
          <Button icon={<X />} isPending={remove.isPending} onPress={() => remove.mutate(one.id)} aria-label={`Cancel the export of ${name}`}>Cancel</Button>
        )}
      </div>
      <Confirm title={`Delete the export of ${name}?`} action="Delete" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => remove.mutateAsync(one.id)}>
        <p>{one.files.length > 0 ? "Its files are deleted at the site. The recordings stay; the range can be exported again as long as they are there." : "It leaves the list. The recordings stay."}</p>
      </Confirm>
    </li>
  );
}

function Files({ one, name }: { one: Export; name: string }) {
  return (
    <ul className={styles.files} aria-label={`Files of ${name}`}>
      {one.files.map((file) => (
        <li key={file.name}>
          <a href={fileUrl(one.id, file)} download={file.save_as} title={`SHA-256 ${file.sha256}`}>
            <Download aria-hidden="true" /> <span>{file.save_as}</span> <small>{bytes(file.bytes)}</small>
          </a>
        </li>
      ))}
    </ul>
  );
}
