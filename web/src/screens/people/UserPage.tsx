/** One user: rights, what they come to and why, the sign-in; renaming, disabling, removing. */
import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, UserX } from "lucide-react";
import { Link, useNavigate, useParams } from "react-router";
import { changeUser, useChange } from "../../api/changes";
import { keys, privilegesQuery } from "../../api/queries";
import type { Directory, Group, User } from "../../api/types";
import { type UserPart, paths } from "../../paths";
import { type Draft, grantsOf, listOf, sourcesOf } from "../../people/rights";
import { roleNames } from "../../people/words";
import { Badge, Empty, Note } from "../../ui";
import { Chip, Chips } from "../../ui/Page";
import { Answer } from "../settings/Section";
import { directoryOf, roleOf, sourceOf } from "./describe";
import styles from "./people.module.css";
import { RightsEditor } from "./RightsEditor";
import { UserSignIn } from "./UserSignIn";
import { Why } from "./Why";

interface Props {
  id: string;
  users: readonly User[];
  groups: readonly Group[];
  directories: readonly Directory[];
}

export function UserPage({ id, users, groups, directories }: Props) {
  const { part } = useParams();
  const navigate = useNavigate();
  const user = users.find((one) => one.id === id);
  const back = <Link to={paths.settings("users")} className={styles.back ?? ""}><ArrowLeft aria-hidden="true" /> Users</Link>;
  if (!user) return <section className={styles.room}>{back}<Empty icon={<UserX />} title="There is no such user (any more)">Somebody may have removed it.</Empty></section>;
  const go = (to?: UserPart) => void navigate(paths.user(id, to), { replace: true });
  return (
    <section className={styles.room} aria-labelledby="user">
      {back}
      <header className={styles.head}>
        <h2 id="user">{user.name}</h2>
        <span className={styles.facts}>{roleNames[roleOf(user, groups).role]}, {user.directory ? `${sourceOf(user, directories)}: ${user.directory.full_name}` : sourceOf(user, directories).toLowerCase()}</span>
        {user.disabled ? <Badge tone="warn">Disabled</Badge> : null}
      </header>
      <Chips label="Parts">
        <Chip current={!part} onPress={() => go()}>Rights</Chip>
        <Chip current={part === "why"} onPress={() => go("why")}>What this person may do, and why</Chip>
        <Chip current={part === "sign-in"} onPress={() => go("sign-in")}>Sign-in</Chip>
      </Chips>
      {part === "why" ? <Why user={user} /> : part === "sign-in" ? <UserSignIn user={user} source={sourceOf(user, directories)} /> : <UserRights user={user} groups={groups} directories={directories} />}
    </section>
  );
}

function UserRights({ user, groups, directories }: Omit<Props, "id" | "users"> & { user: User }) {
  const privileges = useQuery(privilegesQuery);
  const saving = useChange(
    ({ role, minutes, grants, linked }: Draft) => changeUser(user.id, { role, recordings_minutes: minutes, grants: listOf(grants), groups: [...linked] }),
    [keys.users, keys.groups],
  );
  if (user.machine) return <Note title="An administrator of the server's own machine">May do everything, and cannot be changed here: whoever owns the machine owns the site.</Note>;
  const kept: Draft = { role: user.role, minutes: user.recordings_minutes ?? null, grants: grantsOf(user.grants), linked: new Set(user.groups) };
  // Membership in a directory's group is decided there: it is shown, not offered.
  const linkable = groups.filter(({ id, directory }) => !directory || user.groups.includes(id));
  const items = linkable.map((group) => {
    const source = directoryOf(group, directories);
    return { id: group.id, name: group.name, about: source ? `${roleNames[group.role]}, by ${source}` : roleNames[group.role], fixed: Boolean(source) };
  });
  return (
    <Answer to={privileges} what="Rights">
      {(infos) => (
        <RightsEditor
          name={user.name}
          kept={kept}
          infos={infos}
          sources={(draft) => sourcesOf(draft, groups)}
          link={{ label: "Groups", nothing: "There are no groups yet.", items, words: (group, into) => (into ? `Into the group ${group}` : `Out of the group ${group}`) }}
          saving={saving}
        />
      )}
    </Answer>
  );
}
