/** How a camera is recorded: method, schedules, streams, buffers, sound. Not how long it is kept (`DeviceForm`). */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { changeRecording, useChange } from "../../api/changes";
import { asFailure } from "../../api/problems";
import { keys, recordingQuery, schedulesQuery } from "../../api/queries";
import type { Camera, RecordingSettings, Schedule } from "../../api/types";
import { paths } from "../../paths";
import { methods, motionSources, streams } from "../../recording/words";
import { Button, LinkButton, Loading, Note, NumberField, Problem, Select, Skeleton, Switch, toast } from "../../ui";
import styles from "./DeviceForm.module.css";

export function RecordingForm({ camera }: { camera: Camera }) {
  const settings = useQuery(recordingQuery(camera.id));
  const schedules = useQuery(schedulesQuery);
  if (settings.data && schedules.data) return <Fields key={JSON.stringify(settings.data)} camera={camera} kept={settings.data} schedules={schedules.data} />;
  const error = settings.error ?? schedules.error;
  if (error) return <Problem of={asFailure(error)} onRetry={() => void Promise.all([settings.refetch(), schedules.refetch()])} />;
  return <Loading what="Recording"><Skeleton width="60%" height={20} /></Loading>;
}

const ALWAYS = "always";

function Fields({ camera, kept, schedules }: { camera: Camera; kept: RecordingSettings; schedules: readonly Schedule[] }) {
  const [values, setValues] = useState(kept);
  const put = (part: Partial<RecordingSettings>) => setValues({ ...values, ...part });
  const saving = useChange((next: RecordingSettings) => changeRecording(camera.id, next), [keys.cameras, keys.recordingMethods]);
  const changed = JSON.stringify(values) !== JSON.stringify(kept);
  const { method } = values;
  const byMotion = method === "motion" || method === "both";
  const offered = camera.has_sub ? streams : streams.slice(0, 1);
  const whens = [{ value: ALWAYS, label: "Always" }, ...schedules.map(({ id, name }) => ({ value: id, label: name }))];
  const when = (part: "continuous" | "motion", label: string) => (
    <>
      {camera.has_sub ? <Select label={`${label}: what`} choices={offered} value={values[part]?.streams ?? "main"} onChange={(chosen) => put({ [part]: { ...values[part], streams: chosen } })} /> : null}
      <Select
        label={`${label}: when`}
        choices={whens}
        value={values[part]?.schedule ?? ALWAYS}
        onChange={(chosen) => put({ [part]: { streams: values[part]?.streams ?? "main", ...(chosen === ALWAYS ? {} : { schedule: chosen }) } })}
      />
    </>
  );
  const seconds = (label: string, value: number, change: (seconds: number) => void, hint: string) => (
    <NumberField label={label} unit="seconds" value={value} onChange={(next) => change(Number.isNaN(next) ? 0 : next)} minValue={0} maxValue={600} hint={hint} />
  );
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (changed) saving.mutate(values, { onSuccess: () => toast(`How ${camera.name} is recorded was saved.`) });
  };
  return (
    <Form className={styles.form ?? ""} onSubmit={save} validationBehavior="aria" aria-label="Recording">
      <fieldset className={styles.group}>
        <legend>Recording</legend>
        <Select label="Method" choices={methods} value={method} onChange={(chosen) => put({ method: chosen })} />
        {method === "continuous" || method === "both" ? when("continuous", "Continuously") : null}
        {byMotion ? (
          <>
            {when("motion", "On motion")}
            <Select label="Motion is known from" choices={motionSources} value={values.motion_from ?? "auto"} onChange={(motion_from) => put({ motion_from })} />
          </>
        ) : null}
        {method === "off" ? null : (
          <>
            {camera.has_sub ? <Select label="By hand: what" choices={offered} value={values.manual_streams ?? "main"} onChange={(manual_streams) => put({ manual_streams })} /> : null}
            {seconds("Before an event", values.pre_buffer_s ?? 0, (pre_buffer_s) => put({ pre_buffer_s }), "Recorded too, from the key frame before. More than 30 lie in a file meanwhile.")}
            {seconds("After an event", values.post_buffer_s ?? 0, (post_buffer_s) => put({ post_buffer_s }), "Recorded too; motion meanwhile begins it anew.")}
            <Switch label="Record sound" hint="Off: stored nowhere." isSelected={values.sound ?? true} onChange={(sound) => put({ sound })} />
          </>
        )}
      </fieldset>
      {camera.recording.pre_buffer_only_s === undefined || camera.recording.pre_buffer_only_s === null ? null : (
        <Note tone="warn" title={`Only ${camera.recording.pre_buffer_only_s} s before an event are held`}>The memory for it is used up. Choose fewer seconds, or let the camera send less.</Note>
      )}
      {saving.error ? <Problem of={saving.error} /> : null}
      <div className={styles.actions}>
        <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!changed}>Apply this recording</Button>
        {changed ? <Button look="quiet" onPress={() => setValues(kept)}>Undo</Button> : <LinkButton look="quiet" href={paths.settings("schedules")}>Schedules</LinkButton>}
      </div>
    </Form>
  );
}
