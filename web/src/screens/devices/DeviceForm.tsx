/** A camera's settings. Sends only what was changed; a problem is shown at the button. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { changeCamera, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Camera, CameraChange, Codec, Transport } from "../../api/types";
import { Button, NumberField, Problem, Select, Switch, TextField, toast } from "../../ui";
import { codecs } from "./codecs";
import styles from "./DeviceForm.module.css";

/** What the form holds. An empty password means: as it is. */
interface Values {
  name: string;
  user: string;
  password: string;
  audio: boolean;
  /** Days; 0: while there is room. */
  days: number;
  transport: Transport;
  codec: Codec;
  /** Where still pictures come from; empty: the camera is asked. */
  imageUrl: string;
}

const valuesOf = (camera: Camera): Values => ({
  name: camera.name,
  user: camera.user ?? "",
  password: "",
  audio: camera.audio,
  days: camera.retention_days ?? 0,
  transport: camera.transport,
  codec: camera.source.kind === "axis" ? (camera.source.codec ?? "h264") : "h264",
  imageUrl: camera.image_url ?? "",
});

/** The change that leads from a camera to the form's values. */
export function changeOf(camera: Camera, values: Values): CameraChange {
  const old = valuesOf(camera);
  const change: CameraChange = {};
  if (values.name.trim() !== old.name) change.name = values.name.trim();
  if (values.user.trim() !== old.user) change.user = values.user.trim();
  if (values.password) change.password = values.password;
  if (values.audio !== old.audio) change.audio = values.audio;
  if (values.days !== old.days) change.retention_days = values.days;
  if (values.transport !== old.transport) change.transport = values.transport;
  if (values.imageUrl.trim() !== old.imageUrl) change.image_url = values.imageUrl.trim();
  if (values.codec !== old.codec && camera.source.kind === "axis") change.source = { ...camera.source, codec: values.codec };
  return change;
}

const transports = [
  { value: "tcp", label: "TCP", hint: "Nothing gets lost. For nearly all networks." },
  { value: "udp", label: "UDP", hint: "For cameras that offer nothing else." },
] as const;

export function DeviceForm({ camera }: { camera: Camera }) {
  const [values, setValues] = useState(() => valuesOf(camera));
  const put = (part: Partial<Values>) => setValues({ ...values, ...part });
  const saving = useChange((change: CameraChange) => changeCamera(camera.id, change), [keys.cameras]);
  const change = changeOf(camera, values);
  const changed = Object.keys(change).length > 0;
  const named = values.name.trim().length > 0;

  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!changed || !named) return;
    saving.mutate(change, {
      onSuccess: (saved) => {
        setValues(valuesOf(saved));
        toast(`${saved.name} was saved.`);
      },
    });
  };

  return (
    <Form className={styles.form ?? ""} onSubmit={save} validationBehavior="aria">
      <TextField label="Name" value={values.name} onChange={(name) => put({ name })} maxLength={128} error={named ? undefined : "Give it a name."} />
      <Switch label="Sound" hint="Heard live; recorded where the recording says so." isSelected={values.audio} onChange={(audio) => put({ audio })} />
      <NumberField label="Keep recordings for" unit={values.days === 0 ? "days: while there is room" : "days"} value={values.days} onChange={(days) => put({ days: Number.isNaN(days) ? 0 : days })} minValue={0} maxValue={3650} hint="0: the oldest goes when the storage is full." />
      <fieldset className={styles.group}>
        <legend>Sign-in at the camera</legend>
        <TextField label="User" value={values.user} onChange={(user) => put({ user })} autoComplete="off" spellCheck="false" maxLength={128} />
        <TextField label="New password" type="password" value={values.password} onChange={(password) => put({ password })} autoComplete="new-password" hint="Empty: stays as it is." maxLength={256} />
      </fieldset>
      {camera.source.kind === "axis" ? <Select label="Video of the main stream" choices={codecs} value={values.codec} onChange={(codec) => put({ codec })} /> : null}
      <Select label="Transport" choices={transports} value={values.transport} onChange={(transport) => put({ transport })} />
      {camera.source.kind === "rtsp" ? <TextField label="Still pictures" optional placeholder="http://…" value={values.imageUrl} onChange={(imageUrl) => put({ imageUrl })} maxLength={2048} spellCheck="false" autoComplete="off" hint="Address of a JPEG picture or a Motion JPEG stream. Empty: the camera is asked (ONVIF)." /> : null}
      {saving.error ? <Problem of={saving.error} /> : null}
      <div className={styles.actions}>
        <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!changed || !named}>Save</Button>
        {changed ? <Button look="quiet" onPress={() => setValues(valuesOf(camera))}>Undo</Button> : null}
      </div>
    </Form>
  );
}
