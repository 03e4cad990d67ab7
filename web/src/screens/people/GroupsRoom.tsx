/** Groups of users: the list, and the page of one of them when the address names one. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, Pencil, Plus, Trash2, Users } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Column, Form, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { Link, useNavigate, useParams } from "react-router";
import { addGroup, changeGroup, removeGroup, useChange } from "../../api/changes";
import { directoriesQuery, groupsQuery, keys, privilegesQuery, usersQuery } from "../../api/queries";
import type { Directory, Group, GroupInput, Role, User } from "../../api/types";
import { paths } from "../../paths";
import { type Draft, grantsOf, listOf } from "../../people/rights";
import { reachWords, roleChoices, roleNames } from "../../people/words";
import { count } from "../../time/format";
import { Button, Confirm, DialogActions, Empty, Note, Problem, RadioGroup, TextField, toast } from "../../ui";
import { Cell, tableStyles } from "../../ui/Table";
import { Answer } from "../settings/Section";
import { AddDialog } from "./AddDialog";
import { directoryOf } from "./describe";
import styles from "./people.module.css";
import { RenameDialog } from "./RenameDialog";
import { RightsEditor } from "./RightsEditor";

export function GroupsRoom() {
  const { id } = useParams();
  const groups = useQuery(groupsQuery);
  const directories = useQuery(directoriesQuery).data ?? [];
  return <Answer to={groups} what="Groups">{(data) => (id ? <GroupPage key={id} group={data.find((group) => group.id === id)} directories={directories} /> : <GroupList groups={data} directories={directories} />)}</Answer>;
}

function GroupList({ groups, directories }: { groups: readonly Group[]; directories: readonly Directory[] }) {
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const add = <Button look="primary" icon={<Plus />} onPress={() => setAdding(true)}>Add a group</Button>;
  return (
    <section className={styles.room} aria-labelledby="groups">
      <header className={styles.head}>
        <h2 id="groups">Groups</h2>
        {groups.length ? add : null}
      </header>
      {groups.length === 0 ? <Empty icon={<Users />} title="No groups yet" action={add}>What a group may do, all its members may. Rights of user and groups add up.</Empty> : (
        <Table aria-label="Groups" className={tableStyles.table ?? ""} onRowAction={(id) => void navigate(paths.group(String(id)))}>
          <TableHeader><Column isRowHeader width="34%">Name</Column><Column>Role</Column><Column>Members</Column><Column>Recordings</Column>{directories.length ? <Column>Source</Column> : null}</TableHeader>
          <TableBody items={groups}>
            {(group) => (
              <Row id={group.id} textValue={group.name} className={tableStyles.row ?? ""}>
                <Cell className={tableStyles.strong ?? ""} what={group.name} />
                <Cell label="Role" what={roleNames[group.role]} />
                <Cell label="Members" what={count(group.members.length, "member")} />
                <Cell label="Recordings" what={typeof group.recordings_minutes === "number" ? `The last ${reachWords(group.recordings_minutes)}` : "Any age"} />
                {directories.length ? <Cell className={tableStyles.soft ?? ""} label="Source" what={directoryOf(group, directories) ?? "This site"} /> : null}
              </Row>
            )}
          </TableBody>
        </Table>
      )}
      {adding ? <AddGroup onClose={() => setAdding(false)} /> : null}
    </section>
  );
}

function AddGroup({ onClose }: { onClose: () => void }) {
  return <AddDialog what="group" onClose={onClose}><OwnGroup onClose={onClose} /></AddDialog>;
}

function OwnGroup({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const adding = useChange(addGroup, [keys.groups]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate({ name: name.trim(), role }, {
      onSuccess: (group) => {
        onClose();
        void navigate(paths.group(group.id));
      },
    });
  };
  return (
    <Form className={styles.form ?? ""} onSubmit={submit}>
      <TextField label="Name" placeholder="Night shift" value={name} onChange={setName} maxLength={256} autoComplete="off" autoFocus />
      <RadioGroup label="Role of its members" choices={roleChoices} value={role} onChange={setRole} />
      {adding.error ? <Problem of={adding.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" look="primary" isPending={adding.isPending} isDisabled={!name.trim()}>Add the group</Button>
      </DialogActions>
    </Form>
  );
}

const inputOf = ({ name, role, recordings_minutes, members, grants }: Group): GroupInput => ({ name, role, recordings_minutes: recordings_minutes ?? null, members, grants });

function GroupPage({ group, directories }: { group: Group | undefined; directories: readonly Directory[] }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"rename" | "remove">();
  const stale = () => Promise.all([keys.groups, keys.users].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const back = <Link to={paths.settings("groups")} className={styles.back ?? ""}><ArrowLeft aria-hidden="true" /> Groups</Link>;
  if (!group) return <section className={styles.room}>{back}<Empty icon={<Users />} title="There is no such group (any more)">Somebody may have removed it.</Empty></section>;
  const source = directoryOf(group, directories);
  const remove = async () => {
    await removeGroup(group.id);
    toast(`The group ${group.name} was removed.`);
    await navigate(paths.settings("groups"));
    await stale();
  };
  return (
    <section className={styles.room} aria-labelledby="group">
      {back}
      <header className={styles.head}>
        <h2 id="group">{group.name}</h2>
        <span className={styles.facts}>{roleNames[group.role]}, {count(group.members.length, "member")}{source ? `, ${source}` : ""}</span>
        <span className={styles.space} />
        {source ? null : <Button icon={<Pencil />} onPress={() => setAsking("rename")}>Rename</Button>}
        <Button look="danger" icon={<Trash2 />} onPress={() => setAsking("remove")}>Remove</Button>
      </header>
      {source ? <Note title={`A group of ${source}`}>Who is in it is decided there, and its name too. A change there counts here within a minute; those listed as members have signed in here or were added. What the group may do is set here.</Note> : null}
      <GroupRights group={group} source={source} />
      {asking === "rename" ? <RenameDialog what="group" name={group.name} onSave={(name) => changeGroup(group.id, { ...inputOf(group), name }).then(stale)} onClose={() => setAsking(undefined)} /> : null}
      <Confirm title={`Remove the group ${group.name}?`} action={`Remove ${group.name}`} isOpen={asking === "remove"} onClose={() => setAsking(undefined)} onConfirm={remove}>
        <p>Its members stay, without what it granted: what they watch by it ends within a second.{source ? ` Nothing changes in ${source}.` : ""}</p>
      </Confirm>
    </section>
  );
}

function GroupRights({ group, source }: { group: Group; source: string | undefined }) {
  const privileges = useQuery(privilegesQuery);
  const users = useQuery(usersQuery);
  const saving = useChange(
    ({ role, minutes, grants, linked }: Draft) => changeGroup(group.id, { name: group.name, role, recordings_minutes: minutes, grants: listOf(grants), members: [...linked] }),
    [keys.groups, keys.users],
  );
  const both = privileges.data && users.data ? { infos: privileges.data, users: users.data } : undefined;
  const asked = { data: both, error: privileges.error ?? users.error, isPending: privileges.isPending || users.isPending, refetch: () => Promise.all([privileges.refetch(), users.refetch()]) };
  const kept: Draft = { role: group.role, minutes: group.recordings_minutes ?? null, grants: grantsOf(group.grants), linked: new Set(group.members) };
  const members = (list: readonly User[]) =>
    list.filter(({ id, machine }) => (source ? kept.linked.has(id) : !machine)).map(({ id, name, role }) => ({ id, name, about: roleNames[role], fixed: Boolean(source) }));
  return (
    <Answer to={asked} what="Rights">
      {(data) => (
        <RightsEditor
          name={group.name}
          kept={kept}
          infos={data.infos}
          sources={(draft) => [draft]}
          link={{ label: "Members", nothing: source ? "None of them has signed in here yet." : "There is nobody to be a member.", items: members(data.users), words: (name, into) => (into ? `${name} becomes a member` : `${name} is a member no more`) }}
          saving={saving}
        />
      )}
    </Answer>
  );
}
