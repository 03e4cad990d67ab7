/** Sign in. Leads back to where one wanted to go. A site without an administrator is told how to get one. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Form } from "react-aria-components";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { signIn, useChange } from "../../api/changes";
import { keys, sessionQuery, setupQuery } from "../../api/queries";
import { safeNext } from "../../paths";
import { Door } from "../../shell/Door";
import { Button, Note, Problem, TextField } from "../../ui";
import { SiteIdentity } from "./SiteIdentity";

export default function SignInScreen() {
  const [query] = useSearchParams();
  const next = safeNext(query.get("next"));
  const session = useQuery(sessionQuery);
  const setup = useQuery(setupQuery);
  if (session.data) return <Navigate to={next} replace />;
  return (
    <Door title={setup.data?.site_name ?? "Martello"} under="Sign in to this site" foot={setup.data ? <SiteIdentity setup={setup.data} /> : null}>
      {setup.data?.needed ? (
        <Note title="This site has no administrator yet">
          When the server started for the first time, it printed a link that ends in <code>?code=…</code>. Open it in this browser.
        </Note>
      ) : (
        <SignInForm next={next} />
      )}
    </Door>
  );
}

function SignInForm({ next }: { next: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const passwordInput = useRef<HTMLInputElement>(null);
  const attempt = useChange(signIn);
  const wait = useSecondsLeft(attempt.error?.retryAfterS, attempt.failureCount + attempt.submittedAt);

  // What was asked for whoever was here before is nobody's now. No room stands any more that would ask for it again.
  useEffect(() => queries.removeQueries({ type: "inactive" }), [queries]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate(
      { user, password },
      {
        onSuccess: (session) => {
          queries.setQueryData(keys.session, session);
          void navigate(next, { replace: true });
        },
        onError: () => {
          setPassword("");
          passwordInput.current?.focus();
        },
      },
    );
  };

  return (
    <Form onSubmit={submit}>
      {attempt.error ? <Problem of={attempt.error} /> : null}
      <TextField label="User" name="username" value={user} onChange={setUser} autoComplete="username" spellCheck="false" autoFocus isRequired />
      <TextField label="Password" name="password" type="password" value={password} onChange={setPassword} autoComplete="current-password" isRequired ref={passwordInput} />
      <Button type="submit" look="primary" isPending={attempt.isPending} isDisabled={!user || !password || wait > 0}>
        {wait > 0 ? `Sign in, in ${wait} s` : "Sign in"}
      </Button>
    </Form>
  );
}

/** Counts down from `seconds`, anew whenever `attempt` changes. */
function useSecondsLeft(seconds: number | undefined, attempt: number): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const end = Date.now() + (seconds ?? 0) * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [seconds, attempt]);
  return left;
}
