/** How this page reaches the site, and whether it does now. A click says why. */
import { useQuery } from "@tanstack/react-query";
import { Button as AriaButton, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import { type EventSocket, useLink } from "../api/events";
import { siteQuery } from "../api/queries";
import { cls } from "../ui/cls";
import { Badge } from "../ui";
import overlays from "../ui/overlays.module.css";
import styles from "./ConnectionBadge.module.css";

const isLoopback = (host: string) => host === "localhost" || host === "[::1]" || host.startsWith("127.");

export function ConnectionBadge({ socket }: { socket: EventSocket }) {
  const link = useLink(socket);
  const site = useQuery(siteQuery).data;
  const { host, hostname } = globalThis.location;
  const lost = link.state === "lost";
  const way = isLoopback(hostname) ? "This computer" : "LAN";
  return (
    <DialogTrigger>
      <AriaButton className={styles.button ?? ""} aria-label={lost ? "Connection lost" : `Connection: ${way}`}>
        <Badge tone={lost ? "warn" : link.state === "open" ? "ok" : "idle"}>{lost ? "No connection" : way}</Badge>
      </AriaButton>
      <Popover className={overlays.popover ?? ""} offset={6}>
        <Dialog className={cls(styles.why)}>
          <Heading slot="title" level={2}>{lost ? "The site does not answer" : isLoopback(hostname) ? "On this computer" : "In the local network"}</Heading>
          <p>
            {lost
              ? "What you see may be out of date. It is tried again by itself."
              : `This page talks to ${host} itself, encrypted by TLS. Nothing passes through another server, and nothing is counted.`}
          </p>
          {site ? (
            <>
              <h3>Certificate ID of the site</h3>
              <code>{site.certificate_id}</code>
            </>
          ) : null}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
