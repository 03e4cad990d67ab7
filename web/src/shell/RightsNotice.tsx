/** Says that rights were taken away while somebody watched: over the room, until it is read. */
import { X } from "lucide-react";
import { dismiss, useLost } from "../session/rights-change";
import { IconButton, Note } from "../ui";
import styles from "./Shell.module.css";

export function RightsNotice() {
  const sentences = useLost();
  return (
    <div className={styles.notice} aria-live="assertive">
      {sentences.length ? (
        <Note tone="warn" title="Your rights were changed" action={<IconButton label="Dismiss" onPress={dismiss}><X /></IconButton>}>
          {sentences.join(" ")} An administrator of this site can tell why.
        </Note>
      ) : null}
    </div>
  );
}
