/** What playback did by itself, said for a few seconds over the pictures: it jumped over a gap, it reached the end. */
import { useEffect, useState } from "react";
import type { GroupState } from "../../player/sync-group";
import { clockTime, lengthInWords } from "../../timeline/zone";
import { Button } from "../../ui";
import styles from "./recordings.module.css";

const SHOWN_MS = 5000;

export function NoteOverlay({ note, zone, onLive }: { note: GroupState["note"]; zone: string; onLive: () => void }) {
  const [gone, setGone] = useState(0);
  useEffect(() => {
    if (!note || note.kind !== "gap") return undefined;
    const timer = setTimeout(() => setGone(note.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [note]);
  return (
    <div className={styles.notes} role="status">
      {note && note.id !== gone && (
        <div className={styles.note}>
          {note.kind === "gap" ? (
            <span>
              Nothing recorded {clockTime(Math.min(note.fromUs, note.toUs), zone)} – {clockTime(Math.max(note.fromUs, note.toUs), zone)}: {lengthInWords(Math.abs(note.toUs - note.fromUs))} skipped.
            </span>
          ) : note.kind === "start" ? (
            <span>This is the oldest recording.</span>
          ) : (
            <>
              <span>This is the newest recording.</span>
              <Button onPress={onLive}>Watch live</Button>
            </>
          )}
          <button type="button" aria-label="Dismiss" onClick={() => setGone(note.id)}>×</button>
        </div>
      )}
    </div>
  );
}
