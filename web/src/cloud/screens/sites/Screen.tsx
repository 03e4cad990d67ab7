/** The sites of an organization: which are here now, when the others were last heard of. One of them opens beside. */
import { useQuery } from "@tanstack/react-query";
import { KeyRound, MonitorDot, RotateCw } from "lucide-react";
import { useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { asFailure } from "../../../api/problems";
import { Empty, IconButton, LinkButton, Problem, SearchField } from "../../../ui";
import { Page } from "../../../ui/Page";
import { foldersQuery, setupQuery, sitesQuery } from "../../api/queries";
import { folderPaths } from "../../folders";
import { isAtLeast, useOrganization } from "../../organizations";
import { paths } from "../../paths";
import { RelayMeter, RelayNote } from "../../RelayMeter";
import { matching } from "./describe";
import { SitePanel } from "./SitePanel";
import { SiteTable, SiteTableShape } from "./SiteTable";
import styles from "./sites.module.css";

export function SitesScreen() {
  const { organization: id = "" } = useParams();
  const organization = useOrganization();
  const [query, setQuery] = useSearchParams();
  const [filter, setFilter] = useState("");
  const sites = useQuery(sitesQuery(id));
  const folders = folderPaths(useQuery(foldersQuery(id)).data ?? []);
  const administrates = isAtLeast(organization, "administrator");
  const open = sites.data?.find((site) => site.id === query.get("site"));
  const show = (site: string | null) => setQuery(site ? { site } : {}, { replace: true });
  const grant = <LinkButton look="primary" icon={<KeyRound />} href={paths.grant()}>Enter a code</LinkButton>;
  const shown = matching(sites.data ?? [], folders, filter);
  return (
    <Page
      title="Sites"
      actions={
        <>
          {sites.data?.length && administrates ? grant : null}
          <IconButton label="Refresh" onPress={() => void sites.refetch()}><RotateCw /></IconButton>
          {sites.data?.length ? <span className={styles.count}>{sites.data.filter(({ online }) => online).length} of {sites.data.length} online</span> : null}
        </>
      }
      aside={sites.data?.length ? <SearchField label="Filter the sites" placeholder="Filter by name or folder" value={filter} onChange={setFilter} /> : null}
      panel={open ? <SitePanel key={open.id} site={open} folders={folders} administrates={administrates} onClose={() => show(null)} /> : null}
    >
      <div className={styles.relay}><RelayMeter wide /></div>
      <div className={styles.note}><RelayNote /></div>
      {sites.data === undefined ? (
        sites.isError ? <Problem of={asFailure(sites.error)} onRetry={() => void sites.refetch()} /> : <SiteTableShape />
      ) : sites.data.length === 0 ? (
        <Empty icon={<MonitorDot />} title="No sites yet" action={administrates ? grant : null}>
          {administrates ? <HowToEnable /> : "You see the sites of your folders here. An administrator of the organization adds sites, and says which folders are yours."}
        </Empty>
      ) : (
        <SiteTable sites={shown} folders={folders} open={open?.id} onOpen={show} nothing={`No site is called like “${filter}”.`} />
      )}
    </Page>
  );
}

/** A `span`: it stands in a paragraph. */
function HowToEnable() {
  const setup = useQuery(setupQuery).data;
  return (
    <span className={styles.how}>
      <span>At the site server, run this. It shows a code, which you type here.</span>
      <code>martello remote enable {globalThis.location.origin}{setup ? ` --cloud-id ${setup.certificate_id}` : ""}</code>
    </span>
  );
}
