/** What runs here, what proves that it is this site, and how it is reached. */
import { useQuery } from "@tanstack/react-query";
import { siteQuery } from "../../api/queries";
import { day, duration } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Identity } from "../sign-in/SiteIdentity";
import { Answer, Section } from "./Section";
import styles from "./About.module.css";

/** Ports of a site, as they are if nobody changed them. */
const ports = [
  { port: "55752", protocol: "HTTP", what: "Tells the certificate ID and leads to HTTPS" },
  { port: "55754", protocol: "HTTPS", what: "This page and the API" },
  { port: "55756", protocol: "HTTPS", what: "Phones: the same again" },
  { port: "55757", protocol: "HTTPS", what: "Phones: streaming" },
] as const;

export function About() {
  const site = useQuery(siteQuery);
  const zone = useZone();
  const now = useSiteNow();
  return (
    <Answer to={site} what="Facts about the site">
      {(data) => (
        <>
          <Section title="Martello">
            <dl className={styles.facts}>
              <div><dt>Release</dt><dd>{data.release}</dd></div>
              <div><dt>Runs since</dt><dd>{day(data.started, zone, now)}, for {duration(now - Date.parse(data.started))}</dd></div>
              <div><dt>Reached at</dt><dd>{globalThis.location.host}</dd></div>
              <div><dt>API document</dt><dd><a href="/api/openapi.json">/api/openapi.json</a></dd></div>
            </dl>
          </Section>
          <Section title="Identity" about="Compare these once when a new browser warns about the certificate.">
            <Identity of={data} />
          </Section>
          <Section title="Ports" about="For a firewall between you and the site. These are the usual ones; the server's configuration may name others.">
            <table className={styles.ports}>
              <thead><tr><th scope="col">Port</th><th scope="col">Protocol</th><th scope="col">What</th></tr></thead>
              <tbody>{ports.map(({ port, protocol, what }) => <tr key={port}><td>{port}</td><td>{protocol}</td><td>{what}</td></tr>)}</tbody>
            </table>
          </Section>
        </>
      )}
    </Answer>
  );
}
