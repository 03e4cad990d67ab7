/**
 * Keys that a person has chosen instead of the table's own: kept in this browser. Everything that asks which keys something
 * has asks here. What is not here: the table (`keymap.ts`), strokes (`match.ts`).
 */
import { useSyncExternalStore } from "react";
import { type KeyId, keymap } from "./keymap";

type Chosen = Partial<Record<KeyId, string>>;

const KEY = "martello.keys";
const listeners = new Set<() => void>();
const ids = Object.keys(keymap) as KeyId[];
let chosen: Chosen = read();

/** What is stored, as far as it is of this table. */
function read(): Chosen {
  try {
    const stored = JSON.parse(globalThis.localStorage?.getItem(KEY) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(ids.flatMap((id) => (typeof stored?.[id] === "string" && stored[id] !== "" ? [[id, stored[id]]] : [])));
  } catch {
    return {};
  }
}

/** The keys of an entry: the chosen one, else the table's. */
export const keysOf = (id: KeyId): readonly string[] => (chosen[id] === undefined ? keymap[id].keys : [chosen[id]]);

/** Whether an entry can have another key: the numbers of the layouts cannot. */
export const changeable = (id: KeyId): boolean => keymap[id].keys.length <= 3;

/** What a stroke would be called for an entry: what is reached by "g then l" stays behind its g. */
export function keyFor(id: KeyId, stroke: string): string {
  const [first = "", second] = keymap[id].keys[0].split(" ");
  return first !== "" && second !== undefined && second !== "" ? `${first} ${stroke}` : stroke;
}

/** The entry that has a key already, or begins or follows with it, where both could be meant. */
export function takenBy(id: KeyId, key: string): KeyId | undefined {
  const place = keymap[id].place;
  const meets = (other: KeyId) => other !== id && (place === "everywhere" || keymap[other].place === "everywhere" || keymap[other].place === place);
  const starts = (long: string, short: string) => short !== " " && long.startsWith(`${short} `);
  return ids.find((other) => meets(other) && keysOf(other).some((one) => one === key || starts(one, key) || starts(key, one)));
}

/** @param key none: the table's own again. */
export function chooseKey(id: KeyId, key: string | undefined): void {
  const { [id]: _, ...rest } = chosen;
  set(key === undefined || (keymap[id].keys as readonly string[]).includes(key) ? rest : { ...rest, [id]: key });
}

export const resetKeys = (): void => set({});

function set(next: Chosen): void {
  chosen = next;
  globalThis.localStorage?.setItem(KEY, JSON.stringify(chosen));
  for (const listener of listeners) listener();
}

/** What has been chosen; renews the component when it changes. */
export function useChosenKeys(): Chosen {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => chosen,
  );
}
