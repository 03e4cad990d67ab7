/**
 * What somebody may do no more, from one moment to the next, in sentences: rights can be taken away while one watches.
 * `lost` is pure; the note that the shell shows is kept here until it is read.
 */
import { useSyncExternalStore } from "react";
import type { Camera, Privilege, Session } from "../api/types";
import { privilegeNames } from "../people/words";

/** What the cache knew of somebody's rights. */
export interface Known {
  readonly session: Session | null | undefined;
  readonly cameras: readonly Camera[] | undefined;
}

const cameraWords: Partial<Record<Privilege, string>> = { "camera-video": "see", "camera-listen": "hear", "camera-record": "start recording of", "recordings": "see recordings of" };

/** "A", "A and B", "A, B and C". */
const joined = (names: readonly string[]): string => (names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** One sentence each about what was there before and is not now; none where nothing was lost. */
export function lost(before: Known, now: Known): string[] {
  if (!before.session || !now.session || before.session.user_id !== now.session.user_id) return [];
  const after = new Map(now.cameras?.map((camera) => [camera.id, camera]));
  const cameras = before.cameras ?? [];
  const sentences: string[] = [];
  const gone = cameras.filter(({ id }) => !after.has(id)).map(({ name }) => name);
  if (gone.length) sentences.push(`You may no longer see ${joined(gone)}.`);
  for (const [privilege, does] of Object.entries(cameraWords) as [Privilege, string][]) {
    const names = cameras.filter((camera) => camera.privileges.includes(privilege) && after.get(camera.id)?.privileges.includes(privilege) === false).map(({ name }) => name);
    if (names.length) sentences.push(`You may no longer ${does} ${joined(names)}.`);
  }
  const held = now.session.privileges;
  const taken = before.session.privileges.filter((one) => !held.includes(one) && !one.startsWith("camera-") && one !== "recordings");
  if (taken.length) sentences.push(`You no longer have: ${joined(taken.map((one) => privilegeNames[one as Privilege].toLowerCase()))}.`);
  return sentences;
}

let told: readonly string[] = [];
const listeners = new Set<() => void>();

function set(next: readonly string[]) {
  told = next;
  for (const listener of listeners) listener();
}

/** Says what was lost; it stays until it is dismissed. */
export const tell = (sentences: readonly string[]): void => (sentences.length ? set(sentences) : undefined);
export const dismiss = (): void => set([]);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** What was lost and not read yet. */
export const useLost = (): readonly string[] => useSyncExternalStore(subscribe, () => told);
