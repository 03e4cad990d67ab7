/** Folders of cameras, on which rights are granted: made, renamed, removed; cameras moved between them. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, FolderClosed, FolderInput, FolderMinus, Pencil, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { addFolder, changeFolder, removeFolder, useChange } from "../../api/changes";
import { camerasQuery, foldersQuery, keys } from "../../api/queries";
import type { Camera, Folder } from "../../api/types";
import { Button, Checkbox, Confirm, Dialog, DialogActions, Empty, IconButton, Menu, MenuItem, Problem, TextField, toast } from "../../ui";
import { Answer } from "../settings/Section";
import styles from "./people.module.css";

export function FoldersRoom() {
  const folders = useQuery(foldersQuery);
  const cameras = useQuery(camerasQuery).data ?? [];
  return <Answer to={folders} what="Folders">{(data) => <FolderList folders={data} cameras={cameras} />}</Answer>;
}

function FolderList({ folders, cameras }: { folders: readonly Folder[]; cameras: readonly Camera[] }) {
  const [editing, setEditing] = useState<Folder | "new">();
  const add = <Button look="primary" icon={<Plus />} onPress={() => setEditing("new")}>Add a folder</Button>;
  const loose = cameras.filter(({ id }) => !folders.some((folder) => folder.cameras.includes(id))).toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <section className={styles.room} aria-labelledby="folders">
      <header className={styles.head}>
        <h2 id="folders">Folders</h2>
        {folders.length ? add : null}
      </header>
      <p className={styles.facts}>Rights can be granted on a folder: they count for the cameras that are in it at the time. A camera may be in several.</p>
      {folders.length === 0 ? <Empty icon={<FolderClosed />} title="No folders yet" action={add}>Put cameras together that the same people watch: “Outside”, “Floor 2”.</Empty> : (
        <ul className={styles.folders} aria-label="Folders">
          {folders.map((folder) => <FolderCard key={folder.id} folder={folder} folders={folders} cameras={cameras} onEdit={() => setEditing(folder)} />)}
        </ul>
      )}
      {folders.length > 0 && loose.length > 0 ? <p className={styles.hint}>In no folder: {loose.map(({ name }) => name).join(", ")}.</p> : null}
      {editing ? <Editor folder={editing === "new" ? undefined : editing} cameras={cameras} onClose={() => setEditing(undefined)} /> : null}
    </section>
  );
}

function FolderCard({ folder, folders, cameras, onEdit }: { folder: Folder; folders: readonly Folder[]; cameras: readonly Camera[]; onEdit: () => void }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const stale = () => queries.invalidateQueries({ queryKey: keys.folders });
  const inside = folder.cameras.flatMap((id) => cameras.find((camera) => camera.id === id) ?? []).toSorted((a, b) => a.name.localeCompare(b.name));
  const without = (camera: Camera) => changeFolder(folder.id, { name: folder.name, cameras: folder.cameras.filter((id) => id !== camera.id) });
  // Into the other one first: whoever sees it by both never loses it between.
  const move = useChange(async ({ camera, to }: { camera: Camera; to?: Folder }) => {
    if (to && !to.cameras.includes(camera.id)) await changeFolder(to.id, { name: to.name, cameras: [...to.cameras, camera.id] });
    await without(camera);
    toast(to ? `${camera.name} was moved to ${to.name}.` : `${camera.name} was taken out of ${folder.name}.`);
  }, [keys.folders]);
  return (
    <li className={styles.folder}>
      <header>
        <h3>{folder.name}</h3>
        <IconButton label={`Change ${folder.name}`} onPress={onEdit}><Pencil /></IconButton>
        <IconButton label={`Remove ${folder.name}`} onPress={() => setAsking(true)}><Trash2 /></IconButton>
      </header>
      {move.error ? <Problem of={move.error} /> : null}
      {inside.length === 0 ? <p>No cameras.</p> : (
        <ul aria-label={`Cameras in ${folder.name}`}>
          {inside.map((camera) => (
            <li key={camera.id}>
              <span>{camera.name}</span>
              <Menu label={camera.name} button={<IconButton label={`Move ${camera.name}`}><Ellipsis /></IconButton>}>
                <>{folders.filter(({ id }) => id !== folder.id).map((to) => <MenuItem key={to.id} icon={<FolderInput />} onAction={() => move.mutate({ camera, to })}>{`Move to ${to.name}`}</MenuItem>)}</>
                <MenuItem icon={<FolderMinus />} onAction={() => move.mutate({ camera })}>Take out of this folder</MenuItem>
              </Menu>
            </li>
          ))}
        </ul>
      )}
      <Confirm title={`Remove the folder ${folder.name}?`} action={`Remove ${folder.name}`} isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => removeFolder(folder.id).then(stale)}>
        <p>Its cameras stay. What was granted on the folder ends: who sees a camera by it alone sees it no more.</p>
      </Confirm>
    </li>
  );
}

function Editor({ folder, cameras, onClose }: { folder: Folder | undefined; cameras: readonly Camera[]; onClose: () => void }) {
  const [name, setName] = useState(folder?.name ?? "");
  const [chosen, setChosen] = useState<readonly string[]>(folder?.cameras ?? []);
  const saving = useChange((next: { name: string; cameras: string[] }) => (folder ? changeFolder(folder.id, next) : addFolder(next)), [keys.folders]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate({ name: name.trim(), cameras: [...chosen] }, { onSuccess: onClose });
  };
  return (
    <Dialog title={folder ? `Change the folder ${folder.name}` : "Add a folder"} isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="Name" placeholder="Outside" value={name} onChange={setName} maxLength={256} autoComplete="off" autoFocus />
        <div role="group" aria-label="Cameras" className={styles.checks}>
          <span>Cameras</span>
          {cameras.toSorted((a, b) => a.name.localeCompare(b.name)).map((camera) => <Checkbox key={camera.id} isSelected={chosen.includes(camera.id)} onChange={(on) => setChosen(on ? [...chosen, camera.id] : chosen.filter((id) => id !== camera.id))}>{camera.name}</Checkbox>)}
        </div>
        {folder ? <p className={styles.hint}>What is granted on the folder counts at once for what you put into it.</p> : null}
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!name.trim()}>{folder ? "Save the folder" : "Add the folder"}</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
