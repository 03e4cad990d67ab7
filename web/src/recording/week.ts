/** A week of a schedule as text that people type: "08:00–12:00, 13:00–17:00". Pure. */
import type { Schedule } from "../api/types";

export type Week = Schedule["week"];
export type DayRange = Week["days"][number][number];

export const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
const DAY_MINUTES = 1440;
const MOST_RANGES = 24;

const clock = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** A day's ranges as one types them; "all day" and nothing are words of their own. */
export function dayText(ranges: readonly DayRange[]): string {
  if (ranges.length === 1 && ranges[0]?.from_minute === 0 && ranges[0].to_minute === DAY_MINUTES) return "all day";
  return ranges.map((range) => `${clock(range.from_minute)}–${clock(range.to_minute)}`).join(", ");
}

function minuteOf(text: string): number | undefined {
  const match = /^(\d{1,2})(?:[:.](\d\d))?$/.exec(text.trim());
  if (!match) return undefined;
  const minute = Number(match[1]) * 60 + Number(match[2] ?? 0);
  return Number(match[2] ?? 0) < 60 && minute <= DAY_MINUTES ? minute : undefined;
}

/** What was typed for a day, or what is wrong with it. A range over midnight is two days' business. */
export function parseDay(text: string): { ranges: DayRange[] } | { wrong: string } {
  const trimmed = text.trim().toLowerCase();
  if (!trimmed) return { ranges: [] };
  if (trimmed === "all day") return { ranges: [{ from_minute: 0, to_minute: DAY_MINUTES }] };
  const ranges: DayRange[] = [];
  for (const part of trimmed.split(",")) {
    const [from, to, more] = part.split(/[-–—]/).map(minuteOf);
    if (from === undefined || to === undefined || more !== undefined) return { wrong: `Type times as 08:00–17:00, or “all day”.` };
    if (to <= from) return { wrong: `A range ends after it begins. For a night, end the day with 24:00 and begin the next with 00:00.` };
    if ((ranges.at(-1)?.to_minute ?? 0) > from) return { wrong: "Type the ranges in order, without overlap." };
    ranges.push({ from_minute: from, to_minute: to });
  }
  return ranges.length > MOST_RANGES ? { wrong: `At most ${MOST_RANGES} ranges a day.` } : { ranges };
}
