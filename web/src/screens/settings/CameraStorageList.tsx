/** What is kept of each camera, where, and for how long. */
import { CircleAlert, HardDrive } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { chooseStorage, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { CameraStorage, Volume } from "../../api/types";
import { bytes } from "../../time/format";
import { Button, Dialog, DialogActions, Empty, NumberField, Problem, Select, Status, Switch, toast } from "../../ui";
import { days } from "./storage";
import styles from "./StorageRoom.module.css";

const GB = 1e9;
/** Choice of no volume in particular. */
const ANY = "any";

export function CameraStorageList({ cameras, volumes }: { cameras: CameraStorage[]; volumes: Volume[] }) {
  const [choosing, setChoosing] = useState<CameraStorage>();
  if (cameras.length === 0) return <Empty icon={<HardDrive />} title="No cameras yet">What is kept of each is told here.</Empty>;
  const place = (id: string | null | undefined) => volumes.find((volume) => volume.id === id)?.path;
  return (
    <>
      <ul className={styles.list} aria-label="Cameras">
        {cameras.map((camera) => (
          <li key={camera.camera}>
            <div>
              <strong>{camera.name}</strong>
              <p>{bytes(camera.used_bytes)}{camera.max_bytes ? ` of ${bytes(camera.max_bytes)}` : ""}{place(camera.recorded_to) ? `, on ${place(camera.recorded_to)}${camera.volume ? " (chosen)" : ""}` : ", not recorded now"}</p>
              <p>{kept(camera)}</p>
              {camera.goal_holds ? null : <Status tone="warn" icon={<CircleAlert aria-hidden="true" />}>Its {camera.retention_days} days cannot be kept</Status>}
            </div>
            <Button onPress={() => setChoosing(camera)} aria-label={`Change where ${camera.name} is kept`}>Change</Button>
          </li>
        ))}
      </ul>
      {choosing ? <Choose camera={choosing} volumes={volumes} onClose={() => setChoosing(undefined)} /> : null}
    </>
  );
}

function kept(camera: CameraStorage): string {
  const goal = camera.retention_days ? `To be kept ${camera.retention_days} days` : "Kept as long as there is room";
  return camera.kept_days == null ? `${goal}.` : `${goal}; about ${days(camera.kept_days)} at this rate.`;
}

function Choose({ camera, volumes, onClose }: { camera: CameraStorage; volumes: Volume[]; onClose: () => void }) {
  const [volume, setVolume] = useState(camera.volume ?? ANY);
  const [limited, setLimited] = useState(camera.max_bytes != null);
  const [gb, setGb] = useState((camera.max_bytes ?? 100 * GB) / GB);
  const saving = useChange(() => chooseStorage(camera.camera, { volume: volume === ANY ? null : volume, max_bytes: limited ? Math.round(gb * GB) : null }), [keys.storage, keys.volumes]);
  const wrong = limited && !(gb >= 0.1) ? "Type 0.1 GB or more." : undefined;
  const choices = [
    { value: ANY, label: "The one with room" },
    ...volumes.filter((one) => one.state !== "foreign").map((one) => ({ value: one.id, label: one.path })),
  ];
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) saving.mutate(undefined, { onSuccess: () => { toast("It was saved."); onClose(); } });
  };
  return (
    <Dialog title={`Where ${camera.name} is kept`} isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={save} validationBehavior="aria">
        <Select label="Volume" choices={choices} value={volume} onChange={setVolume} />
        <Switch label="Limit what this camera may take" hint="On all volumes together. Its oldest recordings go first." isSelected={limited} onChange={setLimited} />
        {limited ? <NumberField label="Limit" unit="GB" value={gb} onChange={setGb} minValue={0} formatOptions={{ maximumFractionDigits: 1, useGrouping: false }} error={wrong} /> : null}
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={saving.isPending}>Save</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
