/**
 * Every screen and its states, by address in the mock site. One list for three readers: the gallery (`Gallery.tsx`), the
 * visual baselines (`e2e/specs/baselines.test.ts`), and whoever adds a screen. Data only.
 */
import type { Mood } from "../mock/install";

export interface ScreenStory {
  /** As the baseline's file is called. */
  name: string;
  path: string;
  mood?: Mood;
  /** Words by which one sees that the screen is there. */
  shows: string;
  /** So many tiles show a picture. */
  pictures?: number;
  /** A state of a screen, not the screen: its baseline is dark on the desktop and light on the phone only. */
  state?: true;
}

const camera = (number: number) => number.toString(16).padStart(32, "0");

export const screens: readonly ScreenStory[] = [
  { name: "sign-in", path: "/sign-in", mood: "signed-out", shows: "Sign in" },
  { name: "setup", path: "/setup?code=K7PX-2M9Q", mood: "setup", shows: "Why the browser warned" },
  { name: "live", path: "/live?tiles=4", shows: "Gate north", pictures: 3 },
  { name: "live-alone", path: `/live/camera/${camera(1)}`, shows: "Gate north", pictures: 1 },
  { name: "live-unsupported", path: `/live/camera/${camera(3)}`, shows: "This browser cannot show H.265.", state: true },
  { name: "live-empty", path: "/live", mood: "empty", shows: "No cameras yet", state: true },
  { name: "live-loading", path: "/live", mood: "loading", shows: "Cameras load", state: true },
  { name: "live-failing", path: "/live", mood: "failing", shows: "The site could not do this.", state: true },
  { name: "recordings", path: `/recordings?cams=${camera(1)},${camera(2)},${camera(6)},${camera(7)}`, shows: "4 cameras in step", pictures: 4 },
  { name: "recordings-empty", path: "/recordings", mood: "empty", shows: "Nothing is recorded yet", state: true },
  { name: "exports", path: "/exports", shows: "Store room" },
  { name: "exports-empty", path: "/exports", mood: "empty", shows: "No exports", state: true },
  { name: "exports-denied", path: "/exports", mood: "denied", shows: "You may not", state: true },
  { name: "alarms", path: "/alarms", shows: "Lobby: no frames since 13:58:04" },
  { name: "alarms-empty", path: "/alarms", mood: "empty", shows: "No open alarms", state: true },
  { name: "devices", path: "/devices", shows: "Back lane" },
  { name: "device", path: `/devices?device=${camera(1)}`, shows: "Remove" },
  { name: "devices-empty", path: "/devices", mood: "empty", shows: "No devices yet", state: true },
  { name: "devices-loading", path: "/devices", mood: "loading", shows: "load", state: true },
  { name: "devices-denied", path: "/devices", mood: "denied", shows: "You may not", state: true },
  { name: "devices-offline", path: "/devices", mood: "offline", shows: "Connection lost", state: true },
  { name: "add-devices", path: "/devices/add", shows: "Searching the network." },
  { name: "add-by-address", path: "/devices/add?tab=address", shows: "Any RTSP camera" },
  { name: "settings-site", path: "/settings/site", shows: "Time zone" },
  { name: "settings-site-empty", path: "/settings/site", mood: "empty", shows: "No backup was taken yet", state: true },
  { name: "settings-users", path: "/settings/users", shows: "Olga" },
  { name: "settings-users-empty", path: "/settings/users", mood: "empty", shows: "Only you so far", state: true },
  { name: "user-rights", path: `/settings/users/${camera(0x802)}`, shows: "Gate north" },
  { name: "user-why", path: `/settings/users/${camera(0x802)}/why`, shows: "Gate north" },
  { name: "user-sign-in", path: `/settings/users/${camera(0x802)}/sign-in`, shows: "Chrome on Android" },
  { name: "settings-groups", path: "/settings/groups", shows: "Night shift" },
  { name: "settings-groups-empty", path: "/settings/groups", mood: "empty", shows: "No groups yet", state: true },
  { name: "group-rights", path: `/settings/groups/${camera(0x601)}`, shows: "Gate north" },
  { name: "settings-directories", path: "/settings/directories", shows: "Harbour guards" },
  { name: "settings-directories-empty", path: "/settings/directories", mood: "empty", shows: "No directories", state: true },
  { name: "group-of-directory", path: `/settings/groups/${camera(0x603)}`, shows: "A group of Head office", state: true },
  { name: "settings-folders", path: "/settings/folders", shows: "Docks" },
  { name: "settings-folders-empty", path: "/settings/folders", mood: "empty", shows: "No folders yet", state: true },
  { name: "audit", path: "/settings/audit", shows: "Watched live" },
  { name: "audit-empty", path: "/settings/audit", mood: "empty", shows: "Nothing like that was done", state: true },
  { name: "audit-broken", path: "/settings/audit", mood: "tampered", shows: "Somebody has changed the audit log", state: true },
  { name: "settings-storage", path: "/settings/storage", shows: "/mnt/second" },
  { name: "settings-providers", path: "/settings/providers", shows: "Let people in" },
  { name: "settings-notifications", path: "/settings/notifications", shows: "Send a test" },
  { name: "settings-certificate", path: "/settings/certificate", shows: "Made by the site itself" },
  { name: "settings-certificate-ends", path: "/settings/certificate", mood: "expiring", shows: "ends within 21 days", state: true },
  { name: "settings-about", path: "/settings/about", shows: "Identity" },
  { name: "account", path: "/account", shows: "Home Assistant" },
  { name: "preferences", path: "/preferences", shows: "One frame back" },
  { name: "more", path: "/more", shows: "Time at the site" },
  { name: "not-found", path: "/lighthouse", shows: "There is nothing at this address", state: true },
];

/** Where a story stands. */
export function addressOf({ path, mood }: Pick<ScreenStory, "path" | "mood">): string {
  return mood ? `${path}${path.includes("?") ? "&" : "?"}mock=${mood}` : path;
}
