/** What the mock site has at the start: cameras in every state, alarms, storage that is nearly full. */
import type { Alarm, Camera, CameraState, Certificate, Export, Found, Lock, Notifications, Profile, RecordingSettings, Schedule, Session, Site, Storage, Stream, Token, Volume } from "../src/api/types";

const hex = (number: number) => number.toString(16).padStart(32, "0");
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

const stream = (over: Partial<Stream> = {}): Stream => ({
  kind: "main", video_codec: "avc1.64001f", audio_codec: "mp4a.40.2", width: 1920, height: 1080, fps: 25, bits_per_second: 3_080_000, ...over,
});
const sub = stream({ kind: "sub", video_codec: "avc1.42e01e", audio_codec: null, width: 640, height: 360, bits_per_second: 412_000 });

export const profile = (over: Partial<Profile> = {}): Profile => ({
  name: "main", video: { kind: "axis", codec: "h264" }, used_as: "main", built_in: true, picture: { video_codec: "avc1.64001f", audio_codec: "mp4a.40.2", width: 1920, height: 1080 }, ...over,
});
const profiles = (): Profile[] => [
  profile(),
  profile({ name: "sub", used_as: "sub", picture: null }),
  profile({ name: "Night", used_as: null, built_in: false, video: { kind: "axis", codec: "h265", resolution: "1280x720", fps: 5, compression: 20 }, picture: { video_codec: "hvc1.1.6.L93.B0", audio_codec: null, width: 1280, height: 720 } }),
];

export function camera(number: number, name: string, over: Partial<Camera> = {}): Camera {
  return {
    id: hex(number), name, model: "AXIS P3245-LVE", serial: `B8A44F01A2${(0xc0 + number).toString(16).toUpperCase()}`,
    source: { kind: "axis", address: `http://192.168.0.${90 + number}` }, has_sub: true, profiles: profiles(), user: "root", transport: "tcp", audio: true, record: true,
    retention_days: 30, recording: { method: "continuous", reasons: ["continuous"] }, state: "recording" satisfies CameraState, detail: null, last_frame: ago(0), next_try: null, streams: [stream(), sub], privileges: ["camera-access", "camera-video", "camera-listen", "camera-record", "recordings", "export", "snapshot", "configure"], added: ago(86_400 * 40), ...over,
  };
}

export const cameras = (): Camera[] => [
  camera(1, "Gate north"),
  camera(2, "Yard", { streams: [stream({ fps: 24.9, bits_per_second: 4_310_000, audio_codec: null }), sub], audio: false }),
  camera(3, "Roof PTZ", { model: "AXIS Q6135-LE", serial: "B8A44F0911FE", streams: [stream({ video_codec: "hvc1.1.6.L120.90", bits_per_second: 1_870_000 }), sub] }),
  camera(4, "Lobby", { model: "AXIS M3066-V", serial: "ACCC8E77D010", state: "silent", detail: "No frames since 13:58:04. Trying again in 12 s.", last_frame: ago(620), next_try: ago(-12), streams: [] }),
  camera(5, "Store room", { model: "AXIS M1075-L", serial: "B8A44F55E0A1", state: "wrong-password", detail: "The camera refuses the password. Type it again.", streams: [] }),
  camera(6, "Car park radar", { model: "AXIS D2210-VE", serial: "E8272510BB01", record: false, recording: { method: "off", reasons: [] }, state: "live", streams: [stream({ width: 1280, height: 720, fps: 10, bits_per_second: 640_000, audio_codec: null })], has_sub: false, audio: false }),
  camera(7, "Back lane", { model: "XNV-8080R", serial: null, source: { kind: "rtsp", main_url: "rtsp://192.168.0.97/profile1/media.smp" }, has_sub: false, retention_days: null }),
  camera(8, "Dock 3", { model: "AXIS P8815-2", serial: "B8A44F00C7D2", state: "connecting", detail: "Connecting.", streams: [] }),
];

export const alarms = (): Alarm[] => [
  { id: hex(101), kind: "camera-silent", camera: hex(4), title: "Lobby: no frames since 13:58:04", advice: "Check its power and network cable. It is tried again by itself.", since: ago(620) },
  { id: hex(102), kind: "camera-password", camera: hex(5), title: "Store room: the password is refused", advice: "Type the camera's password again under Devices.", since: ago(5400) },
  { id: hex(103), kind: "storage-slow", title: "Storage is slow: up to 4 s are at risk", advice: "Look for other programs that write to the disk.", since: ago(90_000), ended: ago(89_400), acknowledged: ago(88_000), acknowledged_by: "Ines" },
  { id: hex(104), kind: "camera-silent", camera: hex(2), title: "Yard: no frames for 74 s", advice: "Check its power and network cable.", since: ago(200_000), ended: ago(199_926), acknowledged: ago(180_000), acknowledged_by: "Ines" },
];

const found = (number: number, over: Partial<Found> = {}): Found => ({
  key: `B8A44F3300${number.toString(16).padStart(2, "0").toUpperCase()}`, name: `AXIS P3265-LVE - B8A44F3300${number.toString(16).padStart(2, "0").toUpperCase()}`, model: "AXIS P3265-LVE", brand: "Axis",
  serial: `B8A44F3300${number.toString(16).padStart(2, "0").toUpperCase()}`, address: `192.168.0.${140 + number}`, http_url: `http://192.168.0.${140 + number}`, rtsp_port: 554, vapix: true,
  firmware: "12.9.57", needs_setup: false, seen_by: ["mdns", "ssdp", "wsd"], added_as: null, ...over,
});

export const founds = (): Found[] => [
  found(1), found(2, { model: "AXIS Q1656", name: "AXIS Q1656 - B8A44F330002" }), found(3, { needs_setup: true, model: "AXIS M2035-LE", name: "AXIS M2035-LE - B8A44F330003" }),
  found(4, { vapix: false, brand: "Hanwha", model: "XNV-8080R", name: "XNV-8080R", serial: null, firmware: null, seen_by: ["wsd"] }),
  found(5, { added_as: hex(1), name: "AXIS P3245-LVE - B8A44F01A2C1", model: "AXIS P3245-LVE", address: "192.168.0.91" }), found(6, { firmware: "11.11.192", seen_by: ["mdns"] }),
];

const pairs = "9f2c41d07ab35e8860c1f4729e0dd3b5a6184ce72b90157f3cd8e6a1420f9b7d";
export const certificateId = pairs.match(/.{4}/g)?.join(" ") ?? "";
export const tlsSha256 = (pairs.match(/.{2}/g) ?? []).toReversed().join(":").toUpperCase();

export const lastBackup = () => ago(86_400 * 4);

/** The site's own. */
export const certificate = (): Certificate => ({
  kind: "self-made", sha256: tlsSha256, certificate_id: certificateId, issuer: "Martello", names: ["localhost", "harbour", "harbour.local"], not_before: ago(86_400 * 40), not_after: ago(-86_400 * 780), publicly_trusted: false,
});

/** One that was installed long ago. */
export const installedCertificate = (): Certificate => ({
  ...certificate(), kind: "installed", sha256: tlsSha256.split(":").toReversed().join(":"), issuer: "Harbour authority", names: ["cameras.harbour.example"], not_before: ago(86_400 * 80), not_after: ago(-86_400 * 5.2), trouble: "the TLS certificate ends within 21 days",
});

export const site = (): Site => ({
  id: hex(900), name: "Harbour Warehouse", time_zone: "Europe/Stockholm", time: new Date().toISOString(), certificate_id: certificateId,
  tls_certificate_sha256: tlsSha256, release: "0.1.0", started: ago(86_400 * 3 + 7300),
});

export const session = (viewer = false): Session => ({
  session: hex(901), user_id: hex(902), user: viewer ? "Olof" : "Ines", role: viewer ? "viewer" : "administrator", expires: ago(-86_400),
  privileges: viewer ? ["signed-in", "own-account", "camera-access", "camera-video"] : ["signed-in", "own-account", "camera-access", "camera-video", "camera-listen", "camera-record", "recordings", "export", "snapshot", "alarms", "configure"],
  machine: false, second_factor: false,
});

/** Recordings of the camera at this place in the list: since the morning, with a gap or two, growing. */
export const spans = (at: number) => [
  { from: ago(9 * 3600), to: ago(3 * 3600 + at * 420), open: false, bytes: 8_300_000_000 },
  { from: ago(3 * 3600 - at * 95), to: ago(1500 + at * 240), open: false, bytes: 3_500_000_000 },
  { from: ago(1380), to: ago(0), open: true, bytes: 531_000_000 },
];

/** What was marked in them. */
export const marks = (at: number) => (at === 0 ? [{ from: ago(900), to: ago(760), kind: "motion" as const }, { from: ago(400), to: ago(380), kind: "motion" as const }] : []);

export const recordedDays = () => [0, 1, 2, 3, 5].map((days) => ago(days * 86_400).slice(0, 10));

/** A volume that was just added. */
export const volume = (): Volume => ({ id: hex(910), path: "/srv/more", used_bytes: 0, limit_bytes: null, free_bytes: 61_000_000_000, total_bytes: 64_000_000_000, oldest: null, state: "ok", kind: "main", streams: 0, since: ago(1), at_risk_s: 0 });

export const volumes = (): Volume[] => [
  { id: hex(903), path: "/var/lib/martello/recordings", used_bytes: 412_600_000_000, limit_bytes: 600_000_000_000, free_bytes: 512_000_000_000, total_bytes: 1_000_000_000_000, oldest: ago(86_400 * 21.4), state: "ok", kind: "main", streams: 6, since: ago(7200), at_risk_s: 0.8, bytes_per_day: 19_300_000_000, full_in_days: 9.7, holds_days: 31 },
  { id: hex(904), path: "/mnt/second", used_bytes: 1_930_000_000_000, limit_bytes: null, free_bytes: 40_000_000_000, total_bytes: 2_000_000_000_000, oldest: ago(86_400 * 63), state: "slow", kind: "main", streams: 2, since: ago(7200), at_risk_s: 4.2, bytes_per_day: 31_200_000_000, full_in_days: 1.3, holds_days: 63.1 },
  { id: hex(907), path: "/mnt/spare", used_bytes: 1_200_000_000, limit_bytes: null, free_bytes: 61_000_000_000, total_bytes: 64_000_000_000, oldest: ago(86_400 * 2), state: "ok", kind: "fallback", streams: 0, since: ago(7200), at_risk_s: 0 },
  { id: hex(908), path: "/mnt/from-the-old-site", used_bytes: 48_000_000_000, limit_bytes: null, free_bytes: 16_000_000_000, total_bytes: 64_000_000_000, oldest: ago(86_400 * 90), state: "foreign", kind: "main", made_by: hex(999), streams: 0, since: ago(7200), at_risk_s: 0 },
];

export const storage = (of: Camera[]): Storage => ({
  at_risk_s: 4.2,
  clock_doubted: null,
  cameras: of.map((one, index) => ({
    camera: one.id, name: one.name, volume: index === 1 ? hex(904) : null, recorded_to: index === 1 ? hex(904) : hex(903),
    used_bytes: 60_000_000_000 + index * 1_000_000_000, max_bytes: index === 2 ? 100_000_000_000 : null, retention_days: one.retention_days ?? null,
    oldest: ago(86_400 * 20), bytes_per_day: 3_100_000_000, kept_days: 31, goal_holds: index !== 3,
  })),
});

export const locks = (of: Camera[]): Lock[] => [
  { id: hex(909), cameras: of.slice(0, 1).map((one) => one.id), from: ago(86_400 * 3 + 600), to: ago(86_400 * 3), name: "Break-in at gate 2", reason: "Asked for by the police, case 7-2291" },
];

const file = (name: string, save_as: string, bytes: number, kind: "video" | "evidence" = "video") => ({ name, save_as, kind, from: ago(5000), to: ago(4880), bytes, sha256: "9f".repeat(32) });
const exported = (number: number, names: readonly string[], over: Partial<Export>): Export => ({
  id: hex(number), user: hex(902), by: "Ines", made: ago(60), cameras: names.map((name, at) => ({ id: hex(at + 1), name, stream: "main", audio: true })), from: ago(5000), to: ago(4880),
  format: "mp4", gaps: "keep", state: "done", done_bytes: 41_000_000, total_bytes: 41_000_000, left_s: null, ended: null, expires: null, problem: null, files: [], ...over,
});

/** An export that was asked for just now. */
export const newExport = (number: number, names: readonly string[]): Export => exported(number, names, { made: ago(0), state: "queued", done_bytes: 0, total_bytes: 0 });

export const exports = (): Export[] => [
  exported(920, ["Gate north", "Container yard", "Lobby"], { state: "running", user: hex(931), by: "Olof", done_bytes: 260_000_000, total_bytes: 410_000_000, left_s: 7.4 }),
  exported(921, ["Store room"], { state: "queued", format: "mkv", user: hex(931), by: "Olof" }),
  exported(922, ["Gate north"], {
    ended: ago(900), expires: ago(-86_400 * 7 + 900),
    files: [file("1.mp4", "Gate north 2026-11-21T12-44-01.mp4", 41_200_000), file("1.mp4.evidence.jsonl", "Gate north 2026-11-21T12-44-01.mp4.evidence.jsonl", 391_000, "evidence")],
  }),
  exported(923, ["Hall"], { state: "failed", ended: ago(7200), expires: ago(-86_400 * 7 + 7200), problem: { title: "A recording of the range was deleted meanwhile", detail: "Lock what must be kept, then export what is left." } }),
];

export const tokens = (): Token[] => [
  { id: hex(905), name: "Home Assistant", created: ago(86_400 * 12), expires: ago(-86_400 * 78) },
  { id: hex(906), name: "Backup script", created: ago(86_400 * 88), expires: ago(-86_400 * 2) },
];

export const notifications = (): Notifications => ({
  mail: { host: "mail.example.com", port: 587, security: "starttls", user: "site@example.com", from: "site@example.com", to: ["ines@example.com"] },
  webhook: null,
});

export const recording = (): RecordingSettings => ({ method: "continuous", continuous: { streams: "main" }, motion: { streams: "main" }, manual_streams: "main", manual_longest_s: 3600, sound: true, pre_buffer_s: 5, post_buffer_s: 10, motion_from: "auto" });
const office = [{ from_minute: 480, to_minute: 1080 }];
export const schedules = (): Schedule[] => [{ id: hex(905), name: "Opening hours", week: { days: [office, office, office, office, office, [], []] } }];
