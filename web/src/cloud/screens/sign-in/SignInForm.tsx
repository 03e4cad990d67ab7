/** Address and password, then a code where one is wanted. Used by the sign-in and by whoever joins with an account. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Form } from "react-aria-components";
import { useChange } from "../../../api/useChange";
import { Button, Note, Problem, TextField } from "../../../ui";
import { signIn } from "../../api/changes";
import type { Session } from "../../api/types";

interface Props {
  /** The address, where it cannot be another. */
  email?: string;
  /** What the button says. */
  action?: string;
  onSignedIn: (session: Session) => void;
}

export function SignInForm({ email: fixed, action = "Sign in", onSignedIn }: Props) {
  const [typed, setTyped] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  /** The cloud has said that address and password are right and a code is wanted. */
  const [codeWanted, setCodeWanted] = useState(false);
  const passwordInput = useRef<HTMLInputElement>(null);
  const codeInput = useRef<HTMLInputElement>(null);
  const attempt = useChange(signIn);
  const email = fixed ?? typed.trim();
  useEffect(() => codeInput.current?.focus(), [codeWanted]);
  const restart = () => {
    attempt.reset();
    setCodeWanted(false);
    setPassword("");
    setCode("");
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate(codeWanted ? { email, password, code: code.trim() } : { email, password }, {
      onSuccess: onSignedIn,
      onError: ({ code: problem }) => {
        // Nothing was judged: what is typed can be sent again.
        if (problem === "too-many-tries" || problem === "busy" || problem === "unreachable") return;
        setCode("");
        setCodeWanted(problem === "second-factor-required");
        if (problem === "second-factor-required") return;
        setPassword("");
        passwordInput.current?.focus();
      },
    });
  };
  // That a code is wanted at all is no error: only that one was wrong.
  const asked = attempt.error?.code === "second-factor-required" && attempt.variables?.code === undefined;
  return (
    <Form onSubmit={submit} validationBehavior="aria">
      {attempt.error && !asked ? <Problem of={attempt.error} /> : null}
      {codeWanted ? (
        <>
          <Note title="One more thing">Open your authenticator app and type the six digits that it shows for this cloud.</Note>
          <TextField label="Code" name="code" value={code} onChange={setCode} autoComplete="one-time-code" spellCheck="false" maxLength={64} hint="Without the app: one of your recovery codes." isRequired ref={codeInput} />
        </>
      ) : (
        <>
          {fixed ? null : <TextField label="E-mail address" type="email" name="username" value={typed} onChange={setTyped} autoComplete="username" spellCheck="false" maxLength={254} autoFocus isRequired />}
          <TextField label="Password" name="password" type="password" value={password} onChange={setPassword} autoComplete="current-password" maxLength={1024} isRequired autoFocus={Boolean(fixed)} ref={passwordInput} />
        </>
      )}
      <Button type="submit" look="primary" isPending={attempt.isPending} isDisabled={!email || !password || (codeWanted && !code.trim())}>{action}</Button>
      {codeWanted ? <Button look="quiet" onPress={restart}>Sign in as somebody else</Button> : null}
    </Form>
  );
}
