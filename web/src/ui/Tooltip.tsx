/** A tip beside a control, for its label or its key. Never the only place where something is said. */
import type { ReactNode } from "react";
import { Tooltip as AriaTooltip } from "react-aria-components";
import styles from "./overlays.module.css";

export function Tooltip({ children }: { children: ReactNode }) {
  return (
    <AriaTooltip className={styles.tooltip ?? ""} offset={6}>
      {children}
    </AriaTooltip>
  );
}
