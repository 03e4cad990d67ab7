/** A room that the person may not enter: says why, and who can change it. */
import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import type { Privilege } from "../api/types";
import { useCan, useSession } from "../session/useSession";
import { Empty } from "../ui";

/** Shows its children to those who have a privilege. */
export function Needs({ privilege, what, children }: { privilege: Privilege; what: string; children: ReactNode }) {
  const may = useCan(privilege);
  const session = useSession();
  if (may) return children;
  return (
    <Empty icon={<Lock />} title={`You may not ${what}`}>
      You are signed in as {session?.user} ({session?.role}). An administrator of this site can change that.
    </Empty>
  );
}
