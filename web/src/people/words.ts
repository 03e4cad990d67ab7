/** What roles, privileges and sign-ins are called by people. Who holds what is not here (`rights.ts`). */
import type { Privilege, Role } from "../api/types";

/** Characters of the shortest password that the site takes. */
export const SHORTEST_PASSWORD = 8;

export const roles: readonly Role[] = ["viewer", "operator", "administrator"];

export const roleNames: Readonly<Record<Role, string>> = { viewer: "Viewer", operator: "Operator", administrator: "Administrator" };

/** A choice of roles, the lowest first. */
export const roleChoices: readonly { value: Role; label: string; hint: string }[] = [
  { value: "viewer", label: "Viewer", hint: "Watches live what is ticked, no recordings" },
  { value: "operator", label: "Operator", hint: "Watches, plays back, and does what is ticked" },
  { value: "administrator", label: "Administrator", hint: "Everything, settings and users too" },
];

/** Whether one role is at least another. */
export const atLeast = (role: Role, lowest: Role): boolean => roles.indexOf(role) >= roles.indexOf(lowest);

/** Short names, for the heads of columns and for sentences; the site's `words` say what each allows. */
export const privilegeNames: Readonly<Record<Privilege, string>> = {
  "none": "Nobody signed in", "signed-in": "Signed in", "own-account": "Own account",
  "camera-access": "Access", "camera-video": "Video", "camera-listen": "Listen", "camera-speak": "Speak", "camera-record": "Record by hand", "camera-ptz": "Steer (PTZ)",
  "recordings": "Recordings",
  "view-access": "Open views", "view-edit": "Change views",
  "port-access": "See inputs and outputs", "port-read": "Read their state", "port-write": "Switch outputs",
  "snapshot": "Snapshots", "export": "Export recordings", "incident-report": "Incident reports", "alarms": "Alarms, tasks and logs", "data-search": "Data search",
  "category-add": "Add categories", "category-remove": "Remove categories",
  "access-control-configure": "Configure access control", "access-control-manage": "Manage access control",
  "health-configure": "Configure health monitoring", "health": "Health monitoring",
  "configure": "Change the site",
};

/** "60 min", "12 h", "3 days": how far back recordings are shown. */
export function reachWords(minutes: number): string {
  if (minutes > 0 && minutes % 1440 === 0) return minutes === 1440 ? "1 day" : `${minutes / 1440} days`;
  return minutes > 60 && minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** "Chrome on Windows" of a `User-Agent`; a program by the beginning of what it calls itself. */
export function agentName(agent: string): string {
  const browser = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([sign]) => agent.includes(sign ?? ""))?.[1];
  const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["CrOS", "ChromeOS"], ["Linux", "Linux"]].find(([sign]) => agent.includes(sign ?? ""))?.[1];
  if (!browser) return agent.slice(0, 40) || "A program that does not say what it is";
  return system ? `${browser} on ${system}` : browser;
}
