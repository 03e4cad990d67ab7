/** The rooms, at the bottom of a phone: three, and a door to the others. */
import { Bell, Ellipsis, Film, LayoutGrid } from "lucide-react";
import { NavLink } from "react-router";
import { paths } from "../paths";
import { useCan } from "../session/useSession";
import styles from "./PhoneTabs.module.css";
import { useOpenAlarms } from "./useAlarms";

export function PhoneTabs() {
  const alarms = useOpenAlarms().length;
  const recordings = useCan("recordings");
  const mayAlarms = useCan("alarms");
  const tab = (to: string, name: string, Icon: typeof Bell, count = 0) => (
    <NavLink to={to} className={styles.tab ?? ""}>
      <span className={styles.icon}>
        <Icon aria-hidden="true" />
        {count > 0 ? <span className={styles.count} aria-label={`${count} open`}>{count > 99 ? "99+" : count}</span> : null}
      </span>
      {name}
    </NavLink>
  );
  return (
    <nav className={styles.tabs} aria-label="Rooms">
      {tab(paths.live(), "Live", LayoutGrid)}
      {recordings ? tab(paths.recordings(), "Recordings", Film) : null}
      {mayAlarms ? tab(paths.alarms(), "Alarms", Bell, alarms) : null}
      {tab(paths.more(), "More", Ellipsis)}
    </nav>
  );
}
