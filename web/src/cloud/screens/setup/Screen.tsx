/** First setup: the one-time link that the cloud printed leads here. Makes the account that runs this cloud, and its organization. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { asFailure } from "../../../api/problems";
import { useChange } from "../../../api/useChange";
import { Door } from "../../../shell/Door";
import { Button, LinkButton, Loading, Note, Problem, Skeleton, TextField } from "../../../ui";
import { setUp } from "../../api/changes";
import { keys, setupQuery } from "../../api/queries";
import { emailError, passwordError } from "../../credentials";
import { paths } from "../../paths";

export function SetupScreen() {
  const setup = useQuery(setupQuery);
  return (
    <Door title="First setup" under="This cloud is yours. Make the account that runs it, and your organization.">
      {setup.isPending ? <Loading what="Facts about the cloud"><Skeleton height={32} /></Loading> : setup.isError ? <Problem of={asFailure(setup.error)} onRetry={() => void setup.refetch()} /> : setup.data.needed ? <FirstAccount /> : <Navigate to={paths.home()} replace />}
    </Door>
  );
}

function FirstAccount() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const [form, setForm] = useState({ code: query.get("code") ?? "", organization: "", name: "", email: "", password: "", again: "" });
  const [checked, setChecked] = useState(false);
  const making = useChange(setUp);
  const put = (part: Partial<typeof form>) => setForm({ ...form, ...part });
  const wrong = {
    code: form.code.trim() ? undefined : "Type the code that stands at the end of the link.",
    organization: form.organization.trim() ? undefined : "Name the organization.",
    name: form.name.trim() ? undefined : "Say what others see as your name.",
    email: emailError(form.email),
    password: passwordError(form.password),
    again: form.password === form.again ? undefined : "The two passwords are not the same.",
  };
  const error = (field: keyof typeof wrong) => (checked ? wrong[field] : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.values(wrong).some(Boolean)) return;
    const { code, organization, name, email, password } = form;
    making.mutate({ code: code.trim(), organization: organization.trim(), name: name.trim(), email: email.trim(), password }, {
      onSuccess: (session) => {
        queries.setQueryData(keys.session, session);
        void Promise.resolve(navigate(paths.home(), { replace: true })).then(() => queries.invalidateQueries({ queryKey: keys.setup }));
      },
    });
  };
  return (
    <Form onSubmit={submit} validationBehavior="aria">
      {query.get("code") ? null : <TextField label="Setup code" value={form.code} onChange={(code) => put({ code })} error={error("code")} hint="Stands at the end of the link that the cloud printed." autoComplete="off" spellCheck="false" isRequired />}
      <TextField label="Organization" value={form.organization} onChange={(organization) => put({ organization })} error={error("organization")} hint="Such as “Harbour Ltd”. Sites and people belong to it." maxLength={128} autoFocus isRequired />
      <TextField label="Your name" value={form.name} onChange={(name) => put({ name })} error={error("name")} autoComplete="name" maxLength={128} isRequired />
      <TextField label="E-mail address" type="email" name="username" value={form.email} onChange={(email) => put({ email })} error={error("email")} hint="You sign in with it." autoComplete="username" spellCheck="false" maxLength={254} isRequired />
      <TextField label="Password" name="new-password" type="password" value={form.password} onChange={(password) => put({ password })} error={error("password")} hint="8 characters or more; any characters." autoComplete="new-password" maxLength={1024} isRequired />
      <TextField label="Password again" type="password" value={form.again} onChange={(again) => put({ again })} error={error("again")} autoComplete="new-password" maxLength={1024} isRequired />
      {making.error?.code === "already-set-up" ? <Note title={making.error.message} action={<LinkButton href={paths.signIn()}>Sign in</LinkButton>} /> : making.error ? <Problem of={making.error} /> : null}
      <Button type="submit" look="primary" isPending={making.isPending}>Make the account</Button>
    </Form>
  );
}
