/** What relays may carry for each member in a month. Whoever runs the cloud says so, because that is who pays. */
import { useState } from "react";
import { useChange } from "../../../api/useChange";
import { Section } from "../../../screens/settings/Section";
import { Button, Dialog, DialogActions, NumberField, Problem, RadioGroup } from "../../../ui";
import { limitRelay } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Organization, RelayLimitChange } from "../../api/types";
import styles from "../../forms.module.css";
import { limitWords } from "../../relay";
import { RelayMeter, RelayNote } from "../../RelayMeter";

const GB = 1_000_000_000;

export function RelayData({ organization, runsCloud }: { organization: Organization; runsCloud: boolean }) {
  const [changing, setChanging] = useState(false);
  const limit = organization.relay_bytes;
  return (
    <Section
      title="Relay data"
      about={`Where no direct connection can be made, a relay carries what you watch, encrypted. ${typeof limit === "number" ? `For each member it carries up to ${limitWords(limit)} in a month.` : "It carries any number of bytes."} Direct connections are not counted.`}
      action={runsCloud ? <Button onPress={() => setChanging(true)}>Change</Button> : null}
    >
      <RelayMeter wide />
      <RelayNote />
      {changing ? <Change organization={organization} onClose={() => setChanging(false)} /> : null}
    </Section>
  );
}

type Kind = RelayLimitChange["limit"];

const kinds: readonly { value: Kind; label: string }[] = [{ value: "as-cloud", label: "As much as this cloud allows everybody" }, { value: "bytes", label: "Another amount" }, { value: "unlimited", label: "Any number of bytes" }];

function Change({ organization, onClose }: { organization: Organization; onClose: () => void }) {
  const [kind, setKind] = useState<Kind>(typeof organization.relay_bytes === "number" ? "bytes" : "unlimited");
  const [gigabytes, setGigabytes] = useState((organization.relay_bytes ?? GB) / GB);
  const saving = useChange(() => limitRelay(organization.id, kind === "bytes" ? { limit: "bytes", bytes: Math.round(gigabytes * GB) } : { limit: kind }), [keys.organizations, keys.relay]);
  return (
    <Dialog title="Relay data of each member" isOpen onClose={onClose}>
      <div className={styles.form}>
        <RadioGroup label="In a month" choices={kinds} value={kind} onChange={setKind} />
        {kind === "bytes" ? <NumberField label="Amount" unit="GB" value={gigabytes} onChange={setGigabytes} minValue={0} maxValue={1_000_000} formatOptions={{ maximumFractionDigits: 3 }} hint="1 GB is 1,000,000,000 bytes." /> : null}
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isPending={saving.isPending} isDisabled={kind === "bytes" && !(gigabytes >= 0)} onPress={() => saving.mutate(undefined, { onSuccess: onClose })}>Save</Button>
        </DialogActions>
      </div>
    </Dialog>
  );
}
