/** Making a user: of this site, with a password of its own, or of a directory. Its rights are set on its page, where it leads. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useNavigate } from "react-router";
import { addUser, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Group, Role } from "../../api/types";
import { paths } from "../../paths";
import { roleChoices, SHORTEST_PASSWORD } from "../../people/words";
import { Button, Checkbox, DialogActions, Problem, RadioGroup, TextField, toast } from "../../ui";
import { AddDialog } from "./AddDialog";
import styles from "./people.module.css";

interface Props {
  groups: readonly Group[];
  onClose: () => void;
}

export function AddUser(props: Props) {
  return <AddDialog what="user" onClose={props.onClose}><OwnUser {...props} /></AddDialog>;
}

function OwnUser({ groups, onClose }: Props) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const adding = useChange(addUser, [keys.users, keys.groups]);
  const short = password.length > 0 && [...password].length < SHORTEST_PASSWORD;
  const own = groups.filter(({ directory }) => !directory);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate({ name: name.trim(), password, role, groups: [...chosen] }, {
      onSuccess: (user) => {
        toast(`${user.name} was added.`);
        onClose();
        void navigate(paths.user(user.id));
      },
    });
  };
  return (
    <Form className={styles.form ?? ""} onSubmit={submit}>
      <TextField label="Name" value={name} onChange={setName} maxLength={256} autoComplete="off" spellCheck="false" autoFocus />
      <TextField label="Password" type="password" value={password} onChange={setPassword} autoComplete="new-password" error={short ? `${SHORTEST_PASSWORD} characters or more.` : undefined} hint="Tell it to the person; it can be changed under Your account." />
      <RadioGroup label="Role" choices={roleChoices} value={role} onChange={setRole} />
      {own.length ? (
        <div role="group" aria-label="Groups" className={styles.checks}>
          <span>Groups</span>
          {own.map((group) => <Checkbox key={group.id} isSelected={chosen.includes(group.id)} onChange={(on) => setChosen(on ? [...chosen, group.id] : chosen.filter((id) => id !== group.id))}>{group.name}</Checkbox>)}
        </div>
      ) : null}
      {adding.error ? <Problem of={adding.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" look="primary" isPending={adding.isPending} isDisabled={!name.trim() || !password || short}>Add the user</Button>
      </DialogActions>
    </Form>
  );
}
