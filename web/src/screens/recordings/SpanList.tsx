/** The recordings of a camera as a list: what the timeline shows, for screen readers and everyone who prefers words. */
import { endOf, type Lane, type View } from "../../timeline/model";
import { clockTime, dayName, lengthInWords } from "../../timeline/zone";
import styles from "./recordings.module.css";

interface Props {
  name: string;
  lane: Lane | undefined;
  view: View;
  nowUs: number;
  atUs: number;
  zone: string;
  onSeek: (us: number) => void;
}

/** More are not listed: zoom in to see them. */
const MOST = 200;

export function SpanList({ name, lane, view, nowUs, atUs, zone, onSeek }: Props) {
  const spans = (lane?.spans ?? []).filter((span) => endOf(span, nowUs) > view.from && span.from < view.from + view.span);
  return (
    <section className={styles.list} aria-label={`Recordings of ${name}`}>
      <h2>{name}</h2>
      {spans.length === 0 && <p>Nothing recorded in the time that the timeline shows.</p>}
      <ul>
        {spans.slice(0, MOST).map((span) => {
          const to = endOf(span, nowUs);
          return (
            <li key={span.from}>
              <button type="button" aria-current={atUs >= span.from && atUs < to ? "true" : undefined} onClick={() => onSeek(span.from)}>
                <span>
                  {clockTime(span.from, zone)} – {span.open ? "now" : clockTime(to, zone)}
                </span>
                <small>
                  {dayName(span.from, zone)}, {lengthInWords(to - span.from)}
                </small>
              </button>
            </li>
          );
        })}
      </ul>
      {spans.length > MOST && <p>The first {MOST} of {spans.length}. Zoom in on the timeline for the others.</p>}
    </section>
  );
}
