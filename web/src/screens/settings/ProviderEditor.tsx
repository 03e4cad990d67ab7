/** The settings of one provider, with a test that says what is wrong with them. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { addProvider, changeProvider, testProvider, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Provider, ProviderSettings } from "../../api/types";
import { Button, Dialog, DialogActions, Note, NumberField, Problem, TextField, toast } from "../../ui";
import styles from "./ProvidersRoom.module.css";

/** The form's fields as texts. */
const textsOf = (provider: Provider | undefined) => ({
  name: provider?.name ?? "",
  issuer: provider?.issuer ?? "",
  client_id: provider?.client_id ?? "",
  client_secret: "",
  site_address: provider?.site_address ?? location.origin,
  authority: provider?.authority ?? "",
  scopes: (provider?.scopes ?? ["profile"]).join(" "),
  groups_claim: provider ? (provider.groups_claim ?? "") : "groups",
  acr: provider?.acr ?? "",
});

export function ProviderEditor({ provider, onClose }: { provider: Provider | undefined; onClose: () => void }) {
  const [texts, setTexts] = useState(() => textsOf(provider));
  const [offline, setOffline] = useState(provider?.offline_minutes ?? 480);
  const [refresh, setRefresh] = useState(provider?.refresh_seconds ?? 60);
  const saving = useChange((settings: ProviderSettings) => (provider ? changeProvider(provider.id, settings) : addProvider(settings)), [keys.providers, keys.setup]);
  const test = useChange(testProvider);
  const { scopes, groups_claim, acr, authority, client_secret, ...plain } = texts;
  const settings: ProviderSettings = {
    ...plain,
    scopes: scopes.split(/\s+/).filter(Boolean),
    groups_claim: groups_claim.trim() || null,
    acr: acr.trim() || null,
    authority: authority.trim() || null,
    client_secret: client_secret || null,
    offline_minutes: offline,
    refresh_seconds: refresh,
  };
  const good = [plain.name, plain.issuer, plain.client_id, plain.site_address].every((text) => text.trim()) && (client_secret !== "" || provider !== undefined);
  const field = (name: keyof typeof texts) => ({
    value: texts[name],
    onChange: (text: string) => {
      setTexts({ ...texts, [name]: text });
      test.reset();
    },
    spellCheck: "false" as const,
    autoComplete: "off",
  });
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!good) return;
    saving.mutate(settings, { onSuccess: ({ name }) => { toast(`The provider “${name}” was saved.`); onClose(); } });
  };
  return (
    <Dialog title={provider ? `Change “${provider.name}”` : "Add a provider"} isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={save} validationBehavior="aria">
        <TextField label="Name" hint="People read “Sign in with …”." maxLength={128} autoFocus {...field("name")} />
        <TextField label="Issuer" placeholder="https://" hint={provider ? "Cannot be changed: people are known by it." : "Exactly as the provider writes it."} isReadOnly={provider !== undefined} maxLength={1024} {...field("issuer")} />
        <TextField label="Client ID" maxLength={255} {...field("client_id")} />
        <TextField label="Client secret" type="password" hint={provider ? "Empty: stays as it is." : undefined} maxLength={1024} {...field("client_secret")} autoComplete="new-password" />
        <TextField label="Address of this site" hint={`Sign-ins by the provider work at this address only. Register there: ${texts.site_address.replace(/\/$/, "")}/sign-in/openid`} maxLength={512} {...field("site_address")} />
        <TextField label="Claim with the groups" optional hint="A name, or a pointer such as /realm_access/roles." maxLength={255} {...field("groups_claim")} />
        <TextField label="Scopes beside openid" optional hint="Many providers can be asked again only with offline_access." {...field("scopes")} />
        <TextField label="Demanded class of authentication (acr)" optional maxLength={255} {...field("acr")} />
        <TextField label="Certificate of the authority (PEM)" optional rows={3} hint="Empty: the authorities that the server’s machine trusts." {...field("authority")} />
        <NumberField label="Minutes without being confirmed" value={offline} onChange={setOffline} minValue={1} maxValue={10_080} />
        <NumberField label="Seconds until it is asked again" value={refresh} onChange={setRefresh} minValue={1} maxValue={86_400} />
        <div role="status">
          {test.error ? <Problem of={test.error} /> : null}
          {test.data ? <Note title="The provider answers">{`It signs by ${test.data.algorithms.join(", ")} and shows ${test.data.keys} keys. Whether it knows this site shows at the first sign-in.`}</Note> : null}
        </div>
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button isPending={test.isPending} isDisabled={!good} onPress={() => test.mutate(provider ? { ...settings, provider: provider.id } : settings)}>Test</Button>
          <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!good}>Save the provider</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
