/** Where alarms are sent: e-mail and webhook, each on or off, with a test that says what went wrong. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { changeNotifications, testNotifications, useChange } from "../../api/changes";
import { keys, notificationsQuery } from "../../api/queries";
import type { Notifications } from "../../api/types";
import { Button, Note, NumberField, Problem, Select, Switch, TextField, toast } from "../../ui";
import { type NotificationValues, notificationsOf, securities, usualPort, valuesOf, wrongWith } from "./notifications";
import { Actions, Answer, Section } from "./Section";

export function NotificationsRoom() {
  const settings = useQuery(notificationsQuery);
  return (
    <Section title="Notifications" about="When a camera is silent for 60 s or recordings cannot be written, a message says what happened and what to do.">
      <Answer to={settings} what="Notification settings">{(data) => <NotificationsForm settings={data} />}</Answer>
    </Section>
  );
}

function NotificationsForm({ settings }: { settings: Notifications }) {
  const [values, setValues] = useState(() => valuesOf(settings));
  const [checked, setChecked] = useState(false);
  const [touched, setTouched] = useState(false);
  const saving = useChange(changeNotifications, [keys.notifications]);
  const test = useChange(testNotifications);
  const put = (part: Partial<NotificationValues>) => {
    setValues({ ...values, ...part });
    setTouched(true);
    test.reset();
  };
  const wrong = wrongWith(values);
  const error = (field: keyof typeof wrong) => (checked ? wrong[field] : undefined);
  /** Runs an action when the form is complete; else shows what is missing. */
  const whenRight = (action: () => void) => {
    setChecked(true);
    if (!Object.values(wrong).some(Boolean)) action();
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    whenRight(() =>
      saving.mutate(notificationsOf(values), {
        onSuccess: () => {
          setTouched(false);
          setValues({ ...values, password: "", secret: "" });
          toast("Notifications were saved.");
        },
      }),
    );
  };
  const { mail, webhook } = values;
  return (
    <Form onSubmit={save} validationBehavior="aria">
      <Switch label="E-mail" isSelected={mail} onChange={(on) => put({ mail: on })} />
      {mail ? (
        <>
          <TextField label="To" value={values.to} onChange={(to) => put({ to })} error={error("to")} rows={2} hint="One address a line, up to 20." spellCheck="false" />
          <TextField label="From" value={values.from} onChange={(from) => put({ from })} error={error("from")} spellCheck="false" />
          <TextField label="Mail server" value={values.host} onChange={(host) => put({ host })} error={error("host")} maxLength={255} spellCheck="false" />
          <Select label="Protection" choices={securities} value={values.security} onChange={(security) => put({ security, port: usualPort(security) })} />
          <NumberField label="Port" value={values.port} onChange={(port) => put({ port })} minValue={1} maxValue={65_535} formatOptions={{ useGrouping: false }} error={error("port")} />
          <TextField label="User at the mail server" optional value={values.user} onChange={(user) => put({ user })} autoComplete="off" spellCheck="false" />
          <TextField label="Password at the mail server" optional type="password" value={values.password} onChange={(password) => put({ password })} autoComplete="new-password" hint={settings.mail ? "Empty: stays as it is." : undefined} />
        </>
      ) : null}
      <Switch label="Webhook" hint="A POST with the alarm as JSON." isSelected={webhook} onChange={(on) => put({ webhook: on })} />
      {webhook ? (
        <>
          <TextField label="Address" value={values.url} onChange={(url) => put({ url })} error={error("url")} placeholder="https://" maxLength={2048} spellCheck="false" />
          <TextField label="Signing key" optional type="password" value={values.secret} onChange={(secret) => put({ secret })} autoComplete="new-password" hint={settings.webhook ? "Empty: stays as it is. Signs the body into the header martello-signature." : "Signs the body into the header martello-signature."} />
        </>
      ) : null}
      {saving.error ? <Problem of={saving.error} /> : null}
      <Actions>
        <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!touched}>Save</Button>
        <Button isPending={test.isPending} isDisabled={!(mail || webhook)} onPress={() => whenRight(() => test.mutate(notificationsOf(values)))}>Send a test</Button>
      </Actions>
      <div role="status">
        {test.error ? <Problem of={test.error} /> : null}
        {test.isSuccess ? <Note title="The test was sent">It should arrive within a minute.</Note> : null}
      </div>
    </Form>
  );
}
