/** A site made of words: keeps what it is told, answers as the document says. Its pictures are in `pictures.ts`. */
import type { Camera, RecordingSettings, Source } from "../src/api/types";
import { type Handlers, refuse } from "./contract";
import * as data from "./data";
import { peopleHandlers, peopleState } from "./people";
import { providerHandlers, providers } from "./providers";

/** What a test wants to be different. */
export interface Wishes {
  signedIn?: boolean;
  setUpNeeded?: boolean;
  empty?: boolean;
  /** Whoever is signed in may only watch. */
  viewer?: boolean;
  /** A certificate was installed, and ends soon. */
  expiring?: boolean;
  /** A directory takes the accounts of computers. */
  computer?: boolean;
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** @param slowMs how long the network takes. */
export function mockSite({ signedIn = true, setUpNeeded = false, empty = false, viewer = false, expiring = false, computer = false }: Wishes = {}, slowMs = 0) {
  const state = {
    session: signedIn ? data.session(viewer) : null,
    setUpNeeded,
    site: data.site(),
    cameras: empty ? [] : data.cameras(),
    alarms: empty ? [] : data.alarms(),
    discovery: { running: false, started: null as string | null, found: empty ? [] : data.founds() },
    volumes: data.volumes(),
    recording: {} as Record<string, RecordingSettings>,
    providers: empty ? [] : providers(),
    schedules: empty ? [] : data.schedules(),
    locks: data.locks(data.cameras()),
    exports: empty ? [] : data.exports(),
    tokens: empty ? [] : data.tokens(),
    backup: empty ? null : data.lastBackup(),
    certificate: expiring ? data.installedCertificate() : data.certificate(),
    notifications: empty ? { mail: null, webhook: null } : data.notifications(),
    ...peopleState(empty),
  };
  const mine = () => state.session ?? refuse(401, "sign-in-required", "Nobody is signed in.");
  const one = <T extends { id: string }>(list: T[], id: string | undefined): T => list.find((item) => item.id === id) ?? refuse(404, "not-found", "There is no such thing.");
  const refuseBad = (source: Source, password: string | null | undefined) => {
    const address = source.kind === "axis" ? source.address : source.main_url;
    if (password === "wrong") refuse(422, "camera-refused-password", "The camera refuses the name or password.", "Type them as they are set at the camera.");
    if (address.includes("203.0.113.")) refuse(422, "camera-unreachable", "The camera does not answer.", "Check the address and that the camera has power.");
  };
  let next = 500;

  const handlers: Handlers = {
    ...peopleHandlers(() => state),
    ...providerHandlers(() => state, data.session, () => String(next++).padStart(32, "0")),
    "/v1/setup": {
      get: () => ({ needed: state.setUpNeeded, site_name: state.site.name, certificate_id: state.site.certificate_id, tls_certificate_sha256: state.site.tls_certificate_sha256, release: state.site.release, computer_account: computer, providers: state.providers.map(({ id, name }) => ({ id, name })) }),
      post: ({ body }) => {
        if (body.code !== "K7PX-2M9Q") refuse(403, "wrong-setup-code", "The setup code is wrong or used up.", "Use the newest link that the server has printed.");
        state.setUpNeeded = false;
        state.site.name = body.site_name ?? state.site.name;
        return (state.session = { ...data.session(), user: body.user });
      },
    },
    "/v1/session/negotiate": { post: () => (state.session = data.session()) },
    "/v1/session": {
      get: () => mine(),
      post: async ({ body }) => {
        await pause(slowMs);
        if (body.user === "locked") refuse(429, "too-many-tries", "Too many tries.", "Wait, then type the password again.", 30);
        if (body.password !== "lighthouse") refuse(401, "wrong-password", "Name or password is wrong.");
        if (body.user === "Astrid" && body.code !== "280 117") {
          refuse(401, "second-factor-required", body.code ? "The code is wrong or was used already." : "A code of your authenticator app is needed.", "Enter the six digits that the app shows now, or a recovery code.");
        }
        return (state.session = { ...data.session(), user: body.user });
      },
      delete: () => void (state.session = null),
    },
    "/v1/tokens": {
      get: () => ({ items: state.tokens }),
      post: ({ body }) => {
        const token = { id: String(next++).padStart(32, "0"), name: body.name, created: new Date().toISOString(), expires: new Date(Date.now() + (body.days ?? 90) * 86_400_000).toISOString() };
        state.tokens.push(token);
        return { ...token, value: "mt_5vN2hQ8rXw3kTz7LpY9cBd4FsGjA6eHm1uRqVnKx" };
      },
    },
    "/v1/tokens/{token}": { delete: ({ path }) => void (state.tokens = state.tokens.filter(({ id }) => id !== path[0])) },
    "/v1/site": {
      get: () => (mine(), { ...state.site, time: new Date().toISOString() }),
      patch: ({ body }) => Object.assign(state.site, body),
    },
    "/v1/cameras": {
      get: async () => (mine(), await pause(slowMs), { items: state.cameras }),
      post: async ({ body }) => {
        await pause(slowMs);
        refuseBad(body.source, body.password);
        const added: Camera = data.camera(next++, body.name ?? "New camera", { source: body.source, state: "connecting", detail: "Connecting.", streams: [] });
        state.cameras.push(added);
        for (const found of state.discovery.found) if (body.source.kind === "axis" && found.http_url === body.source.address) found.added_as = added.id;
        return added;
      },
    },
    "/v1/cameras/{camera}": {
      get: ({ path }) => one(state.cameras, path[0]),
      patch: ({ path, body }) => Object.assign(one(state.cameras, path[0]), Object.fromEntries(Object.entries(body).filter(([key]) => key !== "password")), body.retention_days === 0 ? { retention_days: null } : {}),
      delete: ({ path }) => void (state.cameras = state.cameras.filter(({ id }) => id !== path[0])),
    },
    "/v1/cameras/{camera}/profiles": {
      get: ({ path }) => ({ items: one(state.cameras, path[0]).profiles }),
      post: ({ path, body }) => {
        const camera = one(state.cameras, path[0]);
        if (camera.profiles.some(({ name }) => name === body.name)) refuse(409, "conflict", "The camera has a profile of this name already.");
        const added = data.profile({ name: body.name, video: body.video, used_as: null, built_in: false });
        camera.profiles = [...camera.profiles, added];
        return added;
      },
    },
    "/v1/cameras/{camera}/profiles/{profile}": {
      patch: ({ path, body }) => {
        const camera = one(state.cameras, path[0]);
        const changed = camera.profiles.find(({ name }) => name === decodeURIComponent(path[1] ?? "")) ?? refuse(404, "not-found", "There is no such profile (any more).");
        const use = body.use_as === "none" ? null : body.use_as;
        if (use !== undefined && use !== "main" && changed.used_as === "main") refuse(409, "conflict", "This profile is recorded; choose another one to record first.");
        camera.profiles = camera.profiles.map((profile) => {
          if (profile === changed) return { ...profile, name: body.name ?? profile.name, video: body.video ?? profile.video, used_as: use === undefined ? profile.used_as : use };
          return use && profile.used_as === use ? { ...profile, used_as: null } : profile;
        });
        return camera.profiles.find(({ name }) => name === (body.name ?? changed.name)) ?? changed;
      },
      delete: ({ path }) => {
        const camera = one(state.cameras, path[0]);
        camera.profiles = camera.profiles.filter(({ name }) => name !== decodeURIComponent(path[1] ?? ""));
        return undefined;
      },
    },
    "/v1/cameras/{camera}/recording": {
      get: ({ path }) => state.recording[path[0] ?? ""] ?? { ...data.recording(), method: one(state.cameras, path[0]).recording.method },
      put: ({ path, body }) => {
        one(state.cameras, path[0]).recording = { method: body.method, reasons: [] };
        return (state.recording[path[0] ?? ""] = body);
      },
    },
    "/v1/cameras/{camera}/recording/manual": {
      post: ({ path }) => Object.assign(one(state.cameras, path[0]), { recording: { method: "continuous", reasons: ["continuous", "manual"], manual_until: new Date(Date.now() + 3_600_000).toISOString() } }),
      delete: ({ path }) => Object.assign(one(state.cameras, path[0]), { recording: { method: "continuous", reasons: ["continuous"] } }),
    },
    "/v1/schedules": {
      get: () => ({ items: state.schedules }),
      post: ({ body }) => {
        const added = { ...body, id: String(next++).padStart(32, "0") };
        state.schedules.push(added);
        return added;
      },
    },
    "/v1/schedules/{schedule}": {
      put: ({ path, body }) => Object.assign(one(state.schedules, path[0]), body),
      delete: ({ path }) => void (state.schedules = state.schedules.filter(({ id }) => id !== path[0])),
    },
    "/v1/probe": {
      post: async ({ body }) => {
        await pause(slowMs);
        refuseBad(body.source, body.password);
        return { name: "Hallway", model: "XNV-8080R", serial: null, streams: [{ kind: "main", video_codec: "hvc1.1.6.L120.90", audio_codec: "ulaw", width: 2592, height: 1520, fps: 0, bits_per_second: 0 }] };
      },
    },
    "/v1/discovery": {
      get: () => state.discovery,
      post: () => {
        state.discovery = { ...state.discovery, running: true, started: new Date().toISOString() };
        setTimeout(() => (state.discovery = { ...state.discovery, running: false }), slowMs * 10);
        return state.discovery;
      },
    },
    "/v1/timeline": {
      get: ({ query }) => ({
        from: query.get("from") ?? "", to: query.get("to") ?? "", now: new Date().toISOString(),
        lanes: empty ? [] : (query.get("cameras") ?? "").split(",").map((camera, at) => ({ camera, spans: data.spans(at), events: data.marks(at) })),
      }),
    },
    "/v1/recorded-days": { get: () => ({ days: empty ? [] : data.recordedDays() }) },
    "/v1/alarms": { get: () => ({ items: state.alarms }) },
    "/v1/alarms/{alarm}/acknowledge": { post: ({ path }) => Object.assign(one(state.alarms, path[0]), { acknowledged: new Date().toISOString(), acknowledged_by: mine().user }) },
    "/v1/volumes": { get: () => ({ items: state.volumes }), post: ({ body }) => {
        const volume = { ...data.volume(), path: body.path, kind: body.kind ?? "main" };
        state.volumes.push(volume);
        return volume;
      } },
    "/v1/volumes/{volume}": {
      patch: ({ path, body }) => Object.assign(one(state.volumes, path[0]), body),
      delete: ({ path }) => void (state.volumes = state.volumes.filter((volume) => volume.id !== path[0])),
    },
    "/v1/volumes/{volume}/adopt": { post: ({ path }) => Object.assign(one(state.volumes, path[0]), { state: "ok", made_by: null }) },
    "/v1/storage": { get: () => data.storage(state.cameras) },
    "/v1/storage/cameras/{camera}": { patch: () => data.storage(state.cameras) },
    "/v1/locks": { get: () => ({ items: state.locks }) },
    "/v1/locks/{lock}": { delete: ({ path }) => void (state.locks = state.locks.filter((lock) => lock.id !== path[0])) },
    "/v1/exports": {
      get: () => (mine(), { items: state.exports }),
      post: ({ body }) => {
        const names = body.cameras.map((id) => one(state.cameras, id).name);
        const made = data.newExport(next++, names);
        state.exports = [made, ...state.exports];
        return made;
      },
    },
    "/v1/exports/{export}": {
      get: ({ path }) => one(state.exports, path[0]),
      delete: ({ path }) => {
        const found = one(state.exports, path[0]);
        const over = ["done", "failed", "cancelled"].includes(found.state);
        state.exports = over ? state.exports.filter((other) => other !== found) : state.exports.map((other) => (other === found ? { ...found, state: "cancelled" as const, ended: new Date().toISOString() } : other));
        return undefined;
      },
    },
    "/v1/backup": { get: () => ({ last: state.backup, command: "martello backup --data /var/lib/martello --output site.backup" }) },
    "/v1/certificate": {
      get: () => state.certificate,
      put: ({ body }) => {
        if (!body.key_pem.includes("RSA")) refuse(400, "bad-request", "The certificate is not taken", "the private key does not belong to the certificate. The certificate that was served is served on.");
        return (state.certificate = data.installedCertificate());
      },
      delete: () => (state.certificate = data.certificate()),
    },
    "/v1/certificate/renew": { post: () => state.certificate },
    "/v1/settings/notifications": { get: () => state.notifications, put: ({ body }) => (state.notifications = body) },
    "/v1/settings/notifications/test": {
      post: async () => {
        await pause(slowMs);
        refuse(422, "delivery-failed", "mail.example.com does not answer.", "Check the name and port of the mail server.");
      },
    },
  };
  return { state, handlers };
}
