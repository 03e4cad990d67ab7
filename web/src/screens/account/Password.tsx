/** Changing the own password. It ends every other sign-in and all tokens, and says so before. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { changePassword, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import { SHORTEST_PASSWORD } from "../../people/words";
import { Button, Problem, TextField, toast } from "../../ui";
import { Actions, Section } from "../settings/Section";

export function Password() {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const changing = useChange(changePassword, [keys.signIns, keys.tokens]);
  const short = next.length > 0 && [...next].length < SHORTEST_PASSWORD;
  const differs = again.length > 0 && again !== next;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate({ old, new: next }, {
      onSuccess: () => {
        toast("The password was changed.");
        for (const clear of [setOld, setNext, setAgain]) clear("");
      },
    });
  };
  return (
    <Section title="Password" about="Any characters, 8 or more. Afterwards every other sign-in of yours and all your tokens end.">
      <Form onSubmit={submit} style={{ display: "grid", gap: "var(--s3)", maxWidth: 320 }}>
        <TextField label="Password until now" type="password" autoComplete="current-password" value={old} onChange={setOld} />
        <TextField label="New password" type="password" autoComplete="new-password" value={next} onChange={setNext} error={short ? `${SHORTEST_PASSWORD} characters or more.` : undefined} />
        <TextField label="New password again" type="password" autoComplete="new-password" value={again} onChange={setAgain} error={differs ? "This is not the same." : undefined} />
        {changing.error ? <Problem of={changing.error} /> : null}
        <Actions>
          <Button type="submit" look="primary" isPending={changing.isPending} isDisabled={!old || !next || short || again !== next}>Change the password</Button>
        </Actions>
      </Form>
    </Section>
  );
}
