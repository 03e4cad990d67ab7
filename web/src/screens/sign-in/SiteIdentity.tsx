/** What proves that this is the right site: two numbers to compare with what the server printed and the browser shows. */
import { ChevronRight } from "lucide-react";
import { Button, Disclosure, DisclosurePanel } from "react-aria-components";
import type { SetupState } from "../../api/types";
import styles from "./SiteIdentity.module.css";

type Numbers = Pick<SetupState, "certificate_id" | "tls_certificate_sha256">;

/** Pairs a line, so that two lines can be compared at a glance. */
const PAIRS = 16;

/** "AA:BB:…", broken into lines of the same length. */
function lines(fingerprint: string): string {
  const pairs = fingerprint.split(":");
  return Array.from({ length: Math.ceil(pairs.length / PAIRS) }, (_, line) => pairs.slice(line * PAIRS, (line + 1) * PAIRS).join(":")).join("\n");
}

/** The two numbers and what each is to be compared with. */
export function Identity({ of }: { of: Numbers }) {
  return (
    <dl className={styles.identity}>
      <dt>Certificate ID</dt>
      <dd>
        <code>{of.certificate_id}</code>
        <p>Stays the same for the life of the site. The server prints it when it starts.</p>
      </dd>
      <dt>SHA-256 of the TLS certificate</dt>
      <dd>
        <code>{lines(of.tls_certificate_sha256)}</code>
        <p>What the browser shows under “Not secure” → “Certificate” → “SHA-256 fingerprints: certificate”.</p>
      </dd>
    </dl>
  );
}

/** The same, folded away under the sign-in. */
export function SiteIdentity({ setup }: { setup: Numbers }) {
  return (
    <Disclosure className={styles.fold ?? ""}>
      <Button slot="trigger" className={styles.trigger ?? ""}>
        <ChevronRight aria-hidden="true" /> Is this the right site?
      </Button>
      <DisclosurePanel className={styles.panel ?? ""}>
        <p>The browser warns because the site made its certificate itself: no outside authority vouches for a machine in your own network. Compare these numbers once.</p>
        <Identity of={setup} />
      </DisclosurePanel>
    </Disclosure>
  );
}
