/** Who there is at the mock site: users, groups, folders, what can be granted, and an audit log. */
import type { AuditEntry, Directory, Folder, Group, Picked, PrivilegeInfo, Role, SignInInfo, User } from "../src/api/types";

const hex = (number: number) => number.toString(16).padStart(32, "0");
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const DAY = 86_400;

export const privileges = (): PrivilegeInfo[] => {
  const of = (scope: PrivilegeInfo["scope"], list: [PrivilegeInfo["privilege"], string, PrivilegeInfo["lowest_role"], boolean][]) =>
    list.map(([privilege, words, lowest_role, in_use]) => ({ privilege, words, scope, lowest_role, granted: scope !== "implied", in_use }));
  return [
    ...of("implied", [["signed-in", "Anybody who is signed in.", "viewer", true], ["own-account", "Change one's own sign-in.", "viewer", true]]),
    ...of("camera", [
      ["camera-access", "See that a camera exists and how it is.", "viewer", true], ["camera-video", "See a camera's pictures.", "viewer", true], ["camera-listen", "Hear a camera.", "viewer", true],
      ["camera-speak", "Speak through a camera.", "operator", false], ["camera-record", "Start and stop manual recording.", "operator", true], ["camera-ptz", "Steer a camera.", "operator", false],
    ]),
    ...of("implied", [["recordings", "See the recordings of cameras whose pictures one may see.", "operator", true]]),
    ...of("view", [["view-access", "Open a view.", "viewer", false], ["view-edit", "Change a view.", "operator", false]]),
    ...of("port", [["port-access", "See that an input or output exists.", "viewer", false], ["port-read", "See the state of an input or output.", "viewer", false], ["port-write", "Switch an output.", "operator", false]]),
    ...of("system", [
      ["snapshot", "Take single pictures.", "viewer", true], ["export", "Take recordings out of the system.", "operator", true], ["incident-report", "Write incident reports.", "operator", false],
      ["alarms", "Alarms, tasks and the logs of alarms and events.", "operator", true], ["data-search", "Search in data of outside systems.", "operator", false],
      ["category-add", "Give recordings a category.", "operator", false], ["category-remove", "Take categories from recordings.", "operator", false],
      ["access-control-configure", "Configure doors and access control.", "operator", false], ["access-control-manage", "Manage cardholders and access rules.", "viewer", false],
      ["health-configure", "Configure system health monitoring.", "operator", false], ["health", "See system health monitoring.", "viewer", false],
    ]),
    ...of("implied", [["configure", "Change the site: cameras, storage, users, settings.", "administrator", true]]),
  ];
};

export const folders = (): Folder[] => [
  { id: hex(0x701), name: "Docks", cameras: [hex(8), hex(7)] },
  { id: hex(0x702), name: "Outside", cameras: [hex(1), hex(2), hex(7)] },
];

export const groups = (): Group[] => [
  { id: hex(0x601), name: "Night shift", role: "operator", created: ago(DAY * 90), recordings_minutes: 720, members: [hex(0x802), hex(0x804)], grants: [{ privilege: "camera-video", folder: hex(0x702) }, { privilege: "camera-listen", folder: hex(0x702) }, { privilege: "snapshot" }] },
  { id: hex(0x602), name: "Reception", role: "viewer", created: ago(DAY * 80), recordings_minutes: null, members: [hex(0x803)], grants: [{ privilege: "camera-video", camera: hex(4) }] },
  { id: hex(0x603), name: "Guards@example.org", role: "operator", created: ago(DAY * 20), recordings_minutes: null, members: [hex(0x806)], grants: [{ privilege: "camera-video", folder: hex(0x702) }], directory: OFFICE },
];

const OFFICE = hex(0xd01);
const answers = (): Directory["state"] => ({ checked: ago(8), since: null, problem: null, advice: null, users_until: null });
export const directorySha256 = "4F:0B:52:C8:11:9A:E0:7D:36:F2:88:5C:A1:D4:0E:63:97:BB:21:5F:C0:3A:E8:74:19:6D:F5:02:AC:8E:47:D3";

/** One that answers, and one that does not. */
export const directories = (): Directory[] => [
  {
    id: OFFICE, name: "Head office", kind: "active-directory", base: "dc=example,dc=org", security: "ldaps", account: "martello@example.org", authority: "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
    servers: [{ host: "dc1.example.org", port: 636 }, { host: "dc2.example.org", port: 636 }], offline_minutes: 480, state: answers(), users: 1, groups: 1,
  },
  {
    id: hex(0xd02), name: "Harbour guards", kind: "ldap", base: "dc=harbour,dc=example", security: "starttls", account: "cn=martello,dc=harbour,dc=example", certificate_sha256: directorySha256,
    servers: [{ host: "ldap.harbour.example", port: 389 }], offline_minutes: 2880, users: 14, groups: 3,
    state: {
      checked: ago(12), since: ago(2700), problem: "ldap.harbour.example:389 cannot be reached: connection refused", users_until: ago(-86_400 * 2 + 2720),
      advice: "Check name, port and protection of the server, and that no firewall is in the way. LDAPS is port 636, StartTLS 389.",
    },
  },
];

const listed = (key: string, name: string, details: string, group: boolean, over: Partial<Picked> = {}): Picked => ({ key, name, details, group, domain: "example.org", role: null, server: "Head office", user: null, group_id: null, ...over });

/** Who is in the head office. */
export const picked = (): Picked[] => [
  listed("k-anna", "anna.berg", "Anna Berg, Security", false, { role: "operator", user: hex(0x806) }),
  listed("k-bo", "bo.lind", "Bo Lind, Warehouse", false),
  listed("k-cleo", "cleo.ek", "Cleo Ek, Warehouse, disabled", false),
  listed("k-guards", "Guards", "All sites", true, { role: "operator", group_id: hex(0x603) }),
  listed("k-porters", "Porters", "Gate and reception", true),
];

export const directoryUser = (id: string, directory: string, { name, domain, details }: Picked, role: Role): User => ({
  id, name: `${name}@${domain}`, role, created: ago(0), machine: false, disabled: false, recordings_minutes: null, second_factor: false, last_sign_in: null, groups: [], grants: [],
  directory: { directory, full_name: details.split(",")[0] ?? name, standing: "good", confirmed: ago(0) },
});

const user = (number: number, name: string, over: Partial<User> = {}): User => ({
  id: hex(number), name, role: "viewer", created: ago(DAY * 60), machine: false, disabled: false, recordings_minutes: null, second_factor: false, last_sign_in: ago(DAY * 2), groups: [], grants: [], ...over,
});

export const users = (): User[] => [
  user(0x801, "Astrid", { role: "viewer", last_sign_in: null }),
  user(902, "Ines", { role: "administrator", second_factor: true, last_sign_in: ago(300) }),
  user(0x802, "Olga", { role: "operator", groups: [hex(0x601)], recordings_minutes: 60, last_sign_in: ago(4200), grants: [{ privilege: "camera-video", camera: hex(4) }, { privilege: "camera-record", camera: hex(4) }, { privilege: "camera-listen", folder: hex(0x701) }, { privilege: "export" }] }),
  user(0x803, "Olof", { groups: [hex(0x602)], last_sign_in: ago(DAY * 9) }),
  user(0x804, "Per", { role: "operator", groups: [hex(0x601)], disabled: true, last_sign_in: ago(DAY * 40) }),
  user(0x806, "anna.berg@example.org", { groups: [hex(0x603)], last_sign_in: ago(DAY), directory: { directory: OFFICE, full_name: "Anna Berg", standing: "good", confirmed: ago(15) } }),
  user(0x805, "root (this machine)", { role: "administrator", machine: true, last_sign_in: ago(DAY * 30) }),
];

export const signIns = (): SignInInfo[] => [
  { id: hex(901), created: ago(7300), last_used: ago(20), expires: ago(-DAY * 7), address: "192.168.0.20", agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36", own: true },
  { id: hex(911), created: ago(DAY * 3), last_used: ago(DAY), expires: ago(-DAY * 6), address: "192.168.0.31", agent: "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36", own: false },
];

const hash = "4f6a0f7d3f0f2c9a8f1e5b7c6d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e";
const deeds: [Partial<AuditEntry>, number][] = [
  [{ kind: "sign-in", action: "session_create", name: "Ines", target: "" }, 300],
  [{ kind: "rights", action: "user_update", name: "Ines", target: "Olga", detail: "operator, 1 groups, 4 grants, recordings of 60 min" }, 420],
  [{ kind: "view", action: "live", name: "Olga", target: "Gate north" }, 600],
  [{ kind: "view", action: "recording", name: "Olga", target: "Lobby" }, 660],
  [{ kind: "export", action: "clip_get", name: "Olga", target: "Lobby" }, 700],
  [{ kind: "sign-in", action: "session_create", name: "admin", target: "", outcome: "refused", detail: "401 Unauthorized", address: "203.0.113.9" }, 3600],
  [{ kind: "device", action: "camera_update", name: "Ines", target: "Store room", outcome: "failed", detail: "422 Unprocessable Entity" }, 5400],
  [{ kind: "configuration", action: "volume_update", name: "Ines", target: "/mnt/second" }, 7200],
];

/** The newest first; enough for a second page. */
export const audit = (): AuditEntry[] =>
  Array.from({ length: 24 }, (_, at) => {
    const [over, seconds] = deeds[at % deeds.length] ?? [{}, 0];
    return { number: 24 - at, at: ago(seconds + Math.floor(at / deeds.length) * DAY), user: hex(902), name: "", address: "192.168.0.20", kind: "view", action: "", target: "", outcome: "done", detail: "", hash, ...over };
  });
