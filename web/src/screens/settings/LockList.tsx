/** What is locked: nothing deletes it until it is unlocked. */
import { useQuery } from "@tanstack/react-query";
import { Lock as LockIcon } from "lucide-react";
import { useState } from "react";
import { removeLock, useChange } from "../../api/changes";
import { camerasQuery, keys, locksQuery } from "../../api/queries";
import type { Lock } from "../../api/types";
import { duration, moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Confirm, Empty } from "../../ui";
import { Answer, Section } from "./Section";
import styles from "./StorageRoom.module.css";

export function LockList() {
  const locks = useQuery(locksQuery);
  return (
    <Section title="Locks" about="Nothing deletes what is locked, not even a full disk or a lost database. Locks are kept on the volumes.">
      <Answer to={locks} what="Locks">
        {(data) =>
          data.length === 0 ? <Empty icon={<LockIcon />} title="Nothing is locked">What is locked by a program or on the command line is listed here.</Empty> : (
            <ul className={styles.list} aria-label="Locks">{data.map((lock) => <LockRow key={lock.id} lock={lock} />)}</ul>
          )
        }
      </Answer>
    </Section>
  );
}

function LockRow({ lock }: { lock: Lock }) {
  const zone = useZone();
  const now = useSiteNow();
  const cameras = useQuery(camerasQuery);
  const [asking, setAsking] = useState(false);
  const unlock = useChange(removeLock, [keys.locks]);
  const name = (id: string) => cameras.data?.find((camera) => camera.id === id)?.name ?? "a camera that was removed";
  return (
    <li>
      <div>
        <strong>{lock.name}</strong>
        <p>{lock.cameras.length === 0 ? "Every camera" : lock.cameras.map(name).join(", ")}, {moment(lock.from, zone, now)}, {duration(Date.parse(lock.to) - Date.parse(lock.from))}</p>
        {lock.reason ? <p>{lock.reason}</p> : null}
      </div>
      <Button onPress={() => setAsking(true)} aria-label={`Unlock ${lock.name}`}>Unlock</Button>
      <Confirm title={`Unlock “${lock.name}”?`} action="Unlock" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => unlock.mutateAsync(lock.id)}>
        <p>What it kept may be deleted from now on, perhaps at once.</p>
      </Confirm>
    </li>
  );
}
