/** What happened and what to do, in the place where it happened: notes, problems, empty rooms, things that load. */
import { CircleAlert, Info, RotateCw, TriangleAlert } from "lucide-react";
import type { CSSProperties, ReactNode } from "react";
import type { Failure } from "../api/problems";
import { Button } from "./Button";
import { cls } from "./cls";
import styles from "./Message.module.css";

type Tone = "info" | "warn" | "danger";

const icons = { info: Info, warn: TriangleAlert, danger: CircleAlert };

/** A note in the flow of a screen. */
export function Note({ tone = "info", title, children, action }: { tone?: Tone; title?: ReactNode; children?: ReactNode; action?: ReactNode }) {
  const Icon = icons[tone];
  return (
    <div className={cls(styles.note, styles[tone])} role={tone === "danger" ? "alert" : "note"}>
      <Icon aria-hidden="true" />
      <div className={styles.words}>
        {title ? <strong>{title}</strong> : null}
        {children ? <div>{children}</div> : null}
      </div>
      {action}
    </div>
  );
}

/** A problem of the site, said where it happened. */
export function Problem({ of, onRetry }: { of: Failure; onRetry?: () => void }) {
  return (
    <Note
      tone="danger"
      title={of.message}
      action={onRetry ? <Button icon={<RotateCw />} onPress={onRetry}>Try again</Button> : null}
    >
      {of.detail}
    </Note>
  );
}

/** A room without anything in it: says what belongs here and the next step. */
export function Empty({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      {icon ? <span className={styles.picture} aria-hidden="true">{icon}</span> : null}
      <h2>{title}</h2>
      {children ? <p>{children}</p> : null}
      {action}
    </div>
  );
}

/** The shape of what comes. */
export function Skeleton({ width = "100%", height = "1em", className }: { width?: CSSProperties["width"]; height?: CSSProperties["height"]; className?: string }) {
  return <span className={cls(styles.skeleton, className)} style={{ width, height }} aria-hidden="true" />;
}

/** Says to screen readers that something loads; the shapes inside are not read. */
export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <div role="status" aria-live="polite">
      <span className="sr-only">{what} load</span>
      {children}
    </div>
  );
}
