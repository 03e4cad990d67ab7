/** What asks, from where, what it may do and for how long; for a site, to which organization it is to belong. Then yes or no. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../../api/useChange";
import { duration, moment } from "../../../time/format";
import { Button, Note, Problem, Select } from "../../../ui";
import { decideGrant } from "../../api/changes";
import { foldersQuery, keys, organizationsQuery } from "../../api/queries";
import type { GrantFacts } from "../../api/types";
import { folderPaths } from "../../folders";
import styles from "../../forms.module.css";
import { firstOf, lastOrganization } from "../../organizations";
import { ownZone, useNow } from "../../time";
import { inLines } from "./lines";

interface Props {
  code: string;
  facts: GrantFacts;
  onBack: () => void;
  onGranted: (organization: string | null) => void;
  onRefused: () => void;
}

export function Decide({ code, facts, onBack, onGranted, onRefused }: Props) {
  const isSite = facts.asks === "site";
  const organizations = useQuery(organizationsQuery);
  const own = (organizations.data ?? []).filter(({ role }) => role === "administrator");
  const [chosen, choose] = useState<string>();
  const organization = own.find(({ id }) => id === chosen) ?? firstOf(own, lastOrganization());
  const folders = useQuery({ ...foldersQuery(organization?.id ?? ""), enabled: isSite && Boolean(organization) }).data ?? [];
  const [folder, setFolder] = useState<string>();
  const into = folders.find(({ id }) => id === folder) ?? folders.find(({ is_default }) => is_default);
  const deciding = useChange(decideGrant, organization ? [keys.sites(organization.id)] : []);
  const zone = ownZone();
  const now = useNow();
  const grant = () => deciding.mutate({ code, grant: true, ...(isSite ? { organization: organization?.id ?? null, folder: into?.id ?? null } : {}) }, { onSuccess: () => onGranted(isSite ? (organization?.id ?? null) : null) });
  const refuse = () => deciding.mutate({ code, grant: false }, { onSuccess: onRefused });
  const nobody = isSite && organizations.isSuccess && own.length === 0;
  return (
    <section className={styles.form} aria-labelledby="asks">
      <h2 id="asks">{isSite ? `The site “${facts.name}” asks to be reached through this cloud` : `The program “${facts.name}” asks to act as you`}</h2>
      <dl className={styles.facts}>
        <dt>Asks from</dt>
        <dd>{facts.address}, {moment(facts.asked, zone, now)}</dd>
        <dt>May then</dt>
        <dd>{facts.may}</dd>
        <dt>Lasts</dt>
        <dd>{facts.lasts}</dd>
        <dt>Code</dt>
        <dd>{Date.parse(facts.expires) > now ? `Counts once, for another ${duration(Date.parse(facts.expires) - now)}` : "Has ended: start again at the site"}</dd>
      </dl>
      {facts.certificate_id ? (
        <Note tone="warn" title="Compare the certificate ID">
          <p>The site shows the same beside its code. If one sign differs, it is another site: refuse it.</p>
          <code className={styles.value}>{inLines(facts.certificate_id)}</code>
        </Note>
      ) : <Note tone="warn" title="Did you start this program?">Whoever holds it may do everything here that you may. If you did not start it a moment ago, refuse it.</Note>}
      {nobody ? <Note title="You administrate no organization">Only an administrator adds a site to an organization. Ask one of yours to grant it.</Note> : null}
      {isSite && organization ? (
        <>
          <Select label="It is to belong to" choices={own.map(({ id, name }) => ({ value: id, label: name }))} value={organization.id} onChange={choose} />
          {folders.length > 1 && into ? <Select label="In the folder" choices={folderPaths(folders).map(({ id, path }) => ({ value: id, label: path }))} value={into.id} onChange={setFolder} /> : null}
        </>
      ) : null}
      {deciding.error ? <Problem of={deciding.error} /> : null}
      <div className={styles.buttons}>
        <Button look="primary" isPending={deciding.isPending && deciding.variables?.grant === true} isDisabled={nobody || (isSite && !organization)} onPress={grant}>Grant</Button>
        <Button look="danger" isPending={deciding.isPending && deciding.variables?.grant === false} onPress={refuse}>Refuse</Button>
        <Button look="quiet" onPress={onBack}>Another code</Button>
      </div>
    </section>
  );
}
