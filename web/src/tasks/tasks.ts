/**
 * What runs on the person's behalf right now (a search, a clip being saved), for the bar at the bottom.
 * Lives as long as the page; the site's own work is asked of the site, not kept here.
 */
import { useSyncExternalStore } from "react";

/** One running task. */
export interface Task {
  readonly id: number;
  /** What it does: "Saving 1 min 48 s of Gate north". */
  readonly label: string;
  /** 0 to 1; undefined: not known. */
  readonly progress: number | undefined;
  /** What is expected: "about 6 s". */
  readonly forecast: string | undefined;
  /** Ends it early, where that is possible. */
  readonly cancel: (() => void) | undefined;
}

/** What may be told of a task while it runs. */
export type TaskChange = Partial<Omit<Task, "id">>;

let running: readonly Task[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(tasks: readonly Task[]) {
  running = tasks;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Says that a task began. The caller ends it, whatever happens. */
export function beginTask(label: string, change: TaskChange = {}): { update: (change: TaskChange) => void; end: () => void } {
  const id = nextId++;
  set([...running, { id, label, progress: undefined, forecast: undefined, cancel: undefined, ...change }]);
  return {
    update: (more) => set(running.map((task) => (task.id === id ? { ...task, ...more } : task))),
    end: () => set(running.filter((task) => task.id !== id)),
  };
}

/** The running tasks, oldest first. */
export function useTasks(): readonly Task[] {
  return useSyncExternalStore(subscribe, () => running);
}
