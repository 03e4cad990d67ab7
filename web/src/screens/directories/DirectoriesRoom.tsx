/** Directories that users and groups come from, in the order in which they are asked: how each answers, and what happens while it does not. */
import { useQuery } from "@tanstack/react-query";
import { BookUser, Plus } from "lucide-react";
import { useState } from "react";
import { orderDirectories, useChange } from "../../api/changes";
import { directoriesQuery, keys } from "../../api/queries";
import type { Directory } from "../../api/types";
import { Button, Empty, Problem } from "../../ui";
import { Answer, Section } from "../settings/Section";
import { DirectoryCard } from "./DirectoryCard";
import { DirectoryForm } from "./DirectoryForm";
import styles from "./directories.module.css";

/** The site asks each of them every 20 s. */
const ASK_MS = 10_000;

export function DirectoriesRoom() {
  const directories = useQuery({ ...directoriesQuery, refetchInterval: ASK_MS });
  const [editing, setEditing] = useState<Directory | "new">();
  const add = <Button look="primary" icon={<Plus />} onPress={() => setEditing("new")}>Add a directory</Button>;
  return (
    <Section
      title="Directories"
      about="People of Active Directory or an LDAP server sign in with the name and password that they have there. What they may do is set here, for them or their groups."
      action={directories.data?.length ? add : null}
    >
      <Answer to={directories} what="Directories">
        {(data) => (data.length === 0 ? (
          <Empty icon={<BookUser />} title="No directories" action={add}>Users of this site need none. With one, a person who leaves the company is out of here too, within a minute.</Empty>
        ) : (
          <List directories={data} onEdit={setEditing} />
        ))}
      </Answer>
      {editing ? <DirectoryForm directory={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} /> : null}
    </Section>
  );
}

function List({ directories, onEdit }: { directories: readonly Directory[]; onEdit: (directory: Directory) => void }) {
  const ordering = useChange(orderDirectories, [keys.directories]);
  const many = directories.length > 1;
  /** Moves one by a place. */
  const move = (at: number, by: 1 | -1) => {
    const ids = directories.map(({ id }) => id);
    const [moved] = ids.splice(at, 1);
    if (moved) ids.splice(at + by, 0, moved);
    ordering.mutate(ids);
  };
  return (
    <>
      {many ? <p className={styles.hint}>Whoever does not say their domain is looked for in this order. The first that knows the name checks the password.</p> : null}
      {ordering.error ? <Problem of={ordering.error} /> : null}
      <ul className={styles.list} aria-label="Directories">
        {directories.map((directory, at) => (
          <DirectoryCard
            key={directory.id}
            directory={directory}
            onEdit={() => onEdit(directory)}
            {...(at > 0 ? { onUp: () => move(at, -1) } : {})}
            {...(at < directories.length - 1 ? { onDown: () => move(at, 1) } : {})}
          />
        ))}
      </ul>
    </>
  );
}
