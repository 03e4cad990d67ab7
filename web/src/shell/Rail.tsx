/** The rooms, at the left edge of a desktop. A phone has `PhoneTabs`. */
import { NavLink } from "react-router";
import { paths } from "../paths";
import { Logo } from "./Logo";
import styles from "./Rail.module.css";
import { type Room, useRooms } from "./rooms";
import { useOpenAlarms } from "./useAlarms";

export function Rail() {
  const rooms = useRooms();
  const alarms = useOpenAlarms().length;
  const link = ({ name, to, icon: Icon }: Room) => (
    <NavLink key={to} to={to} className={styles.room ?? ""}>
      <span className={styles.icon}>
        <Icon aria-hidden="true" />
        {name === "Alarms" && alarms > 0 ? <span className={styles.count} aria-label={`${alarms} open`}>{alarms > 99 ? "99+" : alarms}</span> : null}
      </span>
      {name}
    </NavLink>
  );
  return (
    <nav className={styles.rail} aria-label="Rooms">
      <NavLink to={paths.live()} className={styles.logo ?? ""} aria-label="Martello: go to Live"><Logo /></NavLink>
      {rooms.filter((room) => !room.last).map(link)}
      <span className={styles.space} />
      {rooms.filter((room) => room.last).map(link)}
    </nav>
  );
}
