/** The organization itself: its name, its folders, what relays may carry, who did what. */
import { useState } from "react";
import { useChange } from "../../../api/useChange";
import { roleNames } from "../../../people/words";
import { RenameDialog } from "../../../screens/people/RenameDialog";
import { Section } from "../../../screens/settings/Section";
import { Button } from "../../../ui";
import { Page } from "../../../ui/Page";
import { renameOrganization } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Organization } from "../../api/types";
import styles from "../../forms.module.css";
import { isAtLeast, useOrganization, useSession } from "../../organizations";
import { NotFound } from "../../shell/Lost";
import { Audit } from "./Audit";
import { Folders } from "./Folders";
import { RelayData } from "./RelayData";

export function OrganizationScreen() {
  const organization = useOrganization();
  const session = useSession();
  if (!organization) return <NotFound />;
  const administrates = isAtLeast(organization, "administrator");
  return (
    <Page title="Organization">
      <div className={styles.column}>
        <Name organization={organization} administrates={administrates} />
        <Folders organization={organization.id} administrates={administrates} />
        <RelayData organization={organization} runsCloud={session?.runs_cloud ?? false} />
        {administrates ? <Audit organization={organization.id} /> : null}
      </div>
    </Page>
  );
}

function Name({ organization, administrates }: { organization: Organization; administrates: boolean }) {
  const [renaming, setRenaming] = useState(false);
  const saving = useChange((name: string) => renameOrganization(organization.id, name), [keys.organizations]);
  return (
    <Section title={organization.name} about={`You are ${organization.role === "viewer" ? "a viewer" : `an ${roleNames[organization.role].toLowerCase()}`} here.`} action={administrates ? <Button onPress={() => setRenaming(true)}>Rename</Button> : null}>
      {renaming ? <RenameDialog what="organization" name={organization.name} onSave={(name) => saving.mutateAsync(name)} onClose={() => setRenaming(false)} /> : null}
    </Section>
  );
}
