/** The rooms of the house, in the order of the rail. A room is listed when it works. */
import { Bell, Cctv, Film, LayoutGrid, type LucideIcon, Settings } from "lucide-react";
import type { Privilege } from "../api/types";
import { paths } from "../paths";
import { useSession } from "../session/useSession";

export interface Room {
  name: string;
  to: string;
  icon: LucideIcon;
  needs?: Privilege;
  /** Stands at the end of the rail. */
  last?: boolean;
}

const rooms: readonly Room[] = [
  { name: "Live", to: paths.live(), icon: LayoutGrid },
  { name: "Recordings", to: paths.recordings(), icon: Film, needs: "recordings" },
  { name: "Alarms", to: paths.alarms(), icon: Bell, needs: "alarms" },
  { name: "Devices", to: paths.devices(), icon: Cctv, needs: "configure" },
  { name: "Settings", to: "/settings", icon: Settings, needs: "configure", last: true },
];

/** The rooms that the person who is signed in may enter. */
export function useRooms(): readonly Room[] {
  const privileges = useSession()?.privileges ?? [];
  return rooms.filter((room) => !room.needs || privileges.includes(room.needs));
}
