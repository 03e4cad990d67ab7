/** OpenID Connect providers by which people sign in: how each answered, who of it has something here. */
import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { removeProvider, useChange } from "../../api/changes";
import { keys, providersQuery } from "../../api/queries";
import type { Provider } from "../../api/types";
import { Badge, Button, Confirm, Empty, Note } from "../../ui";
import { ProviderEditor } from "./ProviderEditor";
import { ProviderGrant } from "./ProviderGrant";
import styles from "./ProvidersRoom.module.css";
import { Answer, Section } from "./Section";

export function ProvidersRoom() {
  const providers = useQuery(providersQuery);
  const [editing, setEditing] = useState<Provider | "new">();
  const add = <Button look="primary" icon={<Plus />} onPress={() => setEditing("new")}>Add a provider</Button>;
  return (
    <Section title="Sign-in providers" about="People of an OpenID Connect provider sign in there, and have here what you give them or their groups." action={providers.data?.length ? add : null}>
      <Answer to={providers} what="Providers">
        {(data) =>
          data.length === 0 ? (
            <Empty icon={<KeyRound />} title="No providers yet" action={add}>With one, the sign-in page says “Sign in with …” beside name and password.</Empty>
          ) : (
            <ul className={styles.list} aria-label="Providers">{data.map((one) => <Row key={one.id} provider={one} onEdit={() => setEditing(one)} />)}</ul>
          )
        }
      </Answer>
      {editing ? <ProviderEditor provider={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} /> : null}
    </Section>
  );
}

const counted = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`;

function Row({ provider, onEdit }: { provider: Provider; onEdit: () => void }) {
  const [asking, setAsking] = useState(false);
  const [giving, setGiving] = useState(false);
  const remove = useChange(removeProvider, [keys.providers, keys.users, keys.groups, keys.setup]);
  const { name, issuer, redirect_uri, state, users, groups } = provider;
  const answers = state.problem ? <Badge tone="danger">Cannot be asked</Badge> : <Badge tone={state.checked ? "ok" : "idle"}>{state.checked ? "Answers" : "Not asked yet"}</Badge>;
  return (
    <li className={styles.row}>
      <div className={styles.about}>
        <strong>{name}</strong>
        {answers}
        <p>{issuer}</p>
        <p>Redirect URI to be registered there: <code>{redirect_uri}</code></p>
        <p>{`${counted(users, "person", "people")} and ${counted(groups, "group", "groups")} of it are known here.`}</p>
        {state.problem ? <Note tone="warn" title={state.problem}>{state.advice}</Note> : null}
      </div>
      <div className={styles.actions}>
        <Button onPress={() => setGiving(true)} aria-label={`Let people of ${name} in`}>Let people in</Button>
        <Button onPress={onEdit} aria-label={`Change ${name}`}>Change</Button>
        <Button onPress={() => setAsking(true)} aria-label={`Remove ${name}`}>Remove</Button>
      </div>
      {giving ? <ProviderGrant provider={provider} onClose={() => setGiving(false)} /> : null}
      <Confirm title={`Remove “${name}”?`} action="Remove the provider" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => remove.mutateAsync(provider.id)}>
        <p>Its people and groups are removed here with all that they were given, and are signed out at once. Nothing changes at the provider.</p>
      </Confirm>
    </li>
  );
}
