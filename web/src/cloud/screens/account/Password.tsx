/** Changing the own password. It ends every sign-in, this one too, and says so before. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useChange } from "../../../api/useChange";
import { Actions, Section } from "../../../screens/settings/Section";
import { Button, Problem, TextField, toast } from "../../../ui";
import { changePassword } from "../../api/changes";
import { keys } from "../../api/queries";
import { passwordError } from "../../credentials";

export function Password() {
  const queries = useQueryClient();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const changing = useChange(changePassword);
  const short = next ? passwordError(next) : undefined;
  const differs = again.length > 0 && again !== next;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate({ old, new: next }, {
      onSuccess: () => {
        toast("The password was changed. Sign in with the new one.");
        queries.setQueryData(keys.session, null);
      },
    });
  };
  return (
    <Section title="Password" about="Any characters, 8 or more. Afterwards every sign-in of yours ends, this one too.">
      <Form onSubmit={submit}>
        <TextField label="Password until now" type="password" autoComplete="current-password" value={old} onChange={setOld} maxLength={1024} />
        <TextField label="New password" type="password" autoComplete="new-password" value={next} onChange={setNext} error={short} maxLength={1024} />
        <TextField label="New password again" type="password" autoComplete="new-password" value={again} onChange={setAgain} error={differs ? "This is not the same." : undefined} maxLength={1024} />
        {changing.error ? <Problem of={changing.error} /> : null}
        <Actions><Button type="submit" look="primary" isPending={changing.isPending} isDisabled={!old || !next || Boolean(short) || again !== next}>Change the password</Button></Actions>
      </Form>
    </Section>
  );
}
