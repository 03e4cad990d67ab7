/** Who is signed in and what that person may do. The site decides; this only keeps screens from offering what it would refuse. */
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import type { Camera, Privilege, Session } from "../api/types";

/** The session; undefined while it is not known, null when nobody is signed in. */
export function useSession(): Session | null | undefined {
  return useQuery(sessionQuery).data;
}

/** Whether the person who is signed in has a privilege. */
export function useCan(privilege: Privilege): boolean {
  return useSession()?.privileges.includes(privilege) ?? false;
}

/** Whether the person may do something to this camera. */
export function may(camera: Camera, privilege: Camera["privileges"][number]): boolean {
  return camera.privileges.includes(privilege);
}
