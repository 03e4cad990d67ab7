/** Weekly schedules: when cameras are recorded. Which camera uses one is set at the camera. */
import { useQuery } from "@tanstack/react-query";
import { CalendarClock, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { addSchedule, changeSchedule, removeSchedule, useChange } from "../../api/changes";
import { keys, schedulesQuery } from "../../api/queries";
import type { NewSchedule, Schedule } from "../../api/types";
import { DAYS, dayText, parseDay } from "../../recording/week";
import { useZone } from "../../time/useNow";
import { Button, Confirm, Dialog, DialogActions, Empty, Problem, TextField, toast } from "../../ui";
import styles from "./SchedulesRoom.module.css";
import { Answer, Section } from "./Section";

export function SchedulesRoom() {
  const schedules = useQuery(schedulesQuery);
  const [editing, setEditing] = useState<Schedule | "new">();
  const add = <Button look="primary" icon={<Plus />} onPress={() => setEditing("new")}>Add a schedule</Button>;
  return (
    <Section title="Schedules" about="Weeks by the site's clock. Each camera's details say which one it follows." action={schedules.data?.length ? add : null}>
      <Answer to={schedules} what="Schedules">
        {(data) =>
          data.length === 0 ? (
            <Empty icon={<CalendarClock />} title="No schedules yet" action={add}>Without one a camera's method holds always.</Empty>
          ) : (
            <ul className={styles.list} aria-label="Schedules">{data.map((one) => <Row key={one.id} schedule={one} onEdit={() => setEditing(one)} />)}</ul>
          )
        }
      </Answer>
      {editing ? <Editor schedule={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} /> : null}
    </Section>
  );
}

function Row({ schedule, onEdit }: { schedule: Schedule; onEdit: () => void }) {
  const [asking, setAsking] = useState(false);
  const remove = useChange(removeSchedule, [keys.schedules]);
  return (
    <li className={styles.row}>
      <div>
        <strong>{schedule.name}</strong>
        <WeekBars days={schedule.week.days} />
      </div>
      <div className={styles.actions}>
        <Button onPress={onEdit} aria-label={`Change ${schedule.name}`}>Change</Button>
        <Button onPress={() => setAsking(true)} aria-label={`Remove ${schedule.name}`}>Remove</Button>
      </div>
      <Confirm title={`Remove “${schedule.name}”?`} action="Remove the schedule" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => remove.mutateAsync(schedule.id)}>
        <p>A schedule that a camera follows is not removed.</p>
      </Confirm>
    </li>
  );
}

/** The week at a glance; the words are for screen readers. */
function WeekBars({ days }: { days: Schedule["week"]["days"] }) {
  return (
    <ul className={styles.week}>
      {days.map((ranges, index) => (
        <li key={DAYS[index]}>
          <span className="sr-only">{`${DAYS[index]}: ${dayText(ranges) || "not"}`}</span>
          <span aria-hidden="true">{DAYS[index]?.slice(0, 2)}</span>
          <i aria-hidden="true">
            {ranges.map((range) => <b key={range.from_minute} style={{ left: `${range.from_minute / 14.4}%`, width: `${(range.to_minute - range.from_minute) / 14.4}%` }} />)}
          </i>
        </li>
      ))}
    </ul>
  );
}

function Editor({ schedule, onClose }: { schedule: Schedule | undefined; onClose: () => void }) {
  const zone = useZone();
  const [name, setName] = useState(schedule?.name ?? "");
  const [texts, setTexts] = useState(() => DAYS.map((_, day) => (schedule ? dayText(schedule.week.days[day] ?? []) : day < 5 ? "08:00–18:00" : "")));
  const saving = useChange((next: NewSchedule) => (schedule ? changeSchedule(schedule.id, next) : addSchedule(next)), [keys.schedules]);
  const read = texts.map(parseDay);
  const days = read.flatMap((day) => ("ranges" in day ? [day.ranges] : []));
  const good = name.trim().length > 0 && days.length === DAYS.length;
  const put = (day: number, text: string) => setTexts(texts.map((old, index) => (index === day ? text : old)));
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!good) return;
    saving.mutate({ name: name.trim(), week: { days } }, { onSuccess: (saved) => { toast(`The schedule “${saved.name}” was saved.`); onClose(); } });
  };
  return (
    <Dialog title={schedule ? `Change “${schedule.name}”` : "Add a schedule"} isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={save} validationBehavior="aria">
        <TextField label="Name" placeholder="Opening hours" value={name} onChange={setName} maxLength={128} autoFocus />
        <p className={styles.hint}>Times of {zone}: ranges such as 08:00–12:00, 13:00–18:00; “all day”; empty for never.</p>
        {DAYS.map((day, index) => {
          const one = read[index];
          return <TextField key={day} label={day} value={texts[index] ?? ""} onChange={(text) => put(index, text)} error={one && "wrong" in one ? one.wrong : undefined} spellCheck="false" autoComplete="off" />;
        })}
        <Button look="quiet" onPress={() => setTexts(DAYS.map(() => texts[0] ?? ""))}>All days like Monday</Button>
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!good}>Save the schedule</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
