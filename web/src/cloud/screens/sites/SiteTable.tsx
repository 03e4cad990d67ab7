/** The list: one row a site. */
import { CircleCheck, CircleX } from "lucide-react";
import { Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { day } from "../../../time/format";
import { Loading, Skeleton, Status } from "../../../ui";
import { Cell, tableStyles } from "../../../ui/Table";
import type { Site } from "../../api/types";
import type { Placed } from "../../folders";
import { ownZone, useNow } from "../../time";
import { folderOf, lastContact } from "./describe";
import styles from "./sites.module.css";

export function SiteStatus({ site }: { site: Site }) {
  return site.online ? <Status tone="ok" icon={<CircleCheck aria-hidden="true" />}>Online</Status> : <Status tone="danger" icon={<CircleX aria-hidden="true" />}>Offline</Status>;
}

interface Props {
  sites: readonly Site[];
  folders: readonly Placed[];
  open: string | undefined;
  onOpen: (site: string | null) => void;
  /** What stands there when no row does. */
  nothing: string;
}

export function SiteTable({ sites, folders, open, onOpen, nothing }: Props) {
  const zone = ownZone();
  const now = useNow();
  return (
    <Table
      aria-label="Sites"
      className={tableStyles.table ?? ""}
      selectionMode="single"
      selectionBehavior="replace"
      selectedKeys={open ? [open] : []}
      onSelectionChange={(chosen) => onOpen(chosen === "all" ? null : ([...chosen][0] as string | undefined) ?? null)}
    >
      <TableHeader>
        <Column isRowHeader width="34%">Site</Column>
        <Column>Status</Column>
        <Column>Folder</Column>
        <Column>Since</Column>
      </TableHeader>
      <TableBody items={sites} dependencies={[now, folders]} renderEmptyState={() => <p className={styles.nothing}>{nothing}</p>}>
        {(site) => (
          <Row id={site.id} textValue={site.name} className={tableStyles.row ?? ""}>
            <Cell className={tableStyles.strong ?? ""} what={site.name} about="Secure Remote Access" />
            <Cell className={styles.status ?? ""} what={<SiteStatus site={site} />} about={site.online ? null : lastContact(site, zone, now)} />
            <Cell className={tableStyles.soft ?? ""} label="Folder" what={folderOf(site, folders)} />
            <Cell className={tableStyles.soft ?? ""} label="Since" what={day(site.enrolled, zone, now)} />
          </Row>
        )}
      </TableBody>
    </Table>
  );
}

/** What the list looks like before it is there. */
export function SiteTableShape() {
  return (
    <Loading what="Sites">
      <div className={styles.shape}>{["a", "b", "c"].map((row) => <div key={row}><Skeleton width="60%" /><Skeleton width="50%" /><Skeleton width="40%" /></div>)}</div>
    </Loading>
  );
}
