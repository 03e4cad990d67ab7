/** How one user gets in: password, second factor, where they are signed in; disabling, renaming, removing. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Pencil, ShieldCheck, ShieldOff, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useNavigate } from "react-router";
import { changeUser, endUserSecondFactor, endUserSignIn, removeUser, setPassword, useChange } from "../../api/changes";
import { keys, userSignInsQuery } from "../../api/queries";
import type { User } from "../../api/types";
import { paths } from "../../paths";
import { SignInList } from "../../people/SignInList";
import { useSiteNow, useZone } from "../../time/useNow";
import { SHORTEST_PASSWORD } from "../../people/words";
import { useSession } from "../../session/useSession";
import { Button, Confirm, Dialog, DialogActions, Note, Problem, Status, TextField, toast } from "../../ui";
import { Answer, Section } from "../settings/Section";
import { refusedBy } from "./describe";
import styles from "./people.module.css";
import { RenameDialog } from "./RenameDialog";

type Asking = "password" | "factor" | "disable" | "rename" | "remove";

/** @param source who says that somebody is who they are, in words. */
export function UserSignIn({ user, source }: { user: User; source: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const self = useSession()?.user_id === user.id;
  const [asking, setAsking] = useState<Asking>();
  const signIns = useQuery(userSignInsQuery(user.id));
  const here = !user.directory;
  const refused = refusedBy(user);
  const close = () => setAsking(undefined);
  const stale = () => queries.invalidateQueries({ queryKey: keys.users });
  const end = useChange((session: string) => endUserSignIn(user.id, session), [keys.users]);
  const enable = useChange(() => changeUser(user.id, { disabled: false }), [keys.users]);
  const clock = { zone: useZone(), now: useSiteNow() };
  const list = <Answer to={signIns} what="Sign-ins">{(items) => <SignInList {...clock} items={items} onEnd={(id) => end.mutateAsync(id)} />}</Answer>;
  if (user.machine) return <><Note title="Signs in at the server's own machine">Cannot be disabled or removed here.</Note>{list}</>;
  return (
    <>
      <Section title="Getting in" about={user.disabled ? "Cannot sign in until this is allowed again; rights and groups stay." : "Disabling ends what is watched at once; rights and groups stay."}>
        {enable.error ? <Problem of={enable.error} /> : null}
        {here ? null : <Note title={`Signs in with the password of ${source}`}>{refused ?? "Name and password are changed there."}</Note>}
        <div className={styles.buttons}>
          {here ? <Button icon={<KeyRound />} onPress={() => setAsking("password")} isDisabled={self}>Set another password</Button> : null}
          {user.disabled ? <Button look="primary" isPending={enable.isPending} onPress={() => enable.mutate(undefined)}>Allow sign-in again</Button> : <Button onPress={() => setAsking("disable")} isDisabled={self}>Disable</Button>}
          {here ? <Button icon={<Pencil />} onPress={() => setAsking("rename")}>Rename</Button> : null}
          <Button look="danger" icon={<Trash2 />} onPress={() => setAsking("remove")} isDisabled={self}>Remove</Button>
        </div>
        {self ? <p className={styles.hint}>This is you: your password and second factor are under Your account. Another administrator can disable or remove you.</p> : null}
      </Section>
      <Section title="Second factor" action={user.second_factor && !self ? <Button onPress={() => setAsking("factor")}>End it</Button> : null}>
        {user.second_factor ? <Status tone="ok" icon={<ShieldCheck />}>A code of an authenticator app is asked for</Status> : <Status tone="idle" icon={<ShieldOff />}>Not set up: only the person can do that, under Your account</Status>}
      </Section>
      <Section title="Sign-ins">{list}</Section>
      {asking === "password" ? <PasswordDialog user={user} onClose={close} /> : null}
      {asking === "rename" ? <RenameDialog what="user" name={user.name} onSave={(name) => changeUser(user.id, { name }).then(stale)} onClose={close} /> : null}
      <Confirm title={`Disable ${user.name}?`} action={`Disable ${user.name}`} isOpen={asking === "disable"} onClose={close} onConfirm={() => changeUser(user.id, { disabled: true }).then(stale)}>
        <p>All sign-ins and tokens end now, and nobody signs in with this name until you allow it again.</p>
      </Confirm>
      <Confirm title={`End the second factor of ${user.name}?`} action="End it" isOpen={asking === "factor"} onClose={close} onConfirm={() => endUserSecondFactor(user.id).then(stale)}>
        <p>For who has lost both the app and the recovery codes. The password alone signs in from then on.</p>
      </Confirm>
      <Confirm
        title={`Remove ${user.name}?`}
        action={`Remove ${user.name}`}
        isOpen={asking === "remove"}
        onClose={close}
        onConfirm={async () => {
          await removeUser(user.id);
          toast(`${user.name} was removed.`);
          await navigate(paths.settings("users"));
          await Promise.all([stale(), queries.invalidateQueries({ queryKey: keys.groups })]);
        }}
      >
        <p>Sign-ins, tokens and rights are gone for good. What was done stays in the audit log under this name.</p>
      </Confirm>
    </>
  );
}

function PasswordDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [password, setNext] = useState("");
  const setting = useChange((next: string) => setPassword(user.id, next), [keys.users]);
  const short = password.length > 0 && [...password].length < SHORTEST_PASSWORD;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setting.mutate(password, {
      onSuccess: () => {
        toast(`${user.name} has a new password.`);
        onClose();
      },
    });
  };
  return (
    <Dialog title={`Another password for ${user.name}`} isOpen onClose={onClose}>
      <p>All sign-ins and tokens of {user.name} end now.</p>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="New password" type="password" value={password} onChange={setNext} autoComplete="new-password" error={short ? `${SHORTEST_PASSWORD} characters or more.` : undefined} autoFocus />
        {setting.error ? <Problem of={setting.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={setting.isPending} isDisabled={!password || short}>Set the password</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
