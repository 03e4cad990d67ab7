/** Installing a certificate and its key, from files or as text. The key is sent once and never comes back. */
import { FileUp } from "lucide-react";
import { type FormEvent, useState } from "react";
import { FileTrigger, Form } from "react-aria-components";
import { installCertificate, useChange } from "../../api/changes";
import { toldOfCertificate } from "../../api/queries";
import type { NewCertificate } from "../../api/types";
import { Button, Dialog, DialogActions, Problem, TextField, toast } from "../../ui";
import styles from "./CertificateRoom.module.css";

/** A part of the form: what it is called at the site, and how its text begins. */
const parts = [
  { name: "chain_pem", label: "Certificate, and those that sign it (PEM)", about: "fullchain.pem", begins: /-----BEGIN CERTIFICATE-----/, longest: 49_152 },
  { name: "key_pem", label: "Its private key (PEM)", about: "privkey.pem, not encrypted", begins: /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/, longest: 4096 },
] as const satisfies readonly { name: keyof NewCertificate; label: string; about: string; begins: RegExp; longest: number }[];

export function InstallCertificate({ onClose }: { onClose: () => void }) {
  const [values, setValues] = useState<NewCertificate>({ chain_pem: "", key_pem: "" });
  const [checked, setChecked] = useState(false);
  const installing = useChange(installCertificate, toldOfCertificate);
  const put = (part: Partial<NewCertificate>) => setValues((before) => ({ ...before, ...part }));
  const isWrong = ({ name, begins }: (typeof parts)[number]) => !begins.test(values[name]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (parts.some(isWrong)) return;
    installing.mutate(values, {
      onSuccess: () => {
        toast("The certificate is served from now on.");
        onClose();
      },
    });
  };
  return (
    <Dialog title="Install a certificate" isOpen onClose={onClose} wide>
      <p>Whoever connects from now on is shown it. If this browser does not know who issued it, it asks when the page is loaded anew.</p>
      <Form className={styles.form ?? ""} onSubmit={submit} validationBehavior="aria">
        {parts.map((part) => (
          <div key={part.name} className={styles.part}>
            <TextField label={part.label} value={values[part.name]} onChange={(text) => put({ [part.name]: text })} error={checked && isWrong(part) ? `This does not look like ${part.about}.` : undefined} hint={part.about} rows={4} maxLength={part.longest} spellCheck="false" autoComplete="off" className={styles.pem ?? ""} />
            <div>
              <FileTrigger acceptedFileTypes={[".pem", ".crt", ".cer", ".key"]} onSelect={(files) => void files?.[0]?.text().then((text) => put({ [part.name]: text.slice(0, part.longest) }))}>
                <Button icon={<FileUp />} aria-label={`Choose a file: ${part.about}`}>Choose a file</Button>
              </FileTrigger>
            </div>
          </div>
        ))}
        {installing.error ? <Problem of={installing.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={installing.isPending}>Install it</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
