/** A cell of the grid in words: whether it is held, by what, and what is in the way. Pure. */
import type { PrivilegeInfo } from "../api/types";
import { type CellState, type Reason, type Target } from "./rights";
import { privilegeNames, roleNames } from "./words";

/** What a target is called: "all cameras", "the folder Docks", "Gate north". */
export type NameOf = (target: Target) => string;

function reasonWords({ group, target, by }: Reason, nameOf: NameOf, info: PrivilegeInfo, row: Target): string {
  const who = group ? `from the group ${group}` : target === row ? "granted here" : "granted";
  const where = target === row && !group ? "" : info.scope === "camera" ? ` on ${nameOf(target)}` : "";
  return `${who}${where}${by === info.privilege ? "" : `, comes with ${privilegeNames[by]}`}`;
}

/** What is in the way of setting it. */
export function blockedWords(state: CellState, info: PrivilegeInfo): string | undefined {
  switch (state.blocked) {
    case "administrator":
      return "Administrators may do everything.";
    case "not-in-use":
      return "Nothing in this release asks for it yet.";
    case "role":
      return `Needs the role ${roleNames[info.lowest_role]}.`;
    case undefined:
      return undefined;
  }
}

/** One sentence or two. */
export function cellWords(state: CellState, info: PrivilegeInfo, row: Target, nameOf: NameOf): string {
  const blocked = blockedWords(state, info);
  if (state.blocked === "administrator") return blocked ?? "";
  const by = state.reasons.map((reason) => reasonWords(reason, nameOf, info, row)).join("; ");
  const held = state.reasons.length ? `${state.held ? "Held" : "Not held, though"}: ${by}.` : "Not granted.";
  return blocked ? `${blocked} ${state.reasons.length ? held : ""}`.trim() : held;
}
