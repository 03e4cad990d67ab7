/** What relays carried for whoever is signed in, in this month. Direct connections are never counted. */
import { useQuery } from "@tanstack/react-query";
import { Meter, Note, cls } from "../ui";
import { relayQuery } from "./api/queries";
import { dayName, monthName, shareOf, usedWords } from "./relay";
import styles from "./RelayMeter.module.css";

const tones = { good: "rec", warning: "warn", used: "danger" } as const;

/** One line: "Relayed in November", a meter, "0.64 of 1 GB". */
export function RelayMeter({ wide = false }: { wide?: boolean }) {
  const use = useQuery(relayQuery).data;
  if (!use) return null;
  const words = usedWords(use);
  const label = `Relayed in ${monthName(use.month)}`;
  return (
    <span className={cls(styles.line, wide && styles.wide)}>
      <span>{label}</span>
      {typeof use.limit === "number" ? <span className={styles.meter}><Meter label={label} text={words} parts={[{ share: shareOf(use), tone: tones[use.standing as keyof typeof tones] ?? "rec" }]} /></span> : null}
      <strong>{words}</strong>
    </span>
  );
}

/** Said where it is nearly or all used up; nothing where there is enough. */
export function RelayNote() {
  const use = useQuery(relayQuery).data;
  if (!use || use.standing === "good") return null;
  if (use.standing === "used") return <Note tone="warn" title="No Relay Data Left">Sites are reached only where the networks allow a direct connection, until {dayName(use.renewed)} (UTC) or until whoever runs this cloud allows more.</Note>;
  return <Note tone="warn" title={`${usedWords(use)} of relay data are used`}>When all is used, sites are reached only where the networks allow a direct connection. Counting begins anew on {dayName(use.renewed)} (UTC).</Note>;
}
