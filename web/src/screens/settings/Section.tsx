/** A part of a settings room: heading, what it is for, its form. */
import { type ReactNode, useId } from "react";
import { Loading, Problem, Skeleton } from "../../ui";
import { asFailure } from "../../api/problems";
import styles from "./Section.module.css";

export function Section({ title, about, action, children }: { title: string; about?: ReactNode; action?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <header>
        <div>
          <h2 id={id}>{title}</h2>
          {about ? <p>{about}</p> : null}
        </div>
        {action}
      </header>
      {children}
    </section>
  );
}

/** The question that a room waits for. */
interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Shows what was asked for, its shape before it is there, or why it is not. */
export function Answer<T>({ to, what, children }: { to: Asked<T>; what: string; children: (data: T) => ReactNode }) {
  if (to.data !== undefined) return children(to.data);
  if (to.isPending) {
    return (
      <Loading what={what}>
        <div className={styles.shape}><Skeleton width={180} height={20} /><Skeleton width={460} height={32} /><Skeleton width={460} height={32} /></div>
      </Loading>
    );
  }
  return <Problem of={asFailure(to.error)} onRetry={() => void to.refetch()} />;
}

/** Buttons at the end of a form. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
