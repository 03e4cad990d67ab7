/** What has no place in a phone's tab bar: the other rooms, the theme, signing out. */
import { ChevronRight, CircleUser, FileVideo, LogOut, SlidersHorizontal } from "lucide-react";
import { Link } from "react-router";
import { paths } from "../../paths";
import { useCan, useSession } from "../../session/useSession";
import { useRooms } from "../../shell/rooms";
import { setTheme, themes, useTheme } from "../../shell/theme";
import { useSignOut } from "../../shell/UserMenu";
import { clock, zoneName } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Select } from "../../ui";
import { Page } from "../../ui/Page";
import styles from "./Screen.module.css";

const inTabs = new Set(["Live", "Recordings", "Alarms"]);

export default function MoreScreen() {
  const rooms = useRooms().filter(({ name }) => !inTabs.has(name));
  const session = useSession();
  const mayExport = useCan("export");
  const theme = useTheme();
  const leave = useSignOut();
  const zone = useZone();
  const now = useSiteNow();
  return (
    <Page title="More">
      <div className={styles.column}>
          <ul className={styles.rooms}>
            {rooms.map(({ name, to, icon: Icon }) => (
              <li key={to}><Link to={to}><Icon aria-hidden="true" /> {name} <ChevronRight aria-hidden="true" /></Link></li>
            ))}
            {mayExport ? <li><Link to={paths.exports()}><FileVideo aria-hidden="true" /> Exports <ChevronRight aria-hidden="true" /></Link></li> : null}
            <li><Link to={paths.account()}><CircleUser aria-hidden="true" /> Your account <ChevronRight aria-hidden="true" /></Link></li>
            <li><Link to={paths.preferences()}><SlidersHorizontal aria-hidden="true" /> Preferences <ChevronRight aria-hidden="true" /></Link></li>
          </ul>
        <Select label="Theme" choices={themes} value={theme} onChange={setTheme} />
        <dl className={styles.facts}>
          <div><dt>Signed in as</dt><dd>{session?.user} ({session?.role})</dd></div>
          <div><dt>Time at the site</dt><dd>{clock(now, zone)} {zoneName(now, zone)}</dd></div>
        </dl>
        <Button icon={<LogOut />} onPress={() => void leave()}>Sign out</Button>
      </div>
    </Page>
  );
}
