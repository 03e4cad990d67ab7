/** Leads on to the organization that was looked at last. Who belongs to none is told how to get into one. */
import { useQuery } from "@tanstack/react-query";
import { Building2, Plus } from "lucide-react";
import { useState } from "react";
import { Navigate } from "react-router";
import { asFailure } from "../../../api/problems";
import { Button, Empty, Problem } from "../../../ui";
import { organizationsQuery } from "../../api/queries";
import { firstOf, lastOrganization } from "../../organizations";
import { paths } from "../../paths";
import { MakeOrganization } from "../../shell/MakeOrganization";

export function HomeScreen() {
  const organizations = useQuery(organizationsQuery);
  const [making, setMaking] = useState(false);
  if (organizations.isError) return <Problem of={asFailure(organizations.error)} onRetry={() => void organizations.refetch()} />;
  if (!organizations.data) return null;
  const first = firstOf(organizations.data, lastOrganization());
  if (first) return <Navigate to={paths.sites(first.id)} replace />;
  return (
    <>
      <h1 className="sr-only">Organizations</h1>
      <Empty icon={<Building2 />} title="You belong to no organization" action={<Button look="primary" icon={<Plus />} onPress={() => setMaking(true)}>Make an organization</Button>}>
        Ask an administrator to invite you to theirs, or make one of your own for your sites.
      </Empty>
      {making ? <MakeOrganization onClose={() => setMaking(false)} /> : null}
    </>
  );
}
