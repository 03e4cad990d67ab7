/** Every address of the client, built in one place. What stands at an address is in `routes.tsx`. */

/** Query parameters; those that are undefined or empty are left out. */
type Query = Record<string, string | undefined>;

function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return pairs.length ? `${path}?${new URLSearchParams(pairs).toString()}` : path;
}

/** Tabs of "Add devices". */
export type AddTab = "search" | "address";
/** Parts of a user's page beside the rights. */
export type UserPart = "why" | "sign-in";
/** Rooms of the settings. */
export type SettingsRoom = "site" | "users" | "groups" | "directories" | "folders" | "providers" | "audit" | "storage" | "schedules" | "notifications" | "certificate" | "about";

export const paths = {
  home: () => "/",
  /** First run; `code` is the one-time code of the setup link. */
  setup: (query: { code?: string } = {}) => withQuery("/setup", query),
  /** Sign in; `next` is where to go afterwards. */
  signIn: (query: { next?: string } = {}) => withQuery("/sign-in", query),
  live: () => "/live",
  /** One camera, full size. */
  liveCamera: (camera: string) => `/live/camera/${encodeURIComponent(camera)}`,
  /** Recordings at a moment (RFC 3339) of some cameras. */
  recordings: (query: { at?: string; cams?: readonly string[] } = {}) =>
    withQuery("/recordings", {
      ...(query.at ? { at: query.at } : {}),
      ...(query.cams?.length ? { cams: query.cams.join(",") } : {}),
    }),
  /** Files of recordings: what is being made, what there is to download. */
  exports: () => "/exports",
  alarms: () => "/alarms",
  /** The list of devices; `device` opens its details beside. */
  devices: (query: { device?: string; filter?: string } = {}) => withQuery("/devices", query),
  /** Adding devices; `host` is put into the form of "By address". */
  addDevices: (query: { tab?: AddTab; host?: string } = {}) => withQuery("/devices/add", query),
  settings: (room: SettingsRoom = "site") => `/settings/${room}`,
  /** One user: rights, what they come to, or the sign-in. */
  user: (user: string, part?: UserPart) => `/settings/users/${encodeURIComponent(user)}${part ? `/${part}` : ""}`,
  group: (group: string) => `/settings/groups/${encodeURIComponent(group)}`,
  /** The own sign-in: password, second factor, sign-ins, tokens. */
  account: () => "/account",
  /** What belongs to the person at this browser: theme, keys. */
  preferences: () => "/preferences",
  /** What has no room in the phone's tab bar. */
  more: () => "/more",
} as const;

/** Where a sign-in may lead: a path of this client, never another origin. */
export function safeNext(next: string | null): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return paths.home();
  return next;
}
