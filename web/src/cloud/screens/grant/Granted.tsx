/** After the grant: a site comes within seconds, and it is said when it is there. */
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, LoaderCircle } from "lucide-react";
import { Button, LinkButton, Note, Status } from "../../../ui";
import { sitesQuery } from "../../api/queries";
import type { GrantFacts } from "../../api/types";
import styles from "../../forms.module.css";
import { paths } from "../../paths";

/** Looked at this often while it is waited for. */
const LOOK_MS = 1000;

export function Granted({ facts, organization, onMore }: { facts: GrantFacts; organization: string | null; onMore: () => void }) {
  if (!organization) return <Note title={`${facts.name} is signed in as you`} action={<Button onPress={onMore}>Another code</Button>}>It goes on by itself. You find it among your sign-ins, where you can end it.</Note>;
  return <SiteComes facts={facts} organization={organization} onMore={onMore} />;
}

function SiteComes({ facts, organization, onMore }: { facts: GrantFacts; organization: string; onMore: () => void }) {
  const found = useQuery({ ...sitesQuery(organization), refetchInterval: LOOK_MS }).data?.find((site) => site.certificate_id === facts.certificate_id);
  return (
    <section className={styles.form} aria-labelledby="granted">
      <h2 id="granted">Granted</h2>
      <div role="status">
        {found?.online ? <Status tone="ok" icon={<CircleCheck aria-hidden="true" />}>{found.name} is online</Status> : <Status tone="idle" icon={<LoaderCircle aria-hidden="true" />}>Waiting for {facts.name} to come. It takes a few seconds.</Status>}
      </div>
      <div className={styles.buttons}>
        <LinkButton look="primary" href={paths.sites(organization)}>Go to the sites</LinkButton>
        <Button onPress={onMore}>Another code</Button>
      </div>
    </section>
  );
}
