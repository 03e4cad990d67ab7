/** The last step of the first run: a backup is asked for, once. Settings, Site asks again until there is one. */
import { useQuery } from "@tanstack/react-query";
import { asFailure } from "../../api/problems";
import { backupQuery } from "../../api/queries";
import { Door } from "../../shell/Door";
import { Button, Problem } from "../../ui";
import { BackupCommand } from "../settings/BackupSection";
import styles from "./Screen.module.css";

export function AskForBackup({ onDone }: { onDone: () => void }) {
  const backup = useQuery(backupQuery);
  return (
    <Door title="Take a backup" under="The site has an identity of its own now, and it lies on one disk only.">
      <div className={styles.shapes}>
        <p>Every client knows the site by it. Where it is lost, each has to be told anew whom to trust. Take a backup now, and again when you have added cameras and users.</p>
        {backup.error ? <Problem of={asFailure(backup.error)} /> : null}
        {backup.data ? <BackupCommand command={backup.data.command} /> : null}
        <Button look="primary" onPress={onDone} autoFocus>Go on to the cameras</Button>
      </div>
    </Door>
  );
}
