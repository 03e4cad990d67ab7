/** Adding or changing a directory. It can be tried before anything is kept. */
import { FileUp } from "lucide-react";
import { type FormEvent, useState } from "react";
import { FileTrigger, Form } from "react-aria-components";
import { addDirectory, changeDirectory, testDirectory, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Directory, DirectorySettings } from "../../api/types";
import { Button, Dialog, DialogActions, NumberField, Problem, RadioGroup, Select, TextField, toast } from "../../ui";
import { type DirectoryValues, kinds, passwordStays, securities, settingsOf, valuesOf, wrongWith } from "./directories";
import styles from "./directories.module.css";
import { TestResult } from "./TestResult";

export function DirectoryForm({ directory, onClose }: { directory: Directory | undefined; onClose: () => void }) {
  const [values, setValues] = useState(() => valuesOf(directory));
  const [checked, setChecked] = useState(false);
  const saving = useChange((next: DirectorySettings) => (directory ? changeDirectory(directory.id, next) : addDirectory(next)), [keys.directories, keys.users, keys.groups]);
  const test = useChange((next: DirectorySettings) => testDirectory({ ...next, ...(directory ? { directory: directory.id } : {}) }));
  const put = (part: Partial<DirectoryValues>) => {
    setValues((before) => ({ ...before, ...part }));
    test.reset();
  };
  const stays = passwordStays(values, directory);
  const wrong = wrongWith(values, stays);
  /** Runs an action when the form is complete; else shows what is missing. */
  const whenRight = (action: (settings: DirectorySettings) => void) => {
    setChecked(true);
    if (!Object.values(wrong).some(Boolean)) action(settingsOf(values));
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    whenRight((settings) =>
      saving.mutate(settings, {
        onSuccess: ({ name }) => {
          toast(directory ? `${name} was saved.` : `${name} was added. Its people are let in under Users and Groups.`);
          onClose();
        },
      }),
    );
  };
  const shared = { values, put, error: (field: keyof typeof wrong) => (checked ? wrong[field] : undefined) };
  return (
    <Dialog title={directory ? `Change ${directory.name}` : "Add a directory"} isOpen onClose={onClose} wide>
      <Form className={styles.form ?? ""} onSubmit={save} validationBehavior="aria">
        <Reached {...shared} />
        <Known {...shared} />
        <Searching {...shared} stays={stays} changes={Boolean(directory)} />
        {saving.error ? <Problem of={saving.error} /> : null}
        <div role="status">
          {test.error ? <Problem of={test.error} /> : null}
          {test.data ? <TestResult check={test.data} /> : null}
        </div>
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button isPending={test.isPending} onPress={() => whenRight(test.mutate)}>Test the connection</Button>
          <Button type="submit" look="primary" isPending={saving.isPending}>{directory ? "Save the directory" : "Add the directory"}</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

interface Part {
  values: DirectoryValues;
  put: (part: Partial<DirectoryValues>) => void;
  error: (field: "name" | "servers" | "authority" | "sha256" | "base" | "account" | "password" | "offlineHours") => string | undefined;
}

function Reached({ values, put, error }: Part) {
  return (
    <div className={styles.pair}>
      <TextField label="Name" placeholder="Head office" value={values.name} onChange={(name) => put({ name })} error={error("name")} hint="What it is called here." maxLength={256} autoComplete="off" autoFocus />
      <RadioGroup label="Kind" choices={kinds} value={values.kind} onChange={(kind) => put({ kind })} />
      <TextField label="Servers" placeholder="dc1.example.org" value={values.servers} onChange={(servers) => put({ servers })} error={error("servers")} hint="One a line, up to 4, as they stand in their certificate. The first that answers is asked." rows={2} spellCheck="false" />
      <Select label="Protection" choices={securities} value={values.security} onChange={(security) => put({ security })} />
    </div>
  );
}

const trusts = [
  { value: "authority", label: "Your authority", hint: "Its certificate signs that of the server" },
  { value: "certificate", label: "One certificate", hint: "By its SHA-256: it has to be typed anew when the server gets another" },
] as const;

function Known({ values, put, error }: Part) {
  const take = async (files: FileList | null) => {
    const file = files?.[0];
    if (file) put({ authority: await file.text() });
  };
  return (
    <div className={styles.part}>
      <RadioGroup label="The server is known by" choices={trusts} value={values.trust} onChange={(trust) => put({ trust })} />
      {values.trust === "authority" ? (
        <>
          <TextField label="Certificate of the authority (PEM)" value={values.authority} onChange={(authority) => put({ authority })} error={error("authority")} rows={3} maxLength={32_768} spellCheck="false" className={styles.pem ?? ""} />
          <div><FileTrigger acceptedFileTypes={[".pem", ".crt", ".cer"]} onSelect={(files) => void take(files)}><Button icon={<FileUp />}>Choose a file</Button></FileTrigger></div>
        </>
      ) : (
        <TextField label="SHA-256 of the certificate" value={values.sha256} onChange={(sha256) => put({ sha256 })} error={error("sha256")} hint="A test of the connection tells the one that the server shows: compare it at the server." maxLength={95} spellCheck="false" autoComplete="off" className={styles.pem ?? ""} />
      )}
    </div>
  );
}

function Searching({ values, put, error, stays, changes }: Part & { stays: boolean; changes: boolean }) {
  const active = values.kind === "active-directory";
  return (
    <div className={styles.pair}>
      <TextField label="Base" placeholder="dc=example,dc=org" value={values.base} onChange={(base) => put({ base })} error={error("base")} hint="People and groups are looked for below it." maxLength={1024} spellCheck="false" autoComplete="off" />
      <NumberField label="Goes on without it for" unit="hours" value={values.offlineHours} onChange={(offlineHours) => put({ offlineHours })} minValue={0} maxValue={168} formatOptions={{ maximumFractionDigits: 2, useGrouping: false }} error={error("offlineHours")} hint="Counted from when it confirmed a person last. 0: not at all." />
      <TextField label="Account that searches" placeholder={active ? "martello@example.org" : "cn=martello,dc=example,dc=org"} value={values.account} onChange={(account) => put({ account })} error={error("account")} maxLength={1024} spellCheck="false" autoComplete="off" />
      <TextField label="Its password" type="password" value={values.password} onChange={(password) => put({ password })} error={error("password")} hint={stays ? "Empty: stays as it is." : changes ? "Needed again for another account or server." : "Kept encrypted, never shown."} maxLength={1024} autoComplete="new-password" />
      <TextField label="Sign-in attribute" optional placeholder={active ? "sAMAccountName" : "uid"} value={values.login} onChange={(login) => put({ login })} maxLength={64} spellCheck="false" autoComplete="off" />
      <TextField label="Domain" optional value={values.domain} onChange={(domain) => put({ domain })} hint="As people write it: EXAMPLE\anna, anna@example.org. Made of the base if it is empty." maxLength={255} spellCheck="false" autoComplete="off" />
    </div>
  );
}
