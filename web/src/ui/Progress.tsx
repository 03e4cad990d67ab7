/** How far something is: a task with an end, and a store that fills. */
import { Meter as AriaMeter, ProgressBar } from "react-aria-components";
import { cls } from "./cls";
import styles from "./Progress.module.css";

/** @param value 0 to 1; undefined: under way, the end is not known. */
export function Progress({ label, value }: { label: string; value?: number | undefined }) {
  return (
    <ProgressBar aria-label={label} minValue={0} maxValue={1} {...(value === undefined ? { isIndeterminate: true } : { value })} className={styles.bar ?? ""}>
      <span className={cls(styles.fill, value === undefined && styles.going)} style={value === undefined ? undefined : { width: `${value * 100}%` }} />
    </ProgressBar>
  );
}

interface MeterProps {
  label: string;
  /** What is read: "312 GB of 500 GB". */
  text: string;
  /** Parts of the whole, 0 to 1 each, from the left. */
  parts: readonly { share: number; tone: "rec" | "other" | "warn" | "danger" }[];
}

export function Meter({ label, text, parts }: MeterProps) {
  return (
    <AriaMeter aria-label={label} value={Math.min(1, parts[0]?.share ?? 0)} minValue={0} maxValue={1} valueLabel={text} className={cls(styles.bar, styles.meter)}>
      {parts.map((part) => (
        <span key={part.tone} className={cls(styles.fill, styles[part.tone])} style={{ width: `${Math.max(0, Math.min(1, part.share)) * 100}%` }} />
      ))}
    </AriaMeter>
  );
}
