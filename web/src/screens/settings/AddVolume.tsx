/** Adding a volume: a directory on a disk of the site's machine. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { addVolume, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Volume } from "../../api/types";
import { Button, Dialog, DialogActions, Problem, RadioGroup, TextField, toast } from "../../ui";
import styles from "./StorageRoom.module.css";

export function AddVolume({ onClose }: { onClose: () => void }) {
  const [path, setPath] = useState("");
  const [kind, setKind] = useState<Volume["kind"]>("main");
  const adding = useChange(addVolume, [keys.volumes, keys.storage, keys.recordings]);
  const wrong = path !== "" && !path.startsWith("/") ? "Type the whole path, such as /srv/video." : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate({ path: path.trim(), kind }, {
      onSuccess: (volume) => {
        toast(volume.state === "foreign" ? "The volume was made by another site: it is read only until you adopt it." : "The volume was added.");
        onClose();
      },
    });
  };
  return (
    <Dialog title="Add a volume" isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={submit} validationBehavior="aria">
        <TextField label="Directory" hint="On the site's computer. It is made where it is missing." placeholder="/srv/video" value={path} onChange={setPath} error={wrong} maxLength={4096} autoFocus />
        <RadioGroup
          label="What it is for" value={kind} onChange={setKind}
          choices={[{ value: "main", label: "Main", hint: "Cameras are spread over main volumes." }, { value: "fallback", label: "Fallback", hint: "Takes over within seconds when another one fails." }]}
        />
        {adding.error ? <Problem of={adding.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={adding.isPending} isDisabled={!path.trim() || Boolean(wrong)}>Add it</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
