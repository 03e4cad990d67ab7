/**
 * Short words at the edge about something that was done, gone after some seconds. Never for an error that needs an
 * action: that stays where it happened.
 */
import { Check, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { IconButton } from "./Button";
import styles from "./Toast.module.css";

interface ToastWords {
  id: number;
  text: string;
}

/** Long enough to read twice. */
const SHOWN_MS = 5000;
/** More would hide the screen; the oldest goes. */
const MOST = 3;

let shown: readonly ToastWords[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(toasts: readonly ToastWords[]) {
  shown = toasts.slice(-MOST);
  for (const listener of listeners) listener();
}

const dismiss = (id: number) => set(shown.filter((one) => one.id !== id));

/** Says that something was done: "Gate north was added." */
export function toast(text: string): void {
  const id = nextId++;
  set([...shown, { id, text }]);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const toasts = useSyncExternalStore(subscribe, () => shown);
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {toasts.map(({ id, text }) => (
        <div key={id} className={styles.toast}>
          <Check aria-hidden="true" />
          <span>{text}</span>
          <IconButton label="Dismiss" onPress={() => dismiss(id)}><X /></IconButton>
        </div>
      ))}
    </div>
  );
}
