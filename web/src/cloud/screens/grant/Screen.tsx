/**
 * Somebody without a browser shows a code: here it is typed, what asks is looked at, and then granted or refused. No link
 * fills the code in, so that nobody grants what somebody else has sent (RFC 8628 section 5.4).
 */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useChange } from "../../../api/useChange";
import { Button, Note, Problem, TextField } from "../../../ui";
import { Page } from "../../../ui/Page";
import { lookAtGrant } from "../../api/changes";
import type { GrantFacts } from "../../api/types";
import { tidyCode } from "../../credentials";
import styles from "../../forms.module.css";
import { Decide } from "./Decide";
import { Granted } from "./Granted";

type Step = { at: "code" } | { at: "decide"; code: string; facts: GrantFacts } | { at: "granted"; facts: GrantFacts; organization: string | null } | { at: "refused"; facts: GrantFacts };

export function GrantScreen() {
  const [step, setStep] = useState<Step>({ at: "code" });
  const restart = () => setStep({ at: "code" });
  return (
    <Page title="Grant access">
      <div className={styles.column}>
        {step.at === "code" ? <TypeCode onFound={(code, facts) => setStep({ at: "decide", code, facts })} /> : null}
        {step.at === "decide" ? (
          <Decide {...step} onBack={restart} onGranted={(organization) => setStep({ at: "granted", facts: step.facts, organization })} onRefused={() => setStep({ at: "refused", facts: step.facts })} />
        ) : null}
        {step.at === "granted" ? <Granted {...step} onMore={restart} /> : null}
        {step.at === "refused" ? <Note title={`${step.facts.name} was refused`} action={<Button onPress={restart}>Another code</Button>}>It got nothing. Its code counts no more.</Note> : null}
      </div>
    </Page>
  );
}

function TypeCode({ onFound }: { onFound: (code: string, facts: GrantFacts) => void }) {
  const [typed, setTyped] = useState("");
  const looking = useChange(lookAtGrant);
  const code = tidyCode(typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    looking.mutate(code, { onSuccess: (facts) => onFound(code, facts) });
  };
  return (
    <Form className={styles.form ?? ""} onSubmit={submit}>
      <p className={styles.soft}>A site that enables remote access, or a program that signs in, shows a code. Type it here; nothing is granted yet.</p>
      <TextField label="Code" value={typed} onChange={setTyped} hint="Only a code that you see on a device or in a program of your own. Never one that somebody sent you." autoComplete="off" spellCheck="false" maxLength={64} autoFocus isRequired />
      {looking.error ? <Problem of={looking.error} /> : null}
      <div className={styles.buttons}><Button type="submit" look="primary" isPending={looking.isPending} isDisabled={!code}>See who asks</Button></div>
    </Form>
  );
}
