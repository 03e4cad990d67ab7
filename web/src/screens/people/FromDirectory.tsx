/** The picker: people or groups of a directory, found by a filter, let in with a role. The directory is asked each time. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { useNavigate } from "react-router";
import { addDirectoryGroup, addDirectoryUser, useChange } from "../../api/changes";
import { asFailure } from "../../api/problems";
import { directorySearchQuery, keys } from "../../api/queries";
import type { Directory, Picked, Role } from "../../api/types";
import { paths } from "../../paths";
import { roleChoices, roleNames } from "../../people/words";
import { count } from "../../time/format";
import { Button, Checkbox, DialogActions, Loading, Problem, RadioGroup, SearchField, Skeleton, Status, toast } from "../../ui";
import { Cell, tableStyles } from "../../ui/Table";
import { useSettled } from "../../ui/useSettled";
import styles from "./people.module.css";

interface Props {
  directory: Directory;
  what: "user" | "group";
  onClose: () => void;
}

const isKnown = (one: Picked): boolean => Boolean(one.user ?? one.group_id);

export function FromDirectory({ directory, what, onClose }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [filter, setFilter] = useState("");
  const [role, setRole] = useState<Role>(what === "user" ? "viewer" : "operator");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const found = useQuery({ ...directorySearchQuery(directory.id, what, useSettled(filter.trim())), placeholderData: keepPreviousData });
  const items = found.data?.items ?? [];
  /** One after the other; those that were added are added also if the next one fails. */
  const adding = useChange(async (chosen: readonly string[]) => {
    const done: { id: string; name: string }[] = [];
    try {
      for (const key of chosen) {
        done.push(await (what === "user" ? addDirectoryUser(directory.id, { key, role }) : addDirectoryGroup(directory.id, { key, role })));
        setSelected((before) => new Set([...before].filter((other) => other !== key)));
      }
    } finally {
      await Promise.all([keys.users, keys.groups, keys.directories].map((queryKey) => queries.invalidateQueries({ queryKey })));
    }
    return done;
  });
  const add = () =>
    adding.mutate([...selected], {
      onSuccess: ([first, ...others]) => {
        onClose();
        if (!first) return;
        toast(others.length ? `${others.length + 1} ${what}s were added.` : `${first.name} was added.`);
        if (others.length === 0) void navigate(what === "user" ? paths.user(first.id) : paths.group(first.id));
      },
    });
  return (
    <div className={styles.form}>
      <p className={styles.hint}>{what === "user" ? "Names, passwords and memberships are kept there. Whoever is in a group that was added need not be added by name." : "Who is in a group is decided there, also through other groups. What it gives counts for its members from their next sign-in on."}</p>
      <SearchField label={`Filter ${what}s of ${directory.name}`} placeholder="Account or name" value={filter} onChange={setFilter} />
      {found.error ? <Problem of={asFailure(found.error)} onRetry={() => void found.refetch()} /> : null}
      {found.isPending ? <Loading what={`${directory.name}`}><Skeleton height={180} /></Loading> : null}
      {found.data ? <Found items={items} what={what} selected={selected} onSelect={setSelected} /> : null}
      {found.data && (found.data.more || items.length < found.data.total) ? <p className={styles.hint}>{items.length} of {found.data.more ? "more than " : ""}{found.data.total} are shown: a filter finds the others.</p> : null}
      <RadioGroup label={what === "user" ? "Role" : "Role of its members"} choices={roleChoices} value={role} onChange={setRole} />
      {adding.error ? <Problem of={adding.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" isPending={adding.isPending} isDisabled={selected.size === 0} onPress={add}>{selected.size > 1 ? `Add ${count(selected.size, what)}` : `Add the ${what}`}</Button>
      </DialogActions>
    </div>
  );
}

interface FoundProps {
  items: readonly Picked[];
  what: "user" | "group";
  selected: ReadonlySet<string>;
  onSelect: (keys: ReadonlySet<string>) => void;
}

function Found({ items, what, selected, onSelect }: FoundProps) {
  const known = items.filter(isKnown).map(({ key }) => key);
  const free = items.filter((one) => !isKnown(one)).map(({ key }) => key);
  return (
    <div className={styles.picker}>
      <Table
        aria-label={what === "user" ? "Users of the directory" : "Groups of the directory"}
        className={tableStyles.table ?? ""}
        selectionMode="multiple"
        selectionBehavior="toggle"
        selectedKeys={selected}
        disabledKeys={known}
        disabledBehavior="selection"
        onSelectionChange={(chosen) => onSelect(new Set(chosen === "all" ? free : [...chosen].map(String)))}
      >
        <TableHeader>
          <Column className={tableStyles.check ?? ""}><Checkbox slot="selection" aria-label={`All ${what}s listed`} /></Column>
          <Column isRowHeader width="34%">Name</Column>
          <Column>Details</Column>
          <Column>Domain</Column>
          <Column>Role here</Column>
        </TableHeader>
        <TableBody items={items} renderEmptyState={() => <p className={styles.nothing}>{what === "user" ? "Nobody matches." : "No group matches."}</p>}>
          {(one) => (
            <Row id={one.key} textValue={one.name} className={tableStyles.row ?? ""}>
              <Cell className={tableStyles.check ?? ""} what={isKnown(one) ? null : <Checkbox slot="selection" />} />
              <Cell className={tableStyles.strong ?? ""} what={one.name} />
              <Cell className={tableStyles.soft ?? ""} label="Details" what={one.details || "–"} />
              <Cell className={tableStyles.soft ?? ""} label="Domain" what={one.domain} />
              <Cell label="Role here" what={one.role ? <Status tone="ok" icon={<CircleCheck aria-hidden="true" />}>{roleNames[one.role]}</Status> : "Not added"} />
            </Row>
          )}
        </TableBody>
      </Table>
    </div>
  );
}
