/** Lets a group or a person of a provider in. What they may see and do is set where users and groups are. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { addProviderGroup, addProviderUser, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Provider, Role } from "../../api/types";
import { Button, Dialog, DialogActions, Problem, Select, TextField, toast } from "../../ui";
import styles from "./ProvidersRoom.module.css";

const kinds = [
  { value: "group", label: "A group" },
  { value: "person", label: "A person" },
] as const;
const roles = [
  { value: "viewer", label: "Viewer" },
  { value: "operator", label: "Operator" },
  { value: "administrator", label: "Administrator" },
] as const satisfies readonly { value: Role; label: string }[];

export function ProviderGrant({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const [kind, setKind] = useState<"group" | "person">(provider.groups_claim ? "group" : "person");
  const [key, setKey] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const giving = useChange(
    async () => {
      const given = { key: key.trim(), role, recordings_minutes: null, groups: [], grants: [] };
      return kind === "group" ? addProviderGroup(provider.id, given) : addProviderUser(provider.id, given);
    },
    [keys.providers, keys.users, keys.groups],
  );
  const give = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) giving.mutate(undefined, { onSuccess: ({ name }) => { toast(`“${name}” may sign in. Set what it may do in ${kind === "group" ? "Groups" : "Users"}.`); onClose(); } });
  };
  const hint = kind === "group" ? `Exactly as it stands in the claim “${provider.groups_claim ?? ""}”.` : "What the provider knows the person by (sub). Who signs in and may not yet is told it.";
  return (
    <Dialog title={`Let people of ${provider.name} in`} isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={give} validationBehavior="aria">
        {provider.groups_claim ? <Select label="Whom" choices={kinds} value={kind} onChange={setKind} /> : null}
        <TextField label={kind === "group" ? "Group" : "Person"} hint={hint} value={key} onChange={setKey} maxLength={255} spellCheck="false" autoComplete="off" autoFocus />
        <Select label="Role" choices={roles} value={role} onChange={setRole} />
        {giving.error ? <Problem of={giving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={giving.isPending} isDisabled={!key.trim()}>Let in</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
