/** The volumes: how full, how far back, how well. */
import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleX } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { changeVolume, useChange } from "../../api/changes";
import { keys, volumesQuery } from "../../api/queries";
import type { Volume } from "../../api/types";
import { bytes, day, duration } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Meter, Note, NumberField, Problem, Status, Switch, type Tone, toast } from "../../ui";
import { Actions, Answer, Section } from "./Section";
import styles from "./StorageRoom.module.css";

const GB = 1e9;
/** The site takes no smaller limit: 100 MB. */
const LEAST_GB = 0.1;

const states: Record<Volume["state"], { words: string; tone: Tone; about?: string }> = {
  ok: { words: "Takes recordings", tone: "ok" },
  slow: { words: "Slow", tone: "warn", about: "The disk cannot keep up. Recording goes on, but a power cut would lose more than usual. Look for other programs that write to it." },
  full: { words: "Full", tone: "danger", about: "Nothing on it may be deleted. Shorten how long recordings are kept, or give it more room." },
  failed: { words: "Cannot be written", tone: "danger", about: "Writing gives errors. Check the disk and its cable; recording begins again by itself when it works." },
  foreign: { words: "Of another site", tone: "warn", about: "Was made by another site and is only read." },
};

export function StorageRoom() {
  const volumes = useQuery(volumesQuery);
  return (
    <Section title="Storage" about="Recordings lie here as MP4 files that every player opens. The oldest go when the room or the days of a camera are used up.">
      <Answer to={volumes} what="Volumes">{(data) => data.map((volume) => <VolumeCard key={volume.id} volume={volume} />)}</Answer>
    </Section>
  );
}

function VolumeCard({ volume }: { volume: Volume }) {
  const zone = useZone();
  const now = useSiteNow();
  const state = states[volume.state];
  const Icon = { ok: CircleCheck, warn: CircleAlert, danger: CircleX, idle: CircleAlert }[state.tone];
  const other = Math.max(0, volume.total_bytes - volume.free_bytes - volume.used_bytes);
  const room = volume.limit_bytes ?? volume.total_bytes;
  const text = `${bytes(volume.used_bytes)} of ${bytes(room)} used by recordings, ${bytes(volume.free_bytes)} free on the disk`;
  return (
    <article className={styles.volume}>
      <header>
        <h3>{volume.path}</h3>
        <Status tone={state.tone} icon={<Icon aria-hidden="true" />}>{state.words}</Status>
      </header>
      <Meter
        label={`Room on ${volume.path}`}
        text={text}
        parts={[
          { share: volume.used_bytes / volume.total_bytes, tone: state.tone === "danger" ? "danger" : "rec" },
          { share: other / volume.total_bytes, tone: "other" },
        ]}
      />
      <p className={styles.legend}>
        <span><i data-part="rec" aria-hidden="true" />Recordings {bytes(volume.used_bytes)}</span>
        <span><i data-part="other" aria-hidden="true" />Other {bytes(other)}</span>
        <span><i data-part="free" aria-hidden="true" />Free {bytes(volume.free_bytes)} of {bytes(volume.total_bytes)}</span>
      </p>
      {state.about ? <Note tone={state.tone === "danger" ? "danger" : "warn"}>{state.about}</Note> : null}
      <dl className={styles.facts}>
        <div><dt>Oldest recording</dt><dd>{volume.oldest ? `${day(volume.oldest, zone, now)}, ${duration(now - Date.parse(volume.oldest))} ago` : "none yet"}</dd></div>
        <div><dt>At risk in a power cut</dt><dd>the last {volume.at_risk_s.toFixed(1)} s</dd></div>
      </dl>
      <LimitForm volume={volume} />
    </article>
  );
}

function LimitForm({ volume }: { volume: Volume }) {
  const had = volume.limit_bytes ?? null;
  const [limited, setLimited] = useState(had !== null);
  const [gb, setGb] = useState((had ?? volume.total_bytes / 2) / GB);
  const saving = useChange((limit: number | null) => changeVolume(volume.id, limit), [keys.volumes]);
  const wanted = limited ? Math.round(gb * GB) : null;
  const wrong = limited && !(gb >= LEAST_GB) ? `Type ${LEAST_GB} GB or more.` : undefined;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) saving.mutate(wanted, { onSuccess: () => toast("The limit was saved.") });
  };
  return (
    <Form onSubmit={save} validationBehavior="aria">
      <Switch label="Limit what recordings may take" hint="Off: all of the disk but a reserve." isSelected={limited} onChange={setLimited} />
      {limited ? <NumberField label="Limit" unit="GB" value={gb} onChange={setGb} minValue={0} formatOptions={{ maximumFractionDigits: 1, useGrouping: false }} error={wrong} /> : null}
      {wanted !== null && wanted < volume.used_bytes ? <Note tone="warn" title="This deletes recordings">The oldest {bytes(volume.used_bytes - wanted)} are deleted when you save.</Note> : null}
      {saving.error ? <Problem of={saving.error} /> : null}
      {wanted === had ? null : <Actions><Button type="submit" look="primary" isPending={saving.isPending}>Save the limit</Button></Actions>}
    </Form>
  );
}
