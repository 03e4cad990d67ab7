/** One site: whose it is, its certificate ID, and what an administrator may change of its entry. */
import { useState } from "react";
import { useNavigate } from "react-router";
import { useChange } from "../../../api/useChange";
import { RenameDialog } from "../../../screens/people/RenameDialog";
import { moment } from "../../../time/format";
import { Button, Confirm, Problem, Select, toast } from "../../../ui";
import { Panel } from "../../../ui/Page";
import { changeSite, removeSite } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Site } from "../../api/types";
import type { Placed } from "../../folders";
import styles from "../../forms.module.css";
import { ownZone, useNow } from "../../time";
import { inLines } from "../grant/lines";
import { lastContact } from "./describe";
import { SiteStatus } from "./SiteTable";

interface Props {
  site: Site;
  folders: readonly Placed[];
  administrates: boolean;
  onClose: () => void;
}

export function SitePanel({ site, folders, administrates, onClose }: Props) {
  const zone = ownZone();
  const now = useNow();
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"rename" | "remove">();
  const stale = [keys.sites(site.organization)];
  const changing = useChange((change: { name?: string; folder?: string }) => changeSite(site.organization, site.id, change), stale);
  const removing = useChange(() => removeSite(site.organization, site.id), stale);
  const close = () => setAsking(undefined);
  return (
    <Panel title={site.name} about="Secure Remote Access" onClose={onClose}>
      <SiteStatus site={site} />
      <dl className={styles.facts}>
        <dt>Heard of</dt>
        <dd>{site.online ? "Connected now" : lastContact(site, zone, now)}</dd>
        <dt>Here since</dt>
        <dd>{moment(site.enrolled, zone, now)}</dd>
      </dl>
      <div>
        <p className={styles.soft}>Certificate ID. The site shows the same.</p>
        <code className={styles.value}>{inLines(site.certificate_id)}</code>
      </div>
      {administrates ? (
        <>
          {folders.length > 1 ? <Select label="Folder" choices={folders.map(({ id, path }) => ({ value: id, label: path }))} value={site.folder} onChange={(folder) => changing.mutate({ folder })} /> : null}
          {changing.error ? <Problem of={changing.error} /> : null}
          <div className={styles.buttons}>
            <Button onPress={() => setAsking("rename")}>Rename</Button>
            <Button look="danger" onPress={() => setAsking("remove")}>Remove</Button>
          </div>
        </>
      ) : null}
      {asking === "rename" ? <RenameDialog what="site" name={site.name} onSave={(name) => changing.mutateAsync({ name })} onClose={close} /> : null}
      <Confirm
        title={`Remove ${site.name}?`}
        action={`Remove ${site.name}`}
        isOpen={asking === "remove"}
        onClose={close}
        onConfirm={async () => {
          await removing.mutateAsync(undefined);
          toast(`${site.name} was removed.`);
          void navigate({ search: "" }, { replace: true });
        }}
      >
        <p>It is disconnected at once and nobody reaches it through this cloud any more. It goes on recording, and what it has recorded stays there.</p>
      </Confirm>
    </Panel>
  );
}
