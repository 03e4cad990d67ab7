/** A part of the rights of somebody, under its heading. */
import type { ReactNode } from "react";
import styles from "./rights.module.css";

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
