/**
 * Rights while they are being set: what a draft gives on each row of the grid, where that comes from, and what differs
 * from what is kept. Pure. It follows the rules of the site's evaluator (crate `access`) so that a cell can answer before
 * anything is saved; the site decides, and a browser test holds both against each other.
 */
import type { Camera, Folder, Grant, Group, Privilege, PrivilegeInfo, Role } from "../api/types";
import { atLeast, roles } from "./words";

/** On what something is granted: everything of its kind, a folder, or a camera. */
export type Target = "all" | `folder:${string}` | `camera:${string}`;

/** A privilege on a target. */
type Key = `${Privilege} ${Target}`;
const keyOf = (privilege: Privilege, target: Target): Key => `${privilege} ${target}`;
const partsOf = (key: Key): [Privilege, Target] => key.split(" ") as [Privilege, Target];

/** What is granted, each with its priority where it has one. */
export type Grants = ReadonlyMap<Key, number | null>;

export const grantsOf = (list: readonly Grant[]): Grants =>
  new Map(list.map(({ privilege, camera, folder, priority }) => [keyOf(privilege, camera ? `camera:${camera}` : folder ? `folder:${folder}` : "all"), priority ?? null]));

export const listOf = (grants: Grants): Grant[] =>
  [...grants].map(([key, priority]) => {
    const [privilege, target] = partsOf(key);
    const [kind, id] = target.split(":");
    return { privilege, ...(kind === "camera" && id ? { camera: id } : {}), ...(kind === "folder" && id ? { folder: id } : {}), ...(priority === null ? {} : { priority }) };
  });

export const granted = (grants: Grants, privilege: Privilege, target: Target): boolean => grants.has(keyOf(privilege, target));

/** With or without these privileges on these targets. */
export function withGrants(grants: Grants, privileges: readonly Privilege[], targets: readonly Target[], on: boolean): Grants {
  const next = new Map(grants);
  for (const privilege of privileges) {
    for (const target of targets) {
      const key = keyOf(privilege, target);
      if (!on) next.delete(key);
      else if (!next.has(key)) next.set(key, null);
    }
  }
  return next;
}

/** What a person or a group is being given. */
export interface Draft {
  readonly role: Role;
  /** Recordings older than so many minutes are kept from what is granted here; null: all are shown. */
  readonly minutes: number | null;
  readonly grants: Grants;
  /** Groups of a person, members of a group. */
  readonly linked: ReadonlySet<string>;
}

/** Where rights come from; `group` is undefined for the one whose rights are set. */
export interface Source {
  readonly group?: string;
  readonly role: Role;
  readonly minutes: number | null;
  readonly grants: Grants;
}

/** The draft of a person, and its groups. */
export const sourcesOf = (draft: Draft, groups: readonly Group[]): Source[] => [
  draft,
  ...groups.filter(({ id }) => draft.linked.has(id)).map(({ name, role, recordings_minutes, grants }) => ({ group: name, role, minutes: recordings_minutes ?? null, grants: grantsOf(grants) })),
];

/** The highest role wins. */
export const highestRole = (sources: readonly Source[]): Role => roles.findLast((role) => sources.some((source) => source.role === role)) ?? "viewer";

/** What comes with a privilege: who sees pictures may know of the camera. */
const implied: Partial<Record<Privilege, Privilege>> = {
  "camera-video": "camera-access", "camera-listen": "camera-access", "camera-speak": "camera-access", "camera-record": "camera-access", "camera-ptz": "camera-access",
  "view-edit": "view-access", "port-read": "port-access", "port-write": "port-access",
};

/** One thing that gives a right. */
export interface Reason {
  readonly group?: string | undefined;
  readonly target: Target;
  /** What was granted: the privilege, or one that brings it along. */
  readonly by: Privilege;
}

/** Everything that gives a privilege on what these targets cover, whether the role can hold it or not. */
export function reasons(sources: readonly Source[], { privilege }: Pick<PrivilegeInfo, "privilege">, targets: readonly Target[]): Reason[] {
  return sources.flatMap(({ group, grants }) =>
    [...grants.keys()].map(partsOf).filter(([by, target]) => targets.includes(target) && (by === privilege || implied[by] === privilege)).map(([by, target]) => ({ group, target, by })),
  );
}

/** A row of the grid: what it is called, and every target that counts for it, its own last. */
export interface GridRow {
  readonly name: string;
  readonly about?: string | undefined;
  readonly depth: 0 | 1;
  readonly target: Target;
  readonly covers: readonly Target[];
}

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

/** All cameras, then each folder with its cameras, then the rest. A camera of several folders stands in the first. */
export function gridRows(cameras: readonly Camera[], folders: readonly Folder[]): GridRow[] {
  const seen = new Set<string>();
  const sorted = folders.toSorted(byName);
  const row = ({ id, name }: Camera, depth: 0 | 1): GridRow => {
    const inside = sorted.filter((folder) => folder.cameras.includes(id));
    const others = inside.slice(1).map((folder) => folder.name);
    return { name, depth, target: `camera:${id}`, covers: ["all", ...inside.map((folder): Target => `folder:${folder.id}`), `camera:${id}`], about: others.length ? `Also in ${others.join(", ")}` : undefined };
  };
  const inFolders = sorted.flatMap((folder) => {
    const own = cameras.filter(({ id }) => folder.cameras.includes(id) && !seen.has(id)).toSorted(byName);
    for (const { id } of own) seen.add(id);
    const head: GridRow = { name: folder.name, depth: 0, target: `folder:${folder.id}`, covers: ["all", `folder:${folder.id}`], about: "Folder: also what is put into it later" };
    return [head, ...own.map((camera) => row(camera, 1))];
  });
  const rest = cameras.filter(({ id }) => !seen.has(id)).toSorted(byName);
  return [{ name: "All cameras", depth: 0, target: "all", covers: ["all"], about: "Also those that are added later" }, ...inFolders, ...rest.map((camera) => row(camera, 0))];
}

/** Why a cell cannot be set. */
export type Blocked = "administrator" | "not-in-use" | "role";

/** What a cell shows. */
export interface CellState {
  /** It is granted on exactly this row to whom is being edited. */
  readonly own: boolean;
  readonly held: boolean;
  readonly reasons: readonly Reason[];
  readonly blocked: Blocked | undefined;
}

/** @param infos all privileges: what brings another along counts for those who can hold it. */
export function cellState(draft: Draft, sources: readonly Source[], info: PrivilegeInfo, row: Pick<GridRow, "target" | "covers">, infos: readonly PrivilegeInfo[]): CellState {
  const role = highestRole(sources);
  const holds = (privilege: Privilege) => infos.every((one) => one.privilege !== privilege || atLeast(role, one.lowest_role));
  const found = reasons(sources, info, row.covers);
  const own = granted(draft.grants, info.privilege, row.target);
  const blocked = role === "administrator" ? "administrator" : !info.in_use ? "not-in-use" : !atLeast(role, info.lowest_role) ? "role" : undefined;
  return { own, held: role === "administrator" || (holds(info.privilege) && found.some(({ by }) => holds(by))), reasons: found, blocked };
}

/** How far back recordings of a row are shown: null: all of them; undefined: none. */
export function reach(sources: readonly Source[], { covers }: Pick<GridRow, "covers">): number | null | undefined {
  const role = highestRole(sources);
  if (role === "administrator") return null;
  if (!atLeast(role, "operator")) return undefined;
  const limits = sources.filter(({ grants }) => covers.some((target) => granted(grants, "camera-video", target))).map(({ minutes }) => minutes);
  if (limits.length === 0) return undefined;
  return limits.reduce((most, one) => (most === null || one === null ? null : Math.max(most, one)));
}

/** What differs, by target, in the order of the grid's rows. */
export interface Difference {
  readonly target: Target;
  readonly gives: readonly Privilege[];
  readonly takes: readonly Privilege[];
}

export function differences(before: Grants, after: Grants): Difference[] {
  const found = new Map<Target, { gives: Privilege[]; takes: Privilege[] }>();
  const note = (key: Key, what: "gives" | "takes") => {
    const [privilege, target] = partsOf(key);
    const at = found.get(target) ?? { gives: [], takes: [] };
    at[what].push(privilege);
    found.set(target, at);
  };
  for (const key of after.keys()) if (!before.has(key)) note(key, "gives");
  for (const key of before.keys()) if (!after.has(key)) note(key, "takes");
  return [...found].map(([target, { gives, takes }]) => ({ target, gives, takes }));
}

/** Whether nothing differs. */
export const same = (a: Draft, b: Draft): boolean =>
  a.role === b.role && a.minutes === b.minutes && a.linked.size === b.linked.size && [...a.linked].every((id) => b.linked.has(id)) && differences(a.grants, b.grants).length === 0;
