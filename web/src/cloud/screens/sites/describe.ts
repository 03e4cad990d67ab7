/** Sites in words. Pure. */
import { type Moment, duration, moment } from "../../../time/format";
import type { Site } from "../../api/types";
import type { Placed } from "../../folders";

/** Where a site lies. */
export const folderOf = (site: Site, folders: readonly Placed[]): string => folders.find(({ id }) => id === site.folder)?.path ?? "–";

/** Those whose name or folder holds all the words. */
export function matching(sites: readonly Site[], folders: readonly Placed[], filter: string): Site[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return sites.filter((site) => {
    const text = `${site.name} ${folderOf(site, folders)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** When a site that is not here was last heard of. */
export function lastContact(site: Site, zone: string, nowMs: number): string {
  if (!site.last_contact) return "Not heard of yet";
  const ago = nowMs - Date.parse(site.last_contact);
  return ago < 3_600_000 ? `Last contact ${duration(Math.max(1000, ago))} ago` : `Last contact ${moment(site.last_contact as Moment, zone, nowMs)}`;
}
