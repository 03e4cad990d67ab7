/** Lists in bulk: rows chosen with keys or touch, two lines a cell. On a phone every row is a card. */
import type { ReactNode } from "react";
import { Cell as AriaCell, type CellProps } from "react-aria-components";
import { cls } from "./cls";
import styles from "./Table.module.css";

export { styles as tableStyles };

/** A cell with what it is, and a fact about it. */
export function Cell({ what, about, label, className, ...props }: Omit<CellProps, "children" | "className"> & { what: ReactNode; about?: ReactNode; /** The column's name, shown on a phone. */ label?: string; className?: string }) {
  return (
    <AriaCell {...props} className={cls(styles.cell, className)} {...(label ? { "data-label": label } : {})}>
      <span className={styles.what}>{what}</span>
      {about ? <span className={styles.about}>{about}</span> : null}
    </AriaCell>
  );
}
