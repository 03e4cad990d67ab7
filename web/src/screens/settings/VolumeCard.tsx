/** One volume: how full, how far back, how well, and what can be done about it. */
import { CircleAlert, CircleCheck, CircleX } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { adoptVolume, changeVolume, removeVolume, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Volume } from "../../api/types";
import { bytes, count, day, duration } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Confirm, Meter, Note, NumberField, Problem, RadioGroup, Status, Switch, type Tone, toast } from "../../ui";
import { Actions } from "./Section";
import { days } from "./storage";
import styles from "./StorageRoom.module.css";

const GB = 1e9;
/** The site takes no smaller limit: 100 MB. */
const LEAST_GB = 0.1;

const states: Record<Volume["state"], { words: string; tone: Tone; about?: string }> = {
  opening: { words: "Being opened", tone: "idle" },
  ok: { words: "Takes recordings", tone: "ok" },
  slow: { words: "Slow", tone: "warn", about: "The disk cannot keep up. Recording goes on, but a power cut would lose more than usual. Look for other programs that write to it." },
  full: { words: "Full", tone: "danger", about: "What is left on it is locked, being recorded, or not recordings. Shorten how long recordings are kept, unlock some, or give it more room." },
  failed: { words: "Cannot be written", tone: "danger", about: "Its cameras are recorded to another volume, where there is one. Check the disk and its cable; it takes them back by itself when it works." },
  foreign: { words: "Of another site", tone: "warn", about: "Was made by another site and is only read. Adopt it to record to it; its oldest recordings go then when room is needed." },
};

/** @param last whether it is the only main volume, which must stay. */
export function VolumeCard({ volume, last }: { volume: Volume; last: boolean }) {
  const zone = useZone();
  const now = useSiteNow();
  const state = states[volume.state];
  const Icon = { ok: CircleCheck, warn: CircleAlert, danger: CircleX, idle: CircleAlert }[state.tone];
  const other = Math.max(0, volume.total_bytes - volume.free_bytes - volume.used_bytes);
  const room = volume.limit_bytes ?? volume.total_bytes;
  const all = Math.max(1, volume.total_bytes);
  const text = `${bytes(volume.used_bytes)} of ${bytes(room)} used by recordings, ${bytes(volume.free_bytes)} free on the disk`;
  return (
    <article className={styles.volume}>
      <header>
        <h3>{volume.path}</h3>
        <Status tone={state.tone} icon={<Icon aria-hidden="true" />}>{state.words}</Status>
      </header>
      <p className={styles.kind}>{volume.kind === "fallback" ? "Fallback: takes recordings while other volumes cannot." : "Main: takes recordings."} {volume.streams > 0 ? `${count(volume.streams, "stream")} now.` : "None now."}</p>
      <Meter
        label={`Room on ${volume.path}`}
        text={text}
        parts={[
          { share: volume.used_bytes / all, tone: state.tone === "danger" ? "danger" : "rec" },
          { share: other / all, tone: "other" },
        ]}
      />
      <p className={styles.legend}>
        <span><i data-part="rec" aria-hidden="true" />Recordings {bytes(volume.used_bytes)}</span>
        <span><i data-part="other" aria-hidden="true" />Other {bytes(other)}</span>
        <span><i data-part="free" aria-hidden="true" />Free {bytes(volume.free_bytes)} of {bytes(volume.total_bytes)}</span>
      </p>
      {state.about ? <Note tone={state.tone === "danger" ? "danger" : "warn"}>{volume.reason ? `${sentence(volume.reason)} ` : ""}{state.about}</Note> : null}
      <dl className={styles.facts}>
        <div><dt>Oldest recording</dt><dd>{volume.oldest ? `${day(volume.oldest, zone, now)}, ${duration(now - Date.parse(volume.oldest))} ago` : "none yet"}</dd></div>
        <div><dt>At the rate of the last weeks</dt><dd>{forecast(volume)}</dd></div>
        <div><dt>At risk in a power cut</dt><dd>the last {volume.at_risk_s.toFixed(1)} s</dd></div>
      </dl>
      {volume.state === "foreign" ? null : <LimitForm volume={volume} last={last} />}
      <VolumeActions volume={volume} last={last} />
    </article>
  );
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function forecast(volume: Volume): string {
  if (volume.bytes_per_day == null || volume.holds_days == null) return "too little was recorded to tell";
  const used = volume.full_in_days != null && volume.full_in_days >= 0.1 ? `its room is used up in ${days(volume.full_in_days)}` : "its room is used up, the oldest goes";
  return `${bytes(volume.bytes_per_day)} a day: ${used}; it holds ${days(volume.holds_days)}`;
}

function VolumeActions({ volume, last }: { volume: Volume; last: boolean }) {
  const [asking, setAsking] = useState<"remove" | "adopt">();
  const stale = [keys.volumes, keys.storage, keys.recordings, keys.locks];
  const remove = useChange(removeVolume, stale);
  const adopt = useChange(adoptVolume, stale);
  const mayGo = volume.kind === "fallback" || !last;
  return (
    <>
      <Actions>
        {volume.state === "foreign" ? <Button look="primary" onPress={() => setAsking("adopt")}>Adopt</Button> : null}
        {mayGo ? <Button onPress={() => setAsking("remove")} aria-label={`Remove the volume ${volume.path}`}>Remove</Button> : null}
      </Actions>
      <Confirm title="Remove this volume?" action="Remove the volume" isOpen={asking === "remove"} onClose={() => setAsking(undefined)} onConfirm={() => remove.mutateAsync(volume.id)}>
        <p>What is on {volume.path} stays there, but is not shown any more. Its cameras are recorded to another volume from now on. It can be added again.</p>
      </Confirm>
      <Confirm title="Adopt this volume?" action="Adopt the volume" isOpen={asking === "adopt"} onClose={() => setAsking(undefined)} onConfirm={() => adopt.mutateAsync(volume.id)}>
        <p>This site records to {volume.path} from now on, and deletes its oldest recordings when room is needed. The site that made it must not write to it any more.</p>
      </Confirm>
    </>
  );
}

function LimitForm({ volume, last }: { volume: Volume; last: boolean }) {
  const had = volume.limit_bytes ?? null;
  const [limited, setLimited] = useState(had !== null);
  const [gb, setGb] = useState((had ?? volume.total_bytes / 2) / GB);
  const [kind, setKind] = useState(volume.kind);
  const saving = useChange(() => changeVolume(volume.id, { limit_bytes: wanted ?? 0, kind }), [keys.volumes, keys.storage]);
  const wanted = limited ? Math.round(gb * GB) : null;
  const wrong = limited && !(gb >= LEAST_GB) ? `Type ${LEAST_GB} GB or more.` : undefined;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) saving.mutate(undefined, { onSuccess: () => toast("The volume was saved.") });
  };
  return (
    <Form onSubmit={save} validationBehavior="aria" className={styles.form ?? ""}>
      {last && volume.kind === "main" ? null : (
        <RadioGroup label="What it is for" value={kind} onChange={setKind} choices={[{ value: "main", label: "Main" }, { value: "fallback", label: "Fallback" }]} />
      )}
      <Switch label="Limit what recordings may take" hint="Off: all of the disk but a reserve." isSelected={limited} onChange={setLimited} />
      {limited ? <NumberField label="Limit" unit="GB" value={gb} onChange={setGb} minValue={0} formatOptions={{ maximumFractionDigits: 1, useGrouping: false }} error={wrong} /> : null}
      {wanted !== null && wanted < volume.used_bytes ? <Note tone="warn" title="This deletes recordings">The oldest {bytes(volume.used_bytes - wanted)} are deleted when you save.</Note> : null}
      {saving.error ? <Problem of={saving.error} /> : null}
      {wanted === had && kind === volume.kind ? null : <Actions><Button type="submit" look="primary" isPending={saving.isPending}>Save the volume</Button></Actions>}
    </Form>
  );
}
