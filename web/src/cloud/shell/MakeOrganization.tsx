/** A new organization: it is whoever makes it who owns it. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useNavigate } from "react-router";
import { useChange } from "../../api/useChange";
import { Button, Dialog, DialogActions, Problem, TextField } from "../../ui";
import { makeOrganization } from "../api/changes";
import { keys } from "../api/queries";
import { paths } from "../paths";
import styles from "../forms.module.css";

export function MakeOrganization({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const making = useChange(makeOrganization, [keys.organizations]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate(name.trim(), {
      onSuccess: ({ id }) => {
        onClose();
        void navigate(paths.sites(id));
      },
    });
  };
  return (
    <Dialog title="Make an organization" isOpen onClose={onClose}>
      <p>Sites and people belong to an organization. You own this one, and see nothing of it in your others.</p>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="Name" placeholder="Harbour Ltd" value={name} onChange={setName} maxLength={128} autoComplete="off" autoFocus />
        {making.error ? <Problem of={making.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={making.isPending} isDisabled={!name.trim()}>Make it</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
