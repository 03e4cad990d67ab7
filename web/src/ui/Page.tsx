/** The frame of a room with a list or forms: heading with its actions, content, and details beside. */
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./Button";
import { cls } from "./cls";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  /** Stand beside the title: what can be done here. */
  actions?: ReactNode;
  /** Stands at the right of the heading: a filter. */
  aside?: ReactNode;
  /** Details of one thing, beside the list; in its place on a phone. */
  panel?: ReactNode;
  /** On a phone the panel stands under the list, not in its place. */
  panelUnder?: boolean;
  children: ReactNode;
}

export function Page({ title, actions, aside, panel, panelUnder = false, children }: PageProps) {
  return (
    <div className={cls(styles.page, Boolean(panel) && styles.withPanel, panelUnder && styles.under)}>
      <div className={styles.main}>
        <div className={styles.head}>
          <h1>{title}</h1>
          {actions}
          {aside ? <div className={styles.aside}>{aside}</div> : null}
        </div>
        {children}
      </div>
      {panel}
    </div>
  );
}

/** Details of one thing. */
export function Panel({ title, about, onClose, children }: { title: string; about?: ReactNode; onClose: () => void; children: ReactNode }) {
  return (
    <aside className={styles.panel} aria-label={title}>
      <header>
        <div>
          <h2>{title}</h2>
          {about ? <p>{about}</p> : null}
        </div>
        <IconButton label="Close" onPress={onClose}><X /></IconButton>
      </header>
      {children}
    </aside>
  );
}

/** Links that choose what of a list is shown. */
export function Chips({ label, children }: { label: string; children: ReactNode }) {
  return <nav className={styles.chips} aria-label={label}>{children}</nav>;
}

/** One of them; the URL keeps the choice. */
export function Chip({ current, onPress, children }: { current: boolean; onPress: () => void; children: string }) {
  return (
    <a href="#room" aria-current={current ? "true" : undefined} onClick={(event) => { event.preventDefault(); onPress(); }}>
      {children}
    </a>
  );
}
