/** Inviting: the link is shown once, and whoever invites hands it on. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useChange } from "../../../api/useChange";
import { Button, Dialog, DialogActions, Note, Problem, TextField } from "../../../ui";
import { invite } from "../../api/changes";
import { keys } from "../../api/queries";
import { Copyable } from "../../Copyable";
import { emailError } from "../../credentials";
import styles from "../../forms.module.css";

export function InviteDialog({ organization, onClose }: { organization: string; onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [checked, setChecked] = useState(false);
  const inviting = useChange((to: string) => invite(organization, to), [keys.invitations(organization)]);
  const wrong = emailError(email);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (!wrong) inviting.mutate(email.trim());
  };
  if (inviting.data?.link) {
    return (
      <Dialog title={`The invitation of ${inviting.data.email}`} isOpen onClose={onClose}>
        <Note tone="warn" title="Copy the link now: it is not shown again">Hand it to {inviting.data.email} in a way that reaches nobody else. It counts once, for a week.</Note>
        <Copyable what="The link" text={inviting.data.link} />
        <DialogActions><Button look="primary" onPress={onClose}>Done</Button></DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title="Invite somebody" isOpen onClose={onClose}>
      <p>As a viewer of all folders. Once they have joined, you can make more of them, or show them some folders only.</p>
      <Form className={styles.form ?? ""} onSubmit={submit} validationBehavior="aria">
        <TextField label="E-mail address" type="email" value={email} onChange={setEmail} error={checked ? wrong : undefined} hint="Only this address can accept. A new invitation of the same address takes the place of the old one." autoComplete="off" spellCheck="false" maxLength={254} autoFocus />
        {inviting.error ? <Problem of={inviting.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={inviting.isPending}>Make the link</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
