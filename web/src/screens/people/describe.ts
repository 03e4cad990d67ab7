/** What lists say of users and groups. Pure. */
import type { Group, Role, User } from "../../api/types";
import { roles } from "../../people/words";

export const groupsOf = (user: User, groups: readonly Group[]): Group[] => groups.filter(({ id }) => user.groups.includes(id));

/** The highest role of a user and its groups; `by`: the group that gives it, where it is higher than the user's own. */
export function roleOf(user: User, groups: readonly Group[]): { role: Role; by?: string } {
  const highest = groupsOf(user, groups).toSorted((a, b) => roles.indexOf(b.role) - roles.indexOf(a.role))[0];
  return highest && roles.indexOf(highest.role) > roles.indexOf(user.role) ? { role: highest.role, by: highest.name } : { role: user.role };
}

/** Who says that somebody is who they are. */
export const sourceOf = (user: User): string => (user.machine ? "This machine" : "This site");
