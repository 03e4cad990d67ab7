/** Another name for a user, a group or a folder. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useChange } from "../../api/changes";
import { Button, Dialog, DialogActions, Problem, TextField } from "../../ui";
import styles from "./people.module.css";

interface Props {
  /** What it is: "user". */
  what: string;
  name: string;
  onSave: (name: string) => Promise<unknown>;
  onClose: () => void;
}

export function RenameDialog({ what, name, onSave, onClose }: Props) {
  const [next, setNext] = useState(name);
  const saving = useChange(onSave);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate(next.trim(), { onSuccess: onClose });
  };
  return (
    <Dialog title={`Rename the ${what} ${name}`} isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="Name" value={next} onChange={setNext} maxLength={256} spellCheck="false" autoComplete="off" autoFocus />
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!next.trim() || next.trim() === name}>Rename</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
