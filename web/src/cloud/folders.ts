/** Folders of an organization in the order in which people read them: each after the one that it lies in. Pure. */
import type { SiteFolder } from "./api/types";

export interface Placed extends SiteFolder {
  /** "North / Harbour". */
  path: string;
  /** 0: at the top. */
  depth: number;
}

/** Folders by name, those that lie in one directly after it. One whose parent is not listed stands at the top. */
export function folderPaths(folders: readonly SiteFolder[]): Placed[] {
  const known = new Set(folders.map(({ id }) => id));
  const inside = (parent: string | null) => folders.filter((one) => (one.parent && known.has(one.parent) ? one.parent : null) === parent).toSorted((one, other) => one.name.localeCompare(other.name));
  const walk = (parent: string | null, above: string, depth: number): Placed[] =>
    inside(parent).flatMap((one) => {
      const path = above ? `${above} / ${one.name}` : one.name;
      return [{ ...one, path, depth }, ...walk(one.id, path, depth + 1)];
    });
  return walk(null, "", 0);
}
