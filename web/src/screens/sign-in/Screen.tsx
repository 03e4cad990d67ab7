/** Sign in, with a code of an authenticator app where the user has one. Leads back to where one wanted to go. A site without an administrator is told how to get one. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Form } from "react-aria-components";
import { Navigate, useLocation, useNavigate, useSearchParams } from "react-router";
import { signIn, useChange } from "../../api/changes";
import { keys, sessionQuery, setupQuery } from "../../api/queries";
import { safeNext } from "../../paths";
import { Door } from "../../shell/Door";
import { Button, Note, Problem, TextField } from "../../ui";
import { ComputerAccount } from "./ComputerAccount";
import { ProviderButtons } from "./ProviderButtons";
import { SiteIdentity } from "./SiteIdentity";

export default function SignInScreen() {
  const [query] = useSearchParams();
  const next = safeNext(query.get("next"));
  const ended = (useLocation().state as { ended?: boolean } | null)?.ended === true;
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
        <>
          {ended ? <Note tone="warn" title="Your sign-in has ended">It was not used for a week, or somebody has ended it: you in another browser, or an administrator.</Note> : null}
          <SignInForm next={next} />
          {setup.data?.computer_account ? <ComputerAccount next={next} /> : null}
          <ProviderButtons of={setup.data?.providers} next={next} />
        </>
      )}
    </Door>
  );
}

function SignInForm({ next }: { next: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  /** The site has said that name and password are right and a code is wanted. */
  const [codeWanted, setCodeWanted] = useState(false);
  const passwordInput = useRef<HTMLInputElement>(null);
  const codeInput = useRef<HTMLInputElement>(null);
  const attempt = useChange(signIn);
  const wait = useSecondsLeft(attempt.error?.retryAfterS, attempt.failureCount + attempt.submittedAt);

  // What was asked for whoever was here before is nobody's now. No room stands any more that would ask for it again.
  useEffect(() => queries.removeQueries({ type: "inactive" }), [queries]);
  useEffect(() => codeInput.current?.focus(), [codeWanted]);

  const restart = () => {
    attempt.reset();
    setCodeWanted(false);
    setPassword("");
    setCode("");
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate(codeWanted ? { user, password, code } : { user, password }, {
      onSuccess: (session) => {
        queries.setQueryData(keys.session, session);
        void navigate(next, { replace: true });
      },
      onError: ({ code: problem }) => {
        // Nothing was judged: what is typed can be sent again.
        if (problem === "too-many-tries") return;
        setCode("");
        if (problem === "second-factor-required") {
          setCodeWanted(true);
          codeInput.current?.focus();
          return;
        }
        setCodeWanted(false);
        setPassword("");
        passwordInput.current?.focus();
      },
    });
  };

  // That a code is wanted at all is no error: only that one was wrong.
  const asked = attempt.error?.code === "second-factor-required" && attempt.variables?.code === undefined;
  return (
    <Form onSubmit={submit}>
      {attempt.error && !asked ? <Problem of={attempt.error} /> : null}
      {codeWanted ? (
        <>
          <Note title={`One more thing, ${user}`}>Open your authenticator app and type the six digits that it shows for this site.</Note>
          <TextField label="Code" name="code" value={code} onChange={setCode} autoComplete="one-time-code" spellCheck="false" maxLength={64} hint="Without the app: one of your recovery codes." isRequired ref={codeInput} />
        </>
      ) : (
        <>
          <TextField label="User" name="username" value={user} onChange={setUser} autoComplete="username" spellCheck="false" autoFocus isRequired />
          <TextField label="Password" name="password" type="password" value={password} onChange={setPassword} autoComplete="current-password" isRequired ref={passwordInput} />
        </>
      )}
      <Button type="submit" look="primary" isPending={attempt.isPending} isDisabled={!user || !password || (codeWanted && !code.trim()) || wait > 0}>
        {wait > 0 ? `Sign in, in ${wait} s` : "Sign in"}
      </Button>
      {codeWanted ? <Button look="quiet" onPress={restart}>Sign in as somebody else</Button> : null}
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
