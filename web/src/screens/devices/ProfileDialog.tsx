/** A stream profile in a form of its own. The site opens its stream before it keeps it: a problem is shown at the button. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { addProfile, changeProfile, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Camera, Codec, NewProfile, Profile, ProfileVideo } from "../../api/types";
import { Button, Dialog, DialogActions, NumberField, Problem, RadioGroup, Select, TextField, toast } from "../../ui";
import styles from "./DeviceForm.module.css";

/** What the form holds. Empty text and NaN mean: the camera's choice. */
interface Values {
  name: string;
  kind: ProfileVideo["kind"];
  url: string;
  codec: Codec | "any";
  resolution: string;
  fps: number;
  compression: number;
}

const kinds = [
  { value: "axis", label: "By parameters", hint: "The camera makes the stream as asked." },
  { value: "rtsp", label: "By RTSP address" },
] as const;

const codecs = [
  { value: "any", label: "The camera's choice" },
  { value: "h264", label: "H.264" },
  { value: "h265", label: "H.265" },
] as const;

function valuesOf(camera: Camera, profile?: Profile): Values {
  const video = profile?.video;
  const axis = video?.kind === "axis" ? video : undefined;
  return {
    name: profile?.name ?? "",
    kind: video?.kind ?? camera.source.kind,
    url: video?.kind === "rtsp" ? video.url : "",
    codec: axis?.codec ?? "any",
    resolution: axis?.resolution ?? "",
    fps: axis?.fps ?? Number.NaN,
    compression: axis?.compression ?? Number.NaN,
  };
}

/** What the site is told. */
export function videoOf({ kind, url, codec, resolution, fps, compression }: Values): ProfileVideo {
  if (kind === "rtsp") return { kind, url: url.trim() };
  return {
    kind,
    ...(codec === "any" ? {} : { codec }),
    ...(resolution.trim() ? { resolution: resolution.trim().replace(/\s*[×x]\s*/i, "x") } : {}),
    ...(Number.isNaN(fps) ? {} : { fps }),
    ...(Number.isNaN(compression) ? {} : { compression }),
  };
}

export function ProfileDialog({ camera, profile, onClose }: { camera: Camera; profile?: Profile; onClose: () => void }) {
  const [values, setValues] = useState(() => valuesOf(camera, profile));
  const put = (part: Partial<Values>) => setValues({ ...values, ...part });
  const saving = useChange(
    (wanted: NewProfile) =>
      profile ? changeProfile(camera.id, profile.name, { name: wanted.name, video: wanted.video }) : addProfile(camera.id, wanted),
    [keys.cameras],
  );
  const ready = values.name.trim().length > 0 && (values.kind === "axis" || values.url.trim().length > 0);

  const save = (event: FormEvent) => {
    event.preventDefault();
    // A form in a dialog is still inside the panel's tree.
    event.stopPropagation();
    if (!ready) return;
    saving.mutate({ name: values.name.trim(), video: videoOf(values), use_as: "none" }, {
      onSuccess: (saved) => {
        toast(`${saved.name} was saved.`);
        onClose();
      },
    });
  };

  return (
    <Dialog title={profile ? `Change ${profile.name}` : `New profile of ${camera.name}`} isOpen onClose={onClose}>
      <Form className={styles.bare ?? ""} onSubmit={save} validationBehavior="aria">
        <TextField label="Name of the profile" value={values.name} onChange={(name) => put({ name })} maxLength={64} autoFocus />
        {camera.source.kind === "axis" ? <RadioGroup label="How it is asked for" choices={kinds} value={values.kind} onChange={(kind) => put({ kind })} /> : null}
        {values.kind === "rtsp" ? (
          <TextField label="Address" placeholder="rtsp://…" value={values.url} onChange={(url) => put({ url })} maxLength={2048} spellCheck="false" autoComplete="off" />
        ) : (
          <>
            <Select label="Video" choices={codecs} value={values.codec} onChange={(codec) => put({ codec })} />
            <TextField label="Resolution" optional placeholder="1280x720" value={values.resolution} onChange={(resolution) => put({ resolution })} maxLength={16} />
            <NumberField label="Frame rate" unit="fps" value={values.fps} onChange={(fps) => put({ fps })} minValue={1} maxValue={200} hint="Empty: the camera's choice." />
            <NumberField label="Compression" value={values.compression} onChange={(compression) => put({ compression })} minValue={0} maxValue={100} hint="0: best picture; 100: fewest bits. Empty: the camera's choice." />
          </>
        )}
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!ready}>{profile ? "Save" : "Add"}</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
