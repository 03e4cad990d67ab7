/** Which entry of the key table a keystroke means. Pure but for reading the event's target. */
import { keysOf } from "./chosen";
import { type KeyId, keymap } from "./keymap";

/** The stroke's name as the table writes it. */
export function strokeOf(event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey">): string {
  const letter = event.key.length === 1;
  const key = letter ? event.key.toLowerCase() : event.key;
  const isLetterKey = letter && key !== event.key.toUpperCase();
  const shift = event.shiftKey && (!letter || isLetterKey) ? "shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${shift}${key}`;
}

/** Whether a stroke at this element is text or belongs to a widget. */
export function belongsToWidget(target: EventTarget | null, stroke: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest('input:not([type="checkbox"], [type="radio"], [type="range"]), textarea, select, [contenteditable="true"]')) return true;
  if (target.closest('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]')) return true;
  if ((stroke === "Enter" || stroke === " ") && target.closest('button, a[href], [role="button"], [role="option"], summary, input')) return true;
  if (stroke.includes("Arrow") && target.closest('[role="tablist"], [role="radiogroup"], [role="grid"], [role="toolbar"], [type="range"]')) return true;
  return false;
}

/** Entries for a stroke, after the step that a sequence began with. */
export function idsFor(stroke: string, begun: string | undefined): KeyId[] {
  const wanted = begun ? `${begun} ${stroke}` : stroke;
  return (Object.keys(keymap) as KeyId[]).filter((id) => keysOf(id).includes(wanted));
}

/** Whether a stroke begins a sequence. */
export function begins(stroke: string): boolean {
  return (Object.keys(keymap) as KeyId[]).some((id) => keysOf(id).some((key) => key.length > 1 && key.startsWith(`${stroke} `)));
}
