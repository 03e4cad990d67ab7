/** Whether a backup was taken, and the command that takes one: asked for until there is one. */
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, Copy } from "lucide-react";
import { useState } from "react";
import { backupQuery } from "../../api/queries";
import { moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { IconButton, Note, Status } from "../../ui";
import styles from "./BackupSection.module.css";
import { Answer, Section } from "./Section";

export function BackupSection() {
  const backup = useQuery(backupQuery);
  const zone = useZone();
  const now = useSiteNow();
  return (
    <Section title="Backup" about="Identity, keys, users, cameras with their passwords, settings, the audit log. Not the recordings.">
      <Answer to={backup} what="Backups">
        {({ last, command }) => (
          <>
            {last ? <Status tone="ok" icon={<CircleCheck aria-hidden="true" />}>{`The last one was taken ${moment(last, zone, now)}`}</Status> : (
              <Note tone="warn" title="No backup was taken yet">If this disk fails, the site's identity is gone: every client has to be told anew whom to trust, and every camera its password.</Note>
            )}
            <BackupCommand command={command} />
          </>
        )}
      </Answer>
    </Section>
  );
}

/** The command, to be copied. */
export function BackupCommand({ command }: { command: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setCopied(true);
  };
  return (
    <div className={styles.how}>
      <p>On the site's computer, as root or as the account that runs the site. It asks for a passphrase; keep that and the file apart, and neither on this computer.</p>
      <div className={styles.command}>
        <code>{command}</code>
        <IconButton label={copied ? "Copied" : "Copy the command"} onPress={() => void copy()}><Copy /></IconButton>
      </div>
    </div>
  );
}
