/** The frame of screens before anybody is signed in: sign-in and first run. */
import type { ReactNode } from "react";
import styles from "./Door.module.css";
import { Logo } from "./Logo";

export function Door({ title, under, foot, children }: { title: string; under: string; foot?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.page}>
      <main className={styles.door}>
        <header>
          <span className={styles.logo}><Logo size={40} /></span>
          <h1>{title}</h1>
          <p>{under}</p>
        </header>
        <div className={styles.body}>{children}</div>
        {foot ? <div className={styles.foot}>{foot}</div> : null}
      </main>
    </div>
  );
}
