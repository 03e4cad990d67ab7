/** Who was invited and has not answered yet. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../../api/useChange";
import { Answer, Section } from "../../../screens/settings/Section";
import { day, moment } from "../../../time/format";
import { Button, Confirm } from "../../../ui";
import { revokeInvitation } from "../../api/changes";
import { invitationsQuery, keys } from "../../api/queries";
import type { Invitation } from "../../api/types";
import styles from "../../forms.module.css";
import { ownZone, useNow } from "../../time";
import own from "./people.module.css";

export function Invitations({ organization, administrates }: { organization: string; administrates: boolean }) {
  const invitations = useQuery(invitationsQuery(organization));
  return (
    <div className={own.invitations}>
      <Section title="Invited" about="They have not answered yet. Each invitation counts once, for a week, and for its address alone.">
        <Answer to={invitations} what="Invitations">
          {(data) => (data.length ? <ul className={styles.list} aria-label="Invitations">{data.map((one) => <Pending key={one.id} organization={organization} invitation={one} administrates={administrates} />)}</ul> : <p className={styles.soft}>Nobody at the moment.</p>)}
        </Answer>
      </Section>
    </div>
  );
}

function Pending({ organization, invitation, administrates }: { organization: string; invitation: Invitation; administrates: boolean }) {
  const zone = ownZone();
  const now = useNow(60_000);
  const [asking, setAsking] = useState(false);
  const revoking = useChange(() => revokeInvitation(organization, invitation.id), [keys.invitations(organization)]);
  return (
    <li>
      <div>
        <strong>{invitation.email}</strong>
        <p>By {invitation.invited_by}, {moment(invitation.created, zone, now)}. Ends on {day(invitation.expires, zone, now)}.</p>
      </div>
      {administrates ? <Button onPress={() => setAsking(true)} aria-label={`Revoke the invitation of ${invitation.email}`}>Revoke</Button> : null}
      <Confirm title="Revoke the invitation?" action="Revoke it" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => revoking.mutateAsync(undefined)}>
        <p>The link that {invitation.email} has counts no more. You can invite again.</p>
      </Confirm>
    </li>
  );
}
