/** The second factor: an authenticator app is set up with a QR code, proved with a code, and switched off with another. */
import { ShieldCheck, ShieldOff } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Form } from "react-aria-components";
import { beginSecondFactor, confirmSecondFactor, endSecondFactor, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import { Button, Dialog, DialogActions, Loading, Problem, Skeleton, Status, TextField, toast } from "../../ui";
import { Section } from "../settings/Section";
import { FactorKey, Recovery } from "./FactorParts";
import styles from "./account.module.css";

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
  const [code, setCode] = useState("");
  const begin = useChange(beginSecondFactor);
  const confirm = useChange(confirmSecondFactor, [keys.session]);
  const begun = useRef(false);
  const { mutate } = begin;
  useEffect(() => {
    // Each asking makes another key: once is enough.
    if (!begun.current) mutate();
    begun.current = true;
  }, [mutate]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate({ code }, { onError: () => setCode("") });
  };
  if (confirm.data) return <Recovery codes={confirm.data} onClose={onClose} />;
  return (
    <Dialog title="Set up an authenticator app" isOpen onClose={onClose}>
      {begin.error ? <Problem of={begin.error} /> : null}
      {begin.data ? <FactorKey of={begin.data} /> : begin.error ? null : <Loading what="The key"><Skeleton width={200} height={200} /></Loading>}
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="Code that the app shows now" value={code} onChange={setCode} inputMode="numeric" autoComplete="one-time-code" maxLength={64} spellCheck="false" isDisabled={!begin.data} />
        {confirm.error ? <Problem of={confirm.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={confirm.isPending} isDisabled={!begin.data || !code.trim()}>Switch on</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function End({ onClose }: { onClose: () => void }) {
  const [code, setCode] = useState("");
  const ending = useChange(endSecondFactor, [keys.session]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ending.mutate({ code }, {
      onSuccess: () => {
        toast("The second factor is off.");
        onClose();
      },
      onError: () => setCode(""),
    });
  };
  return (
    <Dialog title="Switch the second factor off?" isOpen onClose={onClose}>
      <p>Your password alone signs in from then on. Recovery codes end with it.</p>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="Code" hint="Of the app, or a recovery code." value={code} onChange={setCode} autoComplete="one-time-code" maxLength={64} spellCheck="false" autoFocus />
        {ending.error ? <Problem of={ending.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="danger" isPending={ending.isPending} isDisabled={!code.trim()}>Switch it off</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
