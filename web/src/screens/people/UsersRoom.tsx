/** Users: the list, and the page of one of them when the address names one. */
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleSlash, Plus, Users } from "lucide-react";
import { useState } from "react";
import { Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { directoriesQuery, groupsQuery, usersQuery } from "../../api/queries";
import type { Directory, Group, Role, User } from "../../api/types";
import { paths } from "../../paths";
import { roleNames, roles } from "../../people/words";
import { moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Empty, SearchField, Status } from "../../ui";
import { Chip, Chips } from "../../ui/Page";
import { Cell, tableStyles } from "../../ui/Table";
import { useFilterKey } from "../../ui/useFilterKey";
import { Answer } from "../settings/Section";
import { AddUser } from "./AddUser";
import styles from "./people.module.css";
import { groupsOf, refusedBy, roleOf, sourceOf } from "./describe";
import { UserPage } from "./UserPage";

export function UsersRoom() {
  const { id } = useParams();
  const users = useQuery(usersQuery);
  const groups = useQuery(groupsQuery);
  const directories = useQuery(directoriesQuery);
  const questions = [users, groups, directories];
  const all = users.data && groups.data && directories.data ? { users: users.data, groups: groups.data, directories: directories.data } : undefined;
  const asked = { data: all, error: questions.find(({ error }) => error)?.error ?? null, isPending: questions.some(({ isPending }) => isPending), refetch: () => Promise.all(questions.map(({ refetch }) => refetch())) };
  return (
    <Answer to={asked} what="Users">
      {(data) => (id ? <UserPage key={id} id={id} {...data} /> : <UserList {...data} />)}
    </Answer>
  );
}

interface Known {
  users: readonly User[];
  groups: readonly Group[];
  directories: readonly Directory[];
}

function UserList({ users, groups, directories }: Known) {
  const [query, setQuery] = useSearchParams();
  const [adding, setAdding] = useState(false);
  const filterInput = useFilterKey();
  const [filter, setFilter] = useState(() => query.get("filter") ?? "");
  const show = roles.find((role) => role === query.get("role"));
  const put = (key: string, value: string | undefined) =>
    setQuery((old) => {
      if (value) old.set(key, value);
      else old.delete(key);
      return old;
    }, { replace: true });
  const roleIs = (role: Role) => (user: User) => roleOf(user, groups).role === role;
  const text = (user: User) => [user.name, roleNames[roleOf(user, groups).role], sourceOf(user, directories), user.directory?.full_name ?? "", ...groupsOf(user, groups).map(({ name }) => name)].join(" ").toLowerCase();
  const shown = users.filter((user) => (!show || roleIs(show)(user)) && text(user).includes(filter.trim().toLowerCase()));
  return (
    <section className={styles.room} aria-labelledby="users">
      <header className={styles.head}>
        <h2 id="users">Users</h2>
        <Button look="primary" icon={<Plus />} onPress={() => setAdding(true)}>Add a user</Button>
        <span className={styles.space} />
        <SearchField ref={filterInput} label="Filter users" placeholder="Name, role, group" value={filter} onChange={(value) => { setFilter(value); put("filter", value); }} />
      </header>
      <Chips label="Which users">
        <Chip current={!show} onPress={() => put("role", undefined)}>{`All ${users.length}`}</Chip>
        {roles.toReversed().map((role) => <Chip key={role} current={show === role} onPress={() => put("role", role)}>{`${roleNames[role]}s ${users.filter(roleIs(role)).length}`}</Chip>)}
      </Chips>
      <UserTable users={shown} groups={groups} directories={directories} />
      {users.length === 1 ? <Empty icon={<Users />} title="Only you so far" action={<Button onPress={() => setAdding(true)}>Add a user</Button>}>Give everybody a sign-in of their own: then rights, and the audit log, are about people.</Empty> : null}
      {adding ? <AddUser groups={groups} onClose={() => setAdding(false)} /> : null}
    </section>
  );
}

function UserTable({ users, groups, directories }: Known) {
  const navigate = useNavigate();
  const zone = useZone();
  const now = useSiteNow();
  return (
    <Table aria-label="Users" className={tableStyles.table ?? ""} onRowAction={(id) => void navigate(paths.user(String(id)))}>
      <TableHeader>
        <Column isRowHeader width="26%">Name</Column>
        <Column>Role</Column>
        <Column>Groups</Column>
        <Column>Last sign-in</Column>
        <Column>Source</Column>
        <Column>Sign-in</Column>
      </TableHeader>
      <TableBody items={users} renderEmptyState={() => <p className={styles.nothing}>No user matches.</p>}>
        {(user) => {
          const { role, by } = roleOf(user, groups);
          return (
            <Row id={user.id} textValue={user.name} className={tableStyles.row ?? ""}>
              <Cell className={tableStyles.strong ?? ""} what={user.name} about={user.second_factor ? "With a second factor" : null} />
              <Cell label="Role" what={roleNames[role]} about={by ? `By the group ${by}` : null} />
              <Cell label="Groups" what={groupsOf(user, groups).map(({ name }) => name).join(", ") || "–"} />
              <Cell label="Last sign-in" what={user.last_sign_in ? moment(user.last_sign_in, zone, now) : "Never"} />
              <Cell className={tableStyles.soft ?? ""} label="Source" what={sourceOf(user, directories)} about={user.directory?.full_name ?? null} />
              <Cell label="Sign-in" what={user.disabled ? <Status tone="warn" icon={<CircleSlash />}>Disabled</Status> : refusedBy(user) ? <Status tone="warn" icon={<CircleSlash />}>Refused</Status> : <Status tone="ok" icon={<CircleCheck />}>Allowed</Status>} about={refusedBy(user) ?? null} />
            </Row>
          );
        }}
      </TableBody>
    </Table>
  );
}
