/** The second factor: an authenticator app, set up with the password and a QR code, proved with a code, ended with the password. */
import { ShieldCheck, ShieldOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useChange } from "../../../api/useChange";
import { FactorKey, Recovery } from "../../../screens/account/FactorParts";
import { Section } from "../../../screens/settings/Section";
import { Button, Dialog, DialogActions, Problem, Status, TextField, toast } from "../../../ui";
import { beginFactor, confirmFactor, endFactor } from "../../api/changes";
import { keys } from "../../api/queries";
import styles from "../../forms.module.css";

export function SecondFactor({ isOn }: { isOn: boolean }) {
  const [open, setOpen] = useState<"set-up" | "end">();
  const close = () => setOpen(undefined);
  return (
    <Section
      title="Second factor"
      about="With an authenticator app on your phone, a stolen password alone opens nothing."
      action={isOn ? <Button onPress={() => setOpen("end")}>Switch off</Button> : <Button look="primary" onPress={() => setOpen("set-up")}>Set up</Button>}
    >
      {isOn ? <Status tone="ok" icon={<ShieldCheck />}>A code is asked for at every sign-in</Status> : <Status tone="idle" icon={<ShieldOff />}>Not set up</Status>}
      {open === "set-up" ? <SetUp onClose={close} /> : null}
      {open === "end" ? <End onClose={close} /> : null}
    </Section>
  );
}

function SetUp({ onClose }: { onClose: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useChange(beginFactor);
  const confirm = useChange(confirmFactor, [keys.session]);
  if (confirm.data) return <Recovery codes={confirm.data} onClose={onClose} />;
  const problem = begin.error ?? confirm.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (begin.data) confirm.mutate(code.trim(), { onError: () => setCode("") });
    else begin.mutate(password, { onError: () => setPassword("") });
  };
  return (
    <Dialog title="Set up an authenticator app" isOpen onClose={onClose}>
      {begin.data ? <FactorKey of={begin.data} /> : null}
      <Form className={styles.form ?? ""} onSubmit={submit}>
        {begin.data ? (
          <TextField key="code" label="Code that the app shows now" value={code} onChange={setCode} inputMode="numeric" autoComplete="one-time-code" maxLength={64} spellCheck="false" autoFocus />
        ) : (
          <TextField key="password" label="Your password" type="password" value={password} onChange={setPassword} autoComplete="current-password" maxLength={1024} autoFocus />
        )}
        {problem ? <Problem of={problem} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={begin.isPending || confirm.isPending} isDisabled={begin.data ? !code.trim() : !password}>{begin.data ? "Switch on" : "Go on"}</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function End({ onClose }: { onClose: () => void }) {
  const [password, setPassword] = useState("");
  const ending = useChange(endFactor, [keys.session]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ending.mutate(password, {
      onSuccess: () => {
        toast("The second factor is off.");
        onClose();
      },
      onError: () => setPassword(""),
    });
  };
  return (
    <Dialog title="Switch the second factor off?" isOpen onClose={onClose}>
      <p>Your password alone signs in from then on. Recovery codes end with it.</p>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="Your password" type="password" value={password} onChange={setPassword} autoComplete="current-password" maxLength={1024} autoFocus />
        {ending.error ? <Problem of={ending.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="danger" isPending={ending.isPending} isDisabled={!password}>Switch it off</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
