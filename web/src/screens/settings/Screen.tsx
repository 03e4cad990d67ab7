/** The settings, one room each; the URL says which. */
import type { ComponentType } from "react";
import { Link, useParams } from "react-router";
import { type SettingsRoom, paths } from "../../paths";
import { Needs } from "../../shell/Denied";
import NotFound from "../../shell/NotFound";
import { AuditRoom } from "../audit/AuditRoom";
import { DirectoriesRoom } from "../directories/DirectoriesRoom";
import { FoldersRoom } from "../people/FoldersRoom";
import { GroupsRoom } from "../people/GroupsRoom";
import { UsersRoom } from "../people/UsersRoom";
import { About } from "./About";
import { CertificateRoom } from "./CertificateRoom";
import { NotificationsRoom } from "./NotificationsRoom";
import { ProvidersRoom } from "./ProvidersRoom";
import styles from "./Screen.module.css";
import { SchedulesRoom } from "./SchedulesRoom";
import { SiteRoom } from "./SiteRoom";
import { StorageRoom } from "./StorageRoom";

const rooms: Record<SettingsRoom, { name: string; Room: ComponentType }> = {
  site: { name: "Site", Room: SiteRoom },
  users: { name: "Users", Room: UsersRoom },
  groups: { name: "Groups", Room: GroupsRoom },
  directories: { name: "Directories", Room: DirectoriesRoom },
  folders: { name: "Folders", Room: FoldersRoom },
  providers: { name: "Sign-in providers", Room: ProvidersRoom },
  audit: { name: "Audit log", Room: AuditRoom },
  storage: { name: "Storage", Room: StorageRoom },
  schedules: { name: "Schedules", Room: SchedulesRoom },
  notifications: { name: "Notifications", Room: NotificationsRoom },
  certificate: { name: "Certificate", Room: CertificateRoom },
  about: { name: "About", Room: About },
};

const isRoom = (name: string | undefined): name is SettingsRoom => name !== undefined && Object.hasOwn(rooms, name);

export default function SettingsScreen() {
  const { room } = useParams();
  if (!isRoom(room)) return <NotFound />;
  const { Room } = rooms[room];
  return (
    <Needs privilege="configure" what="change settings">
      <div className={styles.page}>
        <nav className={styles.nav} aria-label="Settings">
          <h1>Settings</h1>
          {(Object.keys(rooms) as SettingsRoom[]).map((one) => (
            <Link key={one} to={paths.settings(one)} aria-current={one === room ? "page" : undefined}>{rooms[one].name}</Link>
          ))}
        </nav>
        <div className={styles.room}>
          <Room key={room} />
        </div>
      </div>
    </Needs>
  );
}
