/** Relay data in words: how much of it is used in this month, and what follows. Pure; the cloud counts. */
import { bytes } from "../time/format";
import type { RelayUse } from "./api/types";

const GB = 1_000_000_000;

/** "0.64": gigabytes with two digits, as the limit is said in them. Never rounded up to a limit that is not reached. */
const gigabytes = (amount: number): string => (Math.floor(amount / (GB / 100)) / 100).toFixed(2);

/** "1 GB", "2.50 GB", "500 MB". */
export const limitWords = (limit: number): string => (limit < GB ? bytes(limit) : `${limit % GB === 0 ? limit / GB : gigabytes(limit)} GB`);

/** "0.64 of 1 GB", "640 MB", where there is no limit. */
export function usedWords({ bytes: used, limit }: Pick<RelayUse, "bytes" | "limit">): string {
  if (typeof limit !== "number") return bytes(used);
  return `${limit < GB ? bytes(used) : gigabytes(used)} of ${limitWords(limit)}`;
}

/** 0 to 1; without a limit nothing is used of it. */
export const shareOf = ({ bytes: used, limit }: Pick<RelayUse, "bytes" | "limit">): number => (typeof limit !== "number" ? 0 : limit === 0 ? 1 : Math.min(1, used / limit));

/** "November" of `2026-11-01`. */
export const monthName = (firstDay: string): string => new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" }).format(Date.parse(`${firstDay}T00:00:00Z`));

/** "1 December" of `2026-12-01`. */
export const dayName = (day: string): string => new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" }).format(Date.parse(`${day}T00:00:00Z`));
