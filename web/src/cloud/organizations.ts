/** Which organization is looked at (the address says so), and what one is there. The cloud decides; this keeps screens from offering what it would refuse. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { atLeast } from "../people/words";
import { organizationsQuery, sessionQuery } from "./api/queries";
import type { Organization, Role, Session } from "./api/types";

const KEY = "martello.organization";

/** The one that was looked at last in this browser. */
export const lastOrganization = (): string | null => globalThis.localStorage.getItem(KEY);
export const rememberOrganization = (organization: string): void => globalThis.localStorage.setItem(KEY, organization);

/** Where one begins: the one looked at last if it is still one's own, else the first. */
export function firstOf(organizations: readonly Organization[], last: string | null): Organization | undefined {
  return organizations.find(({ id }) => id === last) ?? organizations[0];
}

/** The session; undefined while it is not known, null when nobody is signed in. */
export function useSession(): Session | null | undefined {
  return useQuery(sessionQuery).data;
}

/** The organization of the address, or the one that was there before on a screen without one. */
export function useOrganization(): Organization | undefined {
  const { organization } = useParams();
  const all = useQuery(organizationsQuery).data ?? [];
  return organization ? all.find(({ id }) => id === organization) : firstOf(all, lastOrganization());
}

/** Whether one is at least this in the organization. */
export const isAtLeast = (organization: Organization | undefined, lowest: Role): boolean => Boolean(organization && atLeast(organization.role, lowest));
