/** "Prevent access to recordings older than …": how far back somebody sees, and what groups add to it. */
import { useState } from "react";
import type { Draft, Source } from "../../people/rights";
import { reachWords } from "../../people/words";
import { NumberField, Select, Switch } from "../../ui";
import styles from "./rights.module.css";

const units = [
  { value: "1", label: "minutes" },
  { value: "60", label: "hours" },
  { value: "1440", label: "days" },
] as const;
type Unit = (typeof units)[number]["value"];

/** An hour: what one begins with. */
const USUAL = 60;
/** Ten years. */
const MOST_MINUTES = 10 * 366 * 1440;

/** The largest unit in which it is a whole number; an hour is told in minutes, as people say it. */
const unitOf = (minutes: number): Unit => units.findLast(({ value }) => minutes > USUAL && minutes % Number(value) === 0)?.value ?? "1";

interface Props {
  draft: Draft;
  sources: readonly Source[];
  onChange: (part: Partial<Draft>) => void;
}

export function RecordingLimit({ draft, sources, onChange }: Props) {
  const { minutes } = draft;
  const [unit, setUnit] = useState<Unit>(() => unitOf(minutes ?? USUAL));
  // A group that gives pictures with a longer limit, or none, shows more than this one does.
  const wider = sources.filter(({ group, minutes: theirs, grants }) => group && (theirs === null || (minutes !== null && theirs > minutes)) && [...grants.keys()].some((key) => key.startsWith("camera-video ")));
  const without = ![...draft.grants.keys()].some((key) => key.startsWith("camera-video "));
  return (
    <>
      <Switch label="Prevent access to recordings older than" hint="They are found by nothing then: no search, timeline, clip or still picture." isSelected={minutes !== null} onChange={(on) => { setUnit("1"); onChange({ minutes: on ? USUAL : null }); }} />
      {minutes === null ? null : (
        <div className={styles.limit}>
          <NumberField label="Older than" value={minutes / Number(unit)} minValue={1} maxValue={Math.floor(MOST_MINUTES / Number(unit))} onChange={(value) => value >= 1 && onChange({ minutes: Math.round(value) * Number(unit) })} />
          <Select label="Unit" choices={units} value={unit} onChange={(next) => { setUnit(next); onChange({ minutes: Math.max(1, Math.round(minutes / Number(unit))) * Number(next) }); }} />
        </div>
      )}
      {minutes !== null && without ? <p className={styles.hint}>The limit is about what is granted here; pictures are not granted here on any camera.</p> : null}
      {minutes === null ? null : wider.map(({ group, minutes: theirs }) => <p key={group} className={styles.warn}>The group {group} shows {theirs === null ? "recordings of any age" : `those of the last ${reachWords(theirs)}`} on its cameras: rights add up.</p>)}
    </>
  );
}
