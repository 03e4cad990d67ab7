/** Small facts: a badge with a coloured dot and words, a count. The words say it; the colour only helps. */
import type { ReactNode } from "react";
import { cls } from "./cls";
import styles from "./Badge.module.css";

export type Tone = "ok" | "warn" | "danger" | "idle";

export function Badge({ tone = "ok", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={styles.badge}>
      <i className={styles[tone]} aria-hidden="true" />
      {children}
    </span>
  );
}

/** An icon and words for how something is. */
export function Status({ tone, icon, children }: { tone: Tone | "accent"; icon: ReactNode; children: ReactNode }) {
  return (
    <span className={cls(styles.status, styles[`is-${tone}`])}>
      {icon}
      <span>{children}</span>
    </span>
  );
}
