/** Alarms that still want somebody: what the bar and the counts show. */
import { useQuery } from "@tanstack/react-query";
import { alarmsQuery } from "../api/queries";
import type { Alarm } from "../api/types";
import { paths } from "../paths";
import { useCan } from "../session/useSession";

/** Not acknowledged, newest first. */
export function useOpenAlarms(): readonly Alarm[] {
  return (useQuery({ ...alarmsQuery, enabled: useCan("alarms") }).data ?? []).filter((alarm) => !alarm.acknowledged);
}

/** Where "Go to" leads: the moment in the recordings, or the room where the trouble is mended. */
export function placeOf(alarm: Alarm): string {
  if (alarm.directory) return paths.settings("directories");
  if (alarm.kind.startsWith("certificate-")) return paths.settings("certificate");
  if (!alarm.camera) return paths.settings("storage");
  return alarm.kind === "camera-password" ? paths.devices({ device: alarm.camera }) : paths.recordings({ at: alarm.since, cams: [alarm.camera] });
}
