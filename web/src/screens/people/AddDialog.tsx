/** Where somebody new comes from: this site, or a directory. Nothing where there are no directories. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { directoriesQuery } from "../../api/queries";
import { Dialog, Select } from "../../ui";
import { FromDirectory } from "./FromDirectory";

interface Props {
  what: "user" | "group";
  onClose: () => void;
  /** The form for one of this site. */
  children: ReactNode;
}

const HERE = "this-site";

export function AddDialog({ what, onClose, children }: Props) {
  const [from, setFrom] = useState(HERE);
  const directories = useQuery(directoriesQuery).data ?? [];
  const directory = directories.find(({ id }) => id === from);
  const kept = what === "user" ? "Name and password are kept" : "Its members are chosen";
  const choices = [{ value: HERE, label: "This site", hint: `${kept} here` }, ...directories.map(({ id, name }) => ({ value: id, label: name, hint: `${kept} there` }))];
  return (
    <Dialog title={`Add a ${what}`} isOpen onClose={onClose} wide={Boolean(directory)}>
      {directories.length ? <Select label="From" choices={choices} value={from} onChange={setFrom} /> : null}
      {directory ? <FromDirectory key={directory.id} directory={directory} what={what} onClose={onClose} /> : children}
    </Dialog>
  );
}
