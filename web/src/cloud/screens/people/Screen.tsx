/** The people of an organization: what each is, on which folders; who was invited and has not answered. */
import { useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { useParams, useSearchParams } from "react-router";
import { roleNames } from "../../../people/words";
import { Answer } from "../../../screens/settings/Section";
import { day } from "../../../time/format";
import { Button } from "../../../ui";
import { Page } from "../../../ui/Page";
import { Cell, tableStyles } from "../../../ui/Table";
import { foldersQuery, membersQuery } from "../../api/queries";
import type { Member } from "../../api/types";
import { type Placed, folderPaths } from "../../folders";
import { isAtLeast, useOrganization, useSession } from "../../organizations";
import { ownZone, useNow } from "../../time";
import { Invitations } from "./Invitations";
import { InviteDialog } from "./InviteDialog";
import { MemberPanel } from "./MemberPanel";

export function PeopleScreen() {
  const { organization: id = "" } = useParams();
  const organization = useOrganization();
  const session = useSession();
  const [query, setQuery] = useSearchParams();
  const [inviting, setInviting] = useState(false);
  const members = useQuery(membersQuery(id));
  const folders = folderPaths(useQuery(foldersQuery(id)).data ?? []);
  const administrates = isAtLeast(organization, "administrator");
  const open = members.data?.find(({ account }) => account === query.get("member"));
  const show = (member: string | null) => setQuery(member ? { member } : {}, { replace: true });
  return (
    <Page
      title="People"
      actions={administrates ? <Button look="primary" icon={<UserPlus />} onPress={() => setInviting(true)}>Invite somebody</Button> : null}
      panel={open ? <MemberPanel key={`${open.account} ${open.role} ${open.folders?.join() ?? ""}`} organization={id} member={open} folders={folders} administrates={administrates} self={open.account === session?.account} onClose={() => show(null)} /> : null}
    >
      <Answer to={members} what="People">{(data) => <MemberTable members={data} folders={folders} own={session?.account} open={open?.account} onOpen={show} />}</Answer>
      {isAtLeast(organization, "operator") ? <Invitations organization={id} administrates={administrates} /> : null}
      {inviting ? <InviteDialog organization={id} onClose={() => setInviting(false)} /> : null}
    </Page>
  );
}

interface Props {
  members: readonly Member[];
  folders: readonly Placed[];
  own: string | undefined;
  open: string | undefined;
  onOpen: (member: string | null) => void;
}

function MemberTable({ members, folders, own, open, onOpen }: Props) {
  const zone = ownZone();
  const now = useNow(60_000);
  return (
    <Table
      aria-label="People"
      className={tableStyles.table ?? ""}
      selectionMode="single"
      selectionBehavior="replace"
      selectedKeys={open ? [open] : []}
      onSelectionChange={(chosen) => onOpen(chosen === "all" ? null : ([...chosen][0] as string | undefined) ?? null)}
    >
      <TableHeader><Column isRowHeader width="34%">Name</Column><Column>Role</Column><Column>Sites</Column><Column>Since</Column></TableHeader>
      <TableBody items={members} dependencies={[folders]}>
        {(member) => (
          <Row id={member.account} textValue={member.name} className={tableStyles.row ?? ""}>
            <Cell className={tableStyles.strong ?? ""} what={member.account === own ? `${member.name} (you)` : member.name} about={member.email} />
            <Cell label="Role" what={roleNames[member.role]} about={member.owner ? "Owner" : null} />
            <Cell className={tableStyles.soft ?? ""} label="Sites" what={seesWords(member, folders)} />
            <Cell className={tableStyles.soft ?? ""} label="Since" what={day(member.joined, zone, now)} />
          </Row>
        )}
      </TableBody>
    </Table>
  );
}

/** Which sites somebody sees. */
export function seesWords({ folders: own }: Pick<Member, "folders">, folders: readonly Placed[]): string {
  if (!own) return "Of all folders";
  const names = folders.filter(({ id }) => own.includes(id)).map(({ path }) => path);
  return names.length ? `Of ${names.join(", ")}` : "None";
}
