/** Signing in with the account of the computer instead: the browser proves it by itself. A code is asked for where the user has an authenticator app. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useNavigate } from "react-router";
import { signInByComputer, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import { Button, Problem, TextField } from "../../ui";
import styles from "./ProviderButtons.module.css";

export function ComputerAccount({ next }: { next: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [code, setCode] = useState("");
  const attempt = useChange(signInByComputer);
  const codeWanted = attempt.error?.code === "second-factor-required" || (attempt.isPending && attempt.variables !== undefined);
  const send = (given?: string) =>
    attempt.mutate(given, {
      onSuccess: (session) => {
        queries.setQueryData(keys.session, session);
        void navigate(next, { replace: true });
      },
      onError: () => setCode(""),
    });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(code);
  };
  // That a code is wanted at all is no error: only that one was wrong.
  const asked = attempt.error?.code === "second-factor-required" && attempt.variables === undefined;
  return (
    <div className={styles.providers} role="group" aria-label="The account of this computer">
      {attempt.error && !asked ? <Problem of={attempt.error} /> : null}
      {codeWanted ? (
        <Form onSubmit={submit}>
          <TextField label="Code" name="computer-code" value={code} onChange={setCode} autoComplete="one-time-code" spellCheck="false" maxLength={64} hint="The six digits that your authenticator app shows, or a recovery code." isRequired autoFocus />
          <Button type="submit" isPending={attempt.isPending} isDisabled={!code.trim()}>Sign in with this code</Button>
        </Form>
      ) : (
        <Button isPending={attempt.isPending} onPress={() => send()}>Sign in with this computer’s account</Button>
      )}
    </div>
  );
}
