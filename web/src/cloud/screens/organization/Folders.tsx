/** Folders of sites: who sees a folder sees what lies in it. One is where new sites go. */
import { useQuery } from "@tanstack/react-query";
import { FolderPlus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useChange } from "../../../api/useChange";
import { RenameDialog } from "../../../screens/people/RenameDialog";
import { Answer, Section } from "../../../screens/settings/Section";
import { Badge, Button, Confirm, Dialog, DialogActions, Problem, Select, TextField } from "../../../ui";
import { addFolder, removeFolder, renameFolder } from "../../api/changes";
import { foldersQuery, keys } from "../../api/queries";
import { type Placed, folderPaths } from "../../folders";
import styles from "../../forms.module.css";

export function Folders({ organization, administrates }: { organization: string; administrates: boolean }) {
  const folders = useQuery(foldersQuery(organization));
  const [adding, setAdding] = useState(false);
  return (
    <Section title="Folders" about="Sites lie in folders. Members see those of all folders, or of some and what lies in them." action={administrates ? <Button icon={<FolderPlus />} onPress={() => setAdding(true)}>Add a folder</Button> : null}>
      <Answer to={folders} what="Folders">
        {(data) => {
          const placed = folderPaths(data);
          return (
            <>
              <ul className={styles.list} aria-label="Folders">{placed.map((folder) => <Row key={folder.id} organization={organization} folder={folder} administrates={administrates} />)}</ul>
              {adding ? <Add organization={organization} folders={placed} onClose={() => setAdding(false)} /> : null}
            </>
          );
        }}
      </Answer>
    </Section>
  );
}

/** How far each level stands in. */
const STEP_PX = 18;

function Row({ organization, folder, administrates }: { organization: string; folder: Placed; administrates: boolean }) {
  const [asking, setAsking] = useState<"rename" | "remove">();
  const stale = [keys.folders(organization)];
  const renaming = useChange((name: string) => renameFolder(organization, folder.id, name), stale);
  const removing = useChange(() => removeFolder(organization, folder.id), stale);
  const close = () => setAsking(undefined);
  return (
    <li>
      <strong style={{ paddingLeft: folder.depth * STEP_PX }}>{folder.name}</strong>
      <span className={styles.buttons}>
        {folder.is_default ? <Badge tone="idle">New sites</Badge> : null}
        {administrates ? <Button look="quiet" onPress={() => setAsking("rename")} aria-label={`Rename ${folder.path}`}>Rename</Button> : null}
        {administrates && !folder.is_default ? <Button look="quiet" onPress={() => setAsking("remove")} aria-label={`Remove ${folder.path}`}>Remove</Button> : null}
      </span>
      {asking === "rename" ? <RenameDialog what="folder" name={folder.name} onSave={(name) => renaming.mutateAsync(name)} onClose={close} /> : null}
      <Confirm title={`Remove ${folder.path}?`} action="Remove the folder" isOpen={asking === "remove"} onClose={close} onConfirm={() => removing.mutateAsync(undefined)}>
        <p>Only an empty folder can be removed: move its sites elsewhere before.</p>
      </Confirm>
    </li>
  );
}

/** Of the choice that no folder is. */
const TOP = "top";

function Add({ organization, folders, onClose }: { organization: string; folders: readonly Placed[]; onClose: () => void }) {
  const [name, setName] = useState("");
  const [parent, setParent] = useState(TOP);
  const adding = useChange(() => addFolder(organization, name.trim(), parent === TOP ? null : parent), [keys.folders(organization)]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <Dialog title="Add a folder" isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="Name" placeholder="North" value={name} onChange={setName} maxLength={128} autoComplete="off" autoFocus />
        <Select label="In" choices={[{ value: TOP, label: "No other folder" }, ...folders.map(({ id, path }) => ({ value: id, label: path }))]} value={parent} onChange={setParent} />
        {adding.error ? <Problem of={adding.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={adding.isPending} isDisabled={!name.trim()}>Add it</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
