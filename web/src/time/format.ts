/** Times, lengths and amounts in words. Pure: zone and "now" are arguments. No dates are parsed from people here. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions, locale = "en-GB"): Intl.DateTimeFormat {
  const key = `${locale} ${zone} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
  formats.set(key, made);
  return made;
}

/** A moment: milliseconds since 1970, or RFC 3339. */
export type Moment = number | string;
const msOf = (at: Moment): number => (typeof at === "number" ? at : Date.parse(at));

/** "14:07:21". */
export function clock(at: Moment, zone: string): string {
  return format(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(msOf(at));
}

/** "13:50:32.480". */
export function clockMs(at: Moment, zone: string): string {
  return `${clock(at, zone)}.${String(((msOf(at) % 1000) + 1000) % 1000).padStart(3, "0")}`;
}

/** "Sat 21 Nov", with the year when it is not this one. */
export function day(at: Moment, zone: string, nowMs: number): string {
  const year = format(zone, { year: "numeric" });
  const sameYear = year.format(msOf(at)) === year.format(nowMs);
  const parts = format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).formatToParts(msOf(at));
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  // English in Britain writes "Sept": three letters for all.
  return `${part("weekday")} ${part("day")} ${part("month").slice(0, 3)}${sameYear ? "" : ` ${part("year")}`}`;
}

/** "2026-11-21" in the zone. */
export function isoDay(at: Moment, zone: string): string {
  return format(zone, { year: "numeric", month: "2-digit", day: "2-digit" }, "en-CA").format(msOf(at));
}

/** "14:05:52" today, "Sat 21 Nov 14:05:52" on any other day. */
export function moment(at: Moment, zone: string, nowMs: number): string {
  return isoDay(at, zone) === isoDay(nowMs, zone) ? clock(at, zone) : `${day(at, zone, nowMs)} ${clock(at, zone)}`;
}

/** "CET", "GMT+5:30". */
export function zoneName(at: Moment, zone: string): string {
  // British English names European zones by letters, American English American ones.
  for (const locale of ["en-GB", "en-US"]) {
    const name = format(zone, { timeZoneName: "short" }, locale)
      .formatToParts(msOf(at))
      .find((part) => part.type === "timeZoneName")?.value;
    if (name && !name.startsWith("GMT")) return name;
  }
  return format(zone, { timeZoneName: "short" }).formatToParts(msOf(at)).find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** "1 min 48 s", "2 h 5 min", "3 days". Never negative. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  if (s < 86_400) {
    const min = Math.floor((s % 3600) / 60);
    return min ? `${Math.floor(s / 3600)} h ${min} min` : `${Math.floor(s / 3600)} h`;
  }
  const days = Math.floor(s / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

/** "3.1 GB": decimal units, as disks are sold. */
export function bytes(amount: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = amount;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** "3.1 Mbit/s", "480 kbit/s". */
export function bitrate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e6 ? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

/** "H.264" for `avc1.64001f`, and so on; what is unknown stays as it is. */
export function codecName(codec: string): string {
  const known: Record<string, string> = { avc1: "H.264", avc3: "H.264", hvc1: "H.265", hev1: "H.265", av01: "AV1", mp4a: "AAC", ulaw: "G.711", alaw: "G.711", opus: "Opus" };
  return known[codec.split(".")[0]?.toLowerCase() ?? ""] ?? codec;
}

/** "1 camera", "3 cameras". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
