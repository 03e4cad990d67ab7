/** Jump to a day and a time. Days with recordings are underlined; every day of the past can be chosen. */
import { CalendarDate } from "@internationalized/date";
import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton, Calendar, CalendarCell, CalendarGrid, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import { clockTime, dayName, dayOf, isoDay } from "../../timeline/zone";
import { momentOn, useRecordedDays } from "../../timeline/queries";
import { Button, TextField } from "../../ui";
import styles from "./recordings.module.css";

interface Props {
  /** What the timeline shows. */
  shownUs: number;
  playhead: () => number;
  nowUs: number;
  cameras: readonly string[];
  zone: string;
  onGo: (us: number) => void;
}

export function DayPicker(props: Props) {
  return (
    <DialogTrigger>
      <Button look="quiet" icon={<CalendarDays />}>{dayName(props.shownUs, props.zone)}</Button>
      <Popover className={styles.popover ?? ""} placement="bottom end" offset={6}>
        <Dialog className={styles.calendar ?? ""} aria-label="Go to a day and time">
          {({ close }) => <Inside {...props} close={close} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Inside({ playhead, nowUs, cameras, zone, onGo, close }: Props & { close: () => void }) {
  const [atUs] = useState(playhead);
  const at = dayOf(atUs, zone);
  const today = dayOf(nowUs, zone);
  const [date, setDate] = useState(() => new CalendarDate(at.year, at.month, at.day));
  const [month, setMonth] = useState(date);
  const [time, setTime] = useState(() => clockTime(atUs, zone));
  const days = useRecordedDays(cameras, month, zone);
  const target = momentOn(isoDay(date), time, zone);
  const go = () => {
    if (target === undefined) return;
    onGo(Math.min(target, nowUs));
    close();
  };
  return (
    <>
      <Calendar
        aria-label="Day"
        value={date}
        onChange={setDate}
        focusedValue={month}
        onFocusChange={setMonth}
        maxValue={new CalendarDate(today.year, today.month, today.day)}
        firstDayOfWeek="mon"
      >
        <header>
          <AriaButton slot="previous"><ChevronLeft /></AriaButton>
          <Heading />
          <AriaButton slot="next"><ChevronRight /></AriaButton>
        </header>
        <CalendarGrid>{(day) => <CalendarCell date={day} data-recorded={days.has(isoDay(day)) || undefined} />}</CalendarGrid>
      </Calendar>
      <form
        className={styles.go}
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <TextField label="Time" value={time} onChange={setTime} />
        <Button look="primary" type="submit" isDisabled={target === undefined}>Go</Button>
      </form>
    </>
  );
}
