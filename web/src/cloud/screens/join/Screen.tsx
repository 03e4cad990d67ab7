/** An invitation's link leads here. Who has an account signs in and joins; who has none makes one. Only the invited address can accept. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useNavigate, useSearchParams } from "react-router";
import { asFailure } from "../../../api/problems";
import { useChange } from "../../../api/useChange";
import { Door } from "../../../shell/Door";
import { Button, LinkButton, Loading, Note, Problem, Skeleton, TextField, toast } from "../../../ui";
import { acceptInvitation, lookAtInvitation, signIn, signOut } from "../../api/changes";
import { keys, sessionQuery } from "../../api/queries";
import type { InvitationFacts, Session } from "../../api/types";
import { passwordError } from "../../credentials";
import { paths } from "../../paths";
import { SignInForm } from "../sign-in/SignInForm";

export function JoinScreen() {
  const [query] = useSearchParams();
  const code = query.get("code") ?? "";
  const session = useQuery(sessionQuery);
  const facts = useQuery({ queryKey: ["invitation", code], queryFn: () => lookAtInvitation(code), enabled: Boolean(code), retry: false, staleTime: Number.POSITIVE_INFINITY });
  if (!code) return <Door title="Join" under="An invitation"><Note title="The link is not whole">An invitation's link ends in <code>/join?code=…</code>. Copy all of it.</Note></Door>;
  if (facts.isError) return <Door title="Join" under="An invitation" foot={<LinkButton href={paths.home()}>Go to the sign-in</LinkButton>}><Problem of={asFailure(facts.error)} onRetry={() => void facts.refetch()} /></Door>;
  if (!facts.data || session.isPending) return <Door title="Join" under="An invitation"><Loading what="The invitation"><Skeleton height={32} /><Skeleton height={32} /></Loading></Door>;
  return (
    <Door title={`Join ${facts.data.organization}`} under={`${facts.data.invited_by} invites ${facts.data.email} as a viewer.`}>
      <Accept code={code} facts={facts.data} session={session.data} />
    </Door>
  );
}

const sameAddress = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

function Accept({ code, facts, session }: { code: string; facts: InvitationFacts; session: Session | null | undefined }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const joining = useChange(acceptInvitation, [keys.organizations]);
  const leaving = useChange(signOut);
  const join = () =>
    joining.mutate({ code }, {
      onSuccess: ({ organization }) => {
        toast(`You belong to ${facts.organization} now.`);
        void navigate(paths.sites(organization), { replace: true });
      },
    });
  if (session && !sameAddress(session.email, facts.email)) {
    const leave = () => leaving.mutate(undefined, { onSuccess: () => queries.setQueryData(keys.session, null) });
    return <Note tone="warn" title={`You are signed in as ${session.email}`} action={<Button isPending={leaving.isPending} onPress={leave}>Sign out</Button>}>Only {facts.email} can accept this invitation.</Note>;
  }
  if (session) {
    return (
      <Form onSubmit={(event) => { event.preventDefault(); join(); }}>
        {joining.error ? <Problem of={joining.error} /> : null}
        <Button type="submit" look="primary" isPending={joining.isPending} autoFocus>Join {facts.organization}</Button>
      </Form>
    );
  }
  if (facts.has_account) return <SignInForm email={facts.email} action={`Sign in as ${facts.email}`} onSignedIn={(signedIn) => void queries.setQueryData(keys.session, signedIn)} />;
  return <NewAccount code={code} facts={facts} />;
}

function NewAccount({ code, facts }: { code: string; facts: InvitationFacts }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [checked, setChecked] = useState(false);
  const making = useChange(async () => {
    const joined = await acceptInvitation({ code, name: name.trim(), password });
    return { joined, session: await signIn({ email: facts.email, password }) };
  });
  const wrong = { name: name.trim() ? undefined : "Say what others see as your name.", password: passwordError(password), again: password === again ? undefined : "The two passwords are not the same." };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.values(wrong).some(Boolean)) return;
    making.mutate(undefined, {
      onSuccess: ({ joined, session }) => {
        queries.setQueryData(keys.session, session);
        void navigate(paths.sites(joined.organization), { replace: true });
      },
    });
  };
  return (
    <Form onSubmit={submit} validationBehavior="aria">
      <TextField label="E-mail address" name="username" value={facts.email} isReadOnly autoComplete="username" hint="You sign in with it." />
      <TextField label="Your name" value={name} onChange={setName} error={checked ? wrong.name : undefined} autoComplete="name" maxLength={128} autoFocus isRequired />
      <TextField label="Password" name="new-password" type="password" value={password} onChange={setPassword} error={checked ? wrong.password : undefined} hint="8 characters or more; any characters." autoComplete="new-password" maxLength={1024} isRequired />
      <TextField label="Password again" type="password" value={again} onChange={setAgain} error={checked ? wrong.again : undefined} autoComplete="new-password" maxLength={1024} isRequired />
      {making.error ? <Problem of={making.error} /> : null}
      <Button type="submit" look="primary" isPending={making.isPending}>Make the account and join</Button>
    </Form>
  );
}
