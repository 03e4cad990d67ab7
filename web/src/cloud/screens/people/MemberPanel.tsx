/** One member: role and folders, which count at once, and removing. Somebody who is no administrator can leave here. */
import { useState } from "react";
import { useNavigate } from "react-router";
import { useChange } from "../../../api/useChange";
import { roleNames } from "../../../people/words";
import { Button, Checkbox, Confirm, Note, Problem, RadioGroup, toast } from "../../../ui";
import { Panel } from "../../../ui/Page";
import { changeMember, removeMember } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Member, Role } from "../../api/types";
import type { Placed } from "../../folders";
import styles from "../../forms.module.css";
import { paths } from "../../paths";

const roles: readonly { value: Role; label: string; hint: string }[] = [
  { value: "viewer", label: "Viewer", hint: "Sees the sites and reaches them" },
  { value: "operator", label: "Operator", hint: "Sees who was invited too" },
  { value: "administrator", label: "Administrator", hint: "Adds sites and people, and changes them" },
];

const reach: readonly { value: "all" | "some"; label: string }[] = [{ value: "all", label: "All sites" }, { value: "some", label: "Sites of some folders" }];

interface Props {
  organization: string;
  member: Member;
  folders: readonly Placed[];
  administrates: boolean;
  /** Whether it is whoever looks. */
  self: boolean;
  onClose: () => void;
}

export function MemberPanel({ organization, member, folders, administrates, self, onClose }: Props) {
  const navigate = useNavigate();
  const [role, setRole] = useState(member.role);
  const [some, setSome] = useState(member.folders ? new Set(member.folders) : null);
  const [removing, setRemoving] = useState(false);
  const saving = useChange(() => changeMember(organization, member.account, { role, folders: some ? [...some] : null }), [keys.members(organization), keys.organizations]);
  const leaving = useChange(() => removeMember(organization, member.account), [keys.members(organization), keys.organizations]);
  const dirty = role !== member.role || [...(some ?? ["all"])].toSorted().join() !== [...(member.folders ?? ["all"])].toSorted().join();
  const tick = (folder: string, on: boolean) => setSome(new Set(on ? [...(some ?? []), folder] : [...(some ?? [])].filter((one) => one !== folder)));
  return (
    <Panel title={self ? `${member.name} (you)` : member.name} about={member.email} onClose={onClose}>
      {member.owner ? (
        <Note title="Owner">The organization is theirs: they stay its administrator.</Note>
      ) : administrates ? (
        <>
          <RadioGroup label="Role in the organization" choices={roles} value={role} onChange={setRole} />
          {folders.length > 1 || some ? <RadioGroup label="Sees" choices={reach} value={some ? "some" : "all"} onChange={(to) => setSome(to === "all" ? null : new Set())} /> : null}
          {some ? <div className={styles.checks} role="group" aria-label="Folders">{folders.map(({ id, path }) => <Checkbox key={id} isSelected={some.has(id)} onChange={(on) => tick(id, on)}>{path}</Checkbox>)}</div> : null}
          <p className={styles.soft}>It counts at once: what they have open through this cloud ends. What they may do at a site, the site decides.</p>
          {saving.error ? <Problem of={saving.error} /> : null}
          <div className={styles.buttons}><Button look="primary" isPending={saving.isPending} isDisabled={!dirty} onPress={() => saving.mutate(undefined, { onSuccess: () => toast(`${member.name} is ${roleNames[role].toLowerCase()} now.`) })}>Save</Button></div>
        </>
      ) : <p className={styles.soft}>{roleNames[member.role]}. Administrators change what somebody is.</p>}
      {member.owner || !(administrates || self) ? null : <div className={styles.buttons}><Button look="danger" onPress={() => setRemoving(true)}>{self ? "Leave the organization" : "Remove"}</Button></div>}
      <Confirm
        title={self ? "Leave the organization?" : `Remove ${member.name}?`}
        action={self ? "Leave" : `Remove ${member.name}`}
        isOpen={removing}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await leaving.mutateAsync(undefined);
          if (self) void navigate(paths.home());
          else onClose();
        }}
      >
        <p>What {self ? "you have" : "they have"} open at its sites through this cloud ends at once. The account stays. Users of a site itself stay too: they are removed there.</p>
      </Confirm>
    </Panel>
  );
}
