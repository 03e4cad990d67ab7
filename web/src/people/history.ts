/** Steps that can be taken back and taken again. Pure; what a step is, its user knows. */

export interface History<Value> {
  readonly past: readonly Value[];
  readonly present: Value;
  readonly future: readonly Value[];
}

/** Steps that are kept; the oldest goes. */
const MOST = 100;

export const begin = <Value>(present: Value): History<Value> => ({ past: [], present, future: [] });

export const step = <Value>({ past, present }: History<Value>, next: Value): History<Value> => ({ past: [...past, present].slice(-MOST), present: next, future: [] });

/** One step back; the same where there is none. */
export function undo<Value>(history: History<Value>): History<Value> {
  const before = history.past.at(-1);
  return before === undefined ? history : { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future] };
}

/** One step on again; the same where there is none. */
export function redo<Value>(history: History<Value>): History<Value> {
  const [next, ...future] = history.future;
  return next === undefined ? history : { past: [...history.past, history.present], present: next, future };
}
