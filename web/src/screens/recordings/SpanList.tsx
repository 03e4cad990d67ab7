/** The recordings of a camera as a list: what the timeline shows, for screen readers and everyone who prefers words. */
import { endOf, type Lane, type View } from "../../timeline/model";
import { clockTime, dayName, lengthInWords } from "../../timeline/zone";
import { eventWords } from "../../recording/words";
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
  const events = (lane?.events ?? []).filter(({ from, to }) => to > view.from && from < view.from + view.span);
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
      {events.length > 0 && (
        <>
          <h3>Events</h3>
          <ul aria-label={`Events of ${name}`}>
            {events.slice(0, MOST).map((event) => (
              <li key={`${event.kind} ${event.from}`}>
                <button type="button" onClick={() => onSeek(event.from)}>
                  <span>{eventWords[event.kind]}</span>
                  <small>
                    {clockTime(event.from, zone)}, {lengthInWords(event.to - event.from)}
                  </small>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {spans.length > MOST && <p>The first {MOST} of {spans.length}. Zoom in on the timeline for the others.</p>}
    </section>
  );
}
