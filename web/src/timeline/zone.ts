/**
 * Time zones: offsets, days of 23 and 25 hours, and times in words. Pure but for the zone table inside `Intl`.
 *
 * All instants are µs since 1970. What is not here: the current time, ticks (see `model.ts`).
 */

export const MS = 1000;
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** RFC 3339 in UTC with all six decimals, so that a frame is named exactly. */
export function rfc3339(us: number): string {
  const ms = Math.floor(us / MS);
  const rest = Math.floor(us - ms * MS);
  return new Date(ms).toISOString().replace("Z", `${String(rest).padStart(3, "0")}Z`);
}

/** The instant of an RFC 3339 text, to the µs; `NaN` where it is none. */
export function parseRfc3339(text: string): number {
  const match = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return NaN;
  const seconds = Date.parse(`${match[1]}${match[3]}`.toUpperCase().replace(" ", "T"));
  return seconds * MS + Number((match[2] ?? "").padEnd(6, "0").slice(0, 6));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
    formatters.set(key, found);
  }
  return found;
}

const FIELDS: Intl.DateTimeFormatOptions = {
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
};

/** Offsets change only at whole quarters of an hour (in the years that have recordings), so one look-up serves a quarter. */
const QUARTER = 15 * MINUTE;
const offsets = new Map<string, number>();
const MAX_OFFSETS = 20_000;

/** Local time minus UTC at an instant, µs. */
export function offsetAt(us: number, zone: string): number {
  const quarter = Math.floor(us / QUARTER);
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const at = quarter * QUARTER;
  const part: Record<string, number> = {};
  for (const { type, value } of formatter(zone, FIELDS).formatToParts(at / MS)) part[type] = Number(value);
  const local = Date.UTC(part["year"] ?? 0, (part["month"] ?? 1) - 1, part["day"] ?? 1, part["hour"] ?? 0, part["minute"] ?? 0, part["second"] ?? 0) * MS;
  const offset = local - at;
  if (offsets.size >= MAX_OFFSETS) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

/** The first change of offset after `from` and not after `to`; `to` where there is none. At most one change may lie between. */
export function changeBetween(from: number, to: number, zone: string): number {
  const before = offsetAt(from, zone);
  if (offsetAt(to, zone) === before) return to;
  let low = Math.floor(from / QUARTER);
  let high = Math.floor(to / QUARTER);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (offsetAt(middle * QUARTER, zone) === before) low = middle;
    else high = middle;
  }
  return high * QUARTER;
}

/** A day of the calendar, without a zone. */
export interface Day {
  year: number;
  month: number;
  day: number;
}

/** The local day that an instant lies in. */
export function dayOf(us: number, zone: string): Day {
  const local = new Date((us + offsetAt(us, zone)) / MS);
  return { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() };
}

/** The day so many days later. */
export function addDays({ year, month, day }: Day, days: number): Day {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The first instant of a local day: midnight, or what follows it where the clocks skip midnight. */
export function startOfDay({ year, month, day }: Day, zone: string): number {
  const local = Date.UTC(year, month - 1, day) * MS;
  // Midnight may exist with either offset around it; the earlier instant whose local time is not before midnight is the start.
  const early = offsetAt(local - DAY, zone);
  const late = offsetAt(local + DAY, zone);
  const candidates = [local - early, local - late].sort((a, b) => a - b);
  for (const at of candidates) if (at + offsetAt(at, zone) === local) return at;
  return changeBetween(local - DAY, local + DAY, zone);
}

/** Length of a local day, µs: 23, 24 or 25 hours (or what the zone does). */
export function dayLength(day: Day, zone: string): number {
  return startOfDay(addDays(day, 1), zone) - startOfDay(day, zone);
}

/** `2026-11-21`. */
export function isoDay({ year, month, day }: Day): string {
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** The day of `2026-11-21`. */
export function parseDay(text: string): Day | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  return match ? { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) } : undefined;
}

const two = (n: number) => String(n).padStart(2, "0");

/** `13:50`, `13:50:32` or `13:50:32.480` in the zone. */
export function clockTime(us: number, zone: string, show: "minutes" | "seconds" | "millis" = "seconds"): string {
  const local = Math.floor(us + offsetAt(us, zone));
  const within = ((local % DAY) + DAY) % DAY;
  const minutes = `${two(Math.floor(within / HOUR))}:${two(Math.floor(within / MINUTE) % 60)}`;
  if (show === "minutes") return minutes;
  const seconds = `${minutes}:${two(Math.floor(within / SECOND) % 60)}`;
  return show === "seconds" ? seconds : `${seconds}.${String(Math.floor(within / MS) % 1000).padStart(3, "0")}`;
}

/** `Sat 21 Nov`. */
export function dayName(us: number, zone: string): string {
  return formatter(zone, { weekday: "short", day: "numeric", month: "short" }).format(us / MS).replace(",", "");
}

/** `Nov 2026`. */
export function monthName(us: number, zone: string): string {
  return formatter(zone, { month: "short", year: "numeric" }).format(us / MS);
}

/** `Saturday 21 November 2026, 13:50:32`, as a screen reader should say it. */
export function spokenTime(us: number, zone: string): string {
  const day = formatter(zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(us / MS);
  return `${day.replace(",", "")}, ${clockTime(us, zone)}`;
}

/** `20261121-135032-480`, for names of files. */
export function fileTime(us: number, zone: string): string {
  return `${isoDay(dayOf(us, zone)).replaceAll("-", "")}-${clockTime(us, zone, "millis").replace(/[:.]/g, (c) => (c === ":" ? "" : "-"))}`;
}

/** `1 min 48 s`, `2 h 5 min`, `0.48 s`: a length in words, two units at most. */
export function lengthInWords(us: number): string {
  const seconds = us / SECOND;
  if (seconds < 10) return `${Math.max(0, Math.round(seconds * 100) / 100)} s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}
