/** The TLS certificate: what is served, from whom, until when; one of your own installed, or the site's own again. */
import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useState } from "react";
import { removeCertificate, renewCertificate, useChange } from "../../api/changes";
import { certificateQuery, toldOfCertificate } from "../../api/queries";
import type { Certificate } from "../../api/types";
import { day, duration } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Confirm, Note, Problem, Status, toast } from "../../ui";
import { Identity } from "../sign-in/SiteIdentity";
import styles from "./CertificateRoom.module.css";
import { InstallCertificate } from "./InstallCertificate";
import { Actions, Answer, Section } from "./Section";

export function CertificateRoom() {
  const certificate = useQuery(certificateQuery);
  return (
    <Section title="Certificate" about="What browsers and programs are shown when they connect. It is changed without a restart, and nothing that is being watched stops.">
      <Answer to={certificate} what="The certificate">
        {(data) => (
          <>
            <Served certificate={data} />
            <Changes certificate={data} />
          </>
        )}
      </Answer>
    </Section>
  );
}

function Served({ certificate }: { certificate: Certificate }) {
  const zone = useZone();
  const now = useSiteNow();
  const own = certificate.kind === "self-made";
  const left = Date.parse(certificate.not_after) - now;
  const { trouble } = certificate;
  return (
    <>
      {trouble ? (
        <Note tone={left <= 0 ? "danger" : "warn"} title={`${trouble.charAt(0).toUpperCase()}${trouble.slice(1)}`}>
          {own ? "The site makes it anew by itself: look whether the clock of its computer is right." : "Install the next one from who issued it, or go back to the one that the site makes itself."}
        </Note>
      ) : null}
      <Status tone={trouble ? "warn" : "ok"} icon={trouble ? <CircleAlert aria-hidden="true" /> : <CircleCheck aria-hidden="true" />}>{own ? "Made by the site itself" : "Your own"}</Status>
      <dl className={styles.facts}>
        <div><dt>For</dt><dd>{certificate.names.join(", ") || "addresses only"}</dd></div>
        <div><dt>From</dt><dd>{own ? "this site. No outside authority vouches for it: a new browser warns once." : `${certificate.issuer || "an authority without a name"}. ${certificate.publicly_trusted ? "Browsers know it." : "Browsers know it only where somebody told them."}`}</dd></div>
        <div><dt>Began</dt><dd>{day(certificate.not_before, zone, now)}</dd></div>
        <div><dt>Ends</dt><dd>{day(certificate.not_after, zone, now)}{left > 0 ? `, in ${duration(left)}` : ""}. {own ? "The site makes it anew 30 days before." : "You renew it: the site tells 21 and 7 days before."}</dd></div>
      </dl>
      <Identity of={{ certificate_id: certificate.certificate_id, tls_certificate_sha256: certificate.sha256 }} />
    </>
  );
}

function Changes({ certificate }: { certificate: Certificate }) {
  const [asking, setAsking] = useState<"install" | "remove">();
  const renew = useChange(() => renewCertificate(), toldOfCertificate);
  const remove = useChange(() => removeCertificate(), toldOfCertificate);
  const close = () => setAsking(undefined);
  return (
    <>
      {renew.error ? <Problem of={renew.error} /> : null}
      {certificate.kind === "self-made" ? (
        <>
          <Actions>
            <Button onPress={() => setAsking("install")}>Install your own</Button>
            <Button isPending={renew.isPending} onPress={() => renew.mutate(undefined, { onSuccess: () => toast("The certificate was made anew.") })}>Make it anew</Button>
          </Actions>
          <p className={styles.hint}>Making it anew takes over names and addresses that the site's computer has got since. Browsers that were told to trust the old one ask again.</p>
        </>
      ) : (
        <Actions>
          <Button look="primary" onPress={() => setAsking("install")}>Install the next one</Button>
          <Button onPress={() => setAsking("remove")}>Go back to the site's own</Button>
        </Actions>
      )}
      {asking === "install" ? <InstallCertificate onClose={close} /> : null}
      <Confirm
        title="Go back to the site's own certificate?"
        action="Serve the site's own"
        isOpen={asking === "remove"}
        onClose={close}
        onConfirm={() => remove.mutateAsync(undefined).then(() => toast("The site's own certificate is served again."))}
      >
        <p>The installed certificate and its key are forgotten. Browsers warn of the site's own one until they are told to trust it, this one too; programs that know the certificate ID go on.</p>
      </Confirm>
    </>
  );
}
