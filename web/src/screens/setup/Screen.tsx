/** First run: the link that the server printed leads here. Makes the first administrator and names the site. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { setUp, useChange } from "../../api/changes";
import { asFailure } from "../../api/problems";
import { keys, setupQuery } from "../../api/queries";
import type { SetupState } from "../../api/types";
import { paths } from "../../paths";
import { Door } from "../../shell/Door";
import { Button, LinkButton, Loading, Note, Problem, Skeleton, TextField } from "../../ui";
import { Identity } from "../sign-in/SiteIdentity";
import { AskForBackup } from "./AskForBackup";
import styles from "./Screen.module.css";

/** The site refuses shorter ones. */
const SHORTEST_PASSWORD = 8;

export default function SetupScreen() {
  const setup = useQuery(setupQuery);
  if (setup.isPending) {
    return (
      <Door title="Martello" under="First run">
        <Loading what="Facts about the site"><div className={styles.shapes}><Skeleton height={32} /><Skeleton height={32} /><Skeleton height={32} /></div></Loading>
      </Door>
    );
  }
  if (setup.isError) {
    return (
      <Door title="Martello" under="First run">
        <Problem of={asFailure(setup.error)} onRetry={() => void setup.refetch()} />
      </Door>
    );
  }
  return <Opened setup={setup.data} />;
}

/** What counts is how the site was when the screen was opened: once it is set up here, this screen leads on by itself. */
function Opened({ setup }: { setup: SetupState }) {
  const [opened] = useState(setup);
  return opened.needed ? <FirstRun setup={opened} /> : <Navigate to={paths.signIn()} replace />;
}

function FirstRun({ setup }: { setup: SetupState }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const [form, setForm] = useState({ code: query.get("code") ?? "", site: setup.site_name, user: "", password: "", again: "" });
  const [checked, setChecked] = useState(false);
  const made = useChange(setUp);
  const put = (part: Partial<typeof form>) => setForm({ ...form, ...part });

  const wrong = {
    code: form.code.trim() ? undefined : "Type the code that stands at the end of the link.",
    user: form.user.trim() ? undefined : "Choose a name to sign in with.",
    password: [...form.password].length >= SHORTEST_PASSWORD ? undefined : `Use ${SHORTEST_PASSWORD} characters or more.`,
    again: form.password === form.again ? undefined : "The two passwords are not the same.",
  };
  const error = (field: keyof typeof wrong) => (checked ? wrong[field] : undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.values(wrong).some(Boolean)) return;
    made.mutate(
      { code: form.code.trim(), user: form.user.trim(), password: form.password, site_name: form.site.trim() || null },
      {
        onSuccess: (session) => void queries.setQueryData(keys.session, session),
      },
    );
  };

  if (made.isSuccess) {
    // First away from here: what is asked anew says that nothing is left to set up.
    const goOn = () => void Promise.resolve(navigate(paths.addDevices(), { replace: true })).then(() => queries.invalidateQueries({ queryKey: keys.setup }));
    return <AskForBackup onDone={goOn} />;
  }
  return (
    <Door title="First run" under="This site is yours. Name it and make its first administrator.">
      <Form onSubmit={submit} validationBehavior="aria">
        <section className={styles.warned} aria-labelledby="warned">
          <h2 id="warned">Why the browser warned</h2>
          <p>
            This site made its own certificate, so no outside authority vouches for it. The connection is encrypted all the
            same. To be sure that nobody stands between, compare with what the server printed:
          </p>
          <Identity of={setup} />
        </section>
        {query.get("code") ? null : (
          <TextField label="Setup code" value={form.code} onChange={(code) => put({ code })} error={error("code")} hint="Stands at the end of the link that the server printed." autoComplete="off" isRequired />
        )}
        <TextField label="Name of the site" value={form.site} onChange={(site) => put({ site })} hint="Such as “Harbour warehouse”." maxLength={128} autoFocus />
        <TextField label="Administrator" name="username" value={form.user} onChange={(user) => put({ user })} error={error("user")} autoComplete="username" spellCheck="false" maxLength={256} isRequired />
        <TextField label="Password" name="new-password" type="password" value={form.password} onChange={(password) => put({ password })} error={error("password")} hint="8 characters or more; any characters." autoComplete="new-password" isRequired />
        <TextField label="Password again" type="password" value={form.again} onChange={(again) => put({ again })} error={error("again")} autoComplete="new-password" isRequired />
        {made.error?.code === "already-set-up" ? (
          <Note title={made.error.message} action={<LinkButton href={paths.signIn()}>Sign in</LinkButton>} />
        ) : made.error ? (
          <Problem of={made.error} />
        ) : null}
        <Button type="submit" look="primary" isPending={made.isPending}>Make the administrator and go on</Button>
      </Form>
    </Door>
  );
}
