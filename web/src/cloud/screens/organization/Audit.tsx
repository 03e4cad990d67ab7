/** Who did what at the organization, the newest first. */
import { useQuery } from "@tanstack/react-query";
import { Answer, Section } from "../../../screens/settings/Section";
import { moment } from "../../../time/format";
import { auditQuery } from "../../api/queries";
import styles from "../../forms.module.css";
import { ownZone, useNow } from "../../time";

/** Shown at once; the API has more. */
const SHOWN = 20;

/** "member change" of `member_change`. */
const words = (operation: string) => operation.replaceAll("_", " ");

export function Audit({ organization }: { organization: string }) {
  const entries = useQuery(auditQuery(organization));
  const zone = ownZone();
  const now = useNow(60_000);
  return (
    <Section title="Who did what" about={`The last ${SHOWN} changes, and what was refused to members.`}>
      <Answer to={entries} what="Changes">
        {(data) => (data.length ? (
          <ul className={styles.list} aria-label="Changes">
            {data.slice(0, SHOWN).map(({ number, operation, who, address, at, outcome }) => (
              <li key={number}>
                <div>
                  <strong>{words(operation)}</strong>
                  <p>{address ? `${who}, from ${address}` : who}</p>
                </div>
                <p>{outcome === "done" ? "" : `${outcome}, `}{moment(at, zone, now)}</p>
              </li>
            ))}
          </ul>
        ) : <p className={styles.soft}>Nothing yet.</p>)}
      </Answer>
    </Section>
  );
}
