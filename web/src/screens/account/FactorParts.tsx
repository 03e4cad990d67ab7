/** What setting up an authenticator app shows: its key, then the recovery codes. Who makes them is not here. */
import { Copy, Download } from "lucide-react";
import { download } from "../../player/surface";
import { Button, Dialog, DialogActions, Note, toast } from "../../ui";
import styles from "./account.module.css";

/** A new key: base 32, `otpauth://totp/…`, and that as a QR code where the service draws one. */
interface NewKey {
  key: string;
  address: string;
  qr_svg?: string;
}

/** What the app has to know: as a picture for its camera, as a link for this phone's own app, as text for typing. */
export function FactorKey({ of }: { of: NewKey }) {
  return (
    <>
      <p>{of.qr_svg ? "Scan this with the app, or type the key into it." : "Type this key into the app."} On this phone, <a href={of.address}>open the app</a>.</p>
      {of.qr_svg ? <img className={styles.qr} width={200} height={200} alt="QR code for the authenticator app" src={`data:image/svg+xml,${encodeURIComponent(of.qr_svg)}`} /> : null}
      <code className={styles.value}>{of.key.match(/.{1,4}/g)?.join(" ")}</code>
    </>
  );
}

/** What lets in once each when the app is lost. */
export function Recovery({ codes: { codes }, onClose }: { codes: { codes: readonly string[] }; onClose: () => void }) {
  const text = codes.join("\n");
  return (
    <Dialog title="Recovery codes" isOpen onClose={onClose}>
      <Note tone="warn" title="Keep them now: they are not shown again">Each one signs you in once, when the phone with the app is lost.</Note>
      <ul className={styles.codes} aria-label="Recovery codes">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <DialogActions>
        <Button icon={<Copy />} onPress={() => void navigator.clipboard.writeText(text).then(() => toast("The codes were copied."), () => toast("The browser did not copy them. Select them by hand."))}>Copy</Button>
        <Button icon={<Download />} onPress={() => download(new Blob([`${text}\n`], { type: "text/plain" }), "martello-recovery-codes.txt")}>Save</Button>
        <Button look="primary" onPress={onClose}>I have kept them</Button>
      </DialogActions>
    </Dialog>
  );
}
