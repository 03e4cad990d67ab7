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

/** The clocks of those that are shown; none while they are held. */
const clocks = new Map<number, ReturnType<typeof setTimeout>>();
let held = false;

const dismiss = (id: number) => {
  clearTimeout(clocks.get(id));
  clocks.delete(id);
  set(shown.filter((one) => one.id !== id));
};

const start = (id: number) => clocks.set(id, setTimeout(() => dismiss(id), SHOWN_MS));

/** Says that something was done: "Gate north was added." */
export function toast(text: string): void {
  const id = nextId++;
  set([...shown, { id, text }]);
  if (!held) start(id);
}

/** Nothing goes while it is pointed at or has the focus; after that it stays as long as a new one. */
function hold(): void {
  held = true;
  for (const clock of clocks.values()) clearTimeout(clock);
  clocks.clear();
}

function release(): void {
  if (!held) return;
  held = false;
  for (const { id } of shown) start(id);
}

/** Holds them while a pointer or the focus is among them. */
function watch(box: HTMLElement | null) {
  const does = { pointerover: hold, pointerleave: release, focusin: hold, focusout: release };
  for (const [event, act] of Object.entries(does)) box?.addEventListener(event, act);
  return () => {
    for (const [event, act] of Object.entries(does)) box?.removeEventListener(event, act);
  };
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const toasts = useSyncExternalStore(subscribe, () => shown);
  return (
    <div className={styles.toasts} role="status" aria-live="polite" ref={watch}>
      {toasts.map(({ id, text }) => (
        <div key={id} className={styles.toast}>
          <Check aria-hidden="true" />
          <span>{text}</span>
          <IconButton label="Dismiss" onPress={() => { dismiss(id); release(); }}><X /></IconButton>
        </div>
      ))}
    </div>
  );
}
