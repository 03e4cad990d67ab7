/** What lists say of users and groups. Pure. */
import type { Directory, Group, Role, User } from "../../api/types";
import { roles } from "../../people/words";

export const groupsOf = (user: User, groups: readonly Group[]): Group[] => groups.filter(({ id }) => user.groups.includes(id));

/** The highest role of a user and its groups; `by`: the group that gives it, where it is higher than the user's own. */
export function roleOf(user: User, groups: readonly Group[]): { role: Role; by?: string } {
  const highest = groupsOf(user, groups).toSorted((a, b) => roles.indexOf(b.role) - roles.indexOf(a.role))[0];
  return highest && roles.indexOf(highest.role) > roles.indexOf(user.role) ? { role: highest.role, by: highest.name } : { role: user.role };
}

/** Who says that somebody is who they are: this machine, a directory by its name, or this site. */
export function sourceOf(user: User, directories: readonly Directory[]): string {
  if (user.machine) return "This machine";
  if (!user.directory) return "This site";
  return directories.find(({ id }) => id === user.directory?.directory)?.name ?? "A provider";
}

/** The directory that a group is of; undefined: a group of this site. */
export function directoryOf(group: Group, directories: readonly Directory[]): string | undefined {
  if (!group.directory) return undefined;
  return directories.find(({ id }) => id === group.directory)?.name ?? "a provider";
}

/** Why the directory does not let somebody in; undefined: it does, or the user has its password here. */
export function refusedBy(user: User): string | undefined {
  const standing = user.directory?.standing;
  if (standing === undefined || standing === "good") return undefined;
  return standings[standing] ?? "The directory does not let this user in.";
}

const standings: Readonly<Record<string, string>> = {
  "disabled": "Disabled in the directory.",
  "gone": "No longer in the directory.",
  "no-group": "In no group that is known here, and not added by itself.",
  "unconfirmed": "The directory could not be asked for too long.",
};
