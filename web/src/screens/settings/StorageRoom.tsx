/** Storage: the volumes, what is kept of each camera, and what is locked. */
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { storageQuery, volumesQuery } from "../../api/queries";
import { Button, Note } from "../../ui";
import { AddVolume } from "./AddVolume";
import { CameraStorageList } from "./CameraStorageList";
import { LockList } from "./LockList";
import { Answer, Section } from "./Section";
import styles from "./StorageRoom.module.css";
import { VolumeCard } from "./VolumeCard";

export function StorageRoom() {
  const volumes = useQuery(volumesQuery);
  const storage = useQuery(storageQuery);
  const [adding, setAdding] = useState(false);
  const add = <Button icon={<Plus />} onPress={() => setAdding(true)}>Add a volume</Button>;
  return (
    <div className={styles.rooms}>
      <Section title="Storage" about="Recordings lie on volumes, as MP4 files that every player opens. The oldest go when the room or the days of a camera are used up." action={add}>
        {storage.data ? <p className={styles.risk}>A power cut now would cost the last <strong>{storage.data.at_risk_s.toFixed(1)} s</strong>.</p> : null}
        {storage.data?.clock_doubted ? (
          <Note tone="warn" title="Nothing is deleted for its age">{storage.data.clock_doubted} Limits of room hold until the clock has run steadily for a while.</Note>
        ) : null}
        <Answer to={volumes} what="Volumes">{(data) => data.map((volume) => <VolumeCard key={volume.id} volume={volume} last={data.filter((one) => one.kind === "main").length < 2} />)}</Answer>
      </Section>
      <Section title="Cameras" about="How long recordings are kept at the rate of the last weeks. Days are set in the camera's details.">
        <Answer to={storage} what="Cameras">{(data) => <CameraStorageList cameras={data.cameras} volumes={volumes.data ?? []} />}</Answer>
      </Section>
      <LockList />
      {adding ? <AddVolume onClose={() => setAdding(false)} /> : null}
    </div>
  );
}
