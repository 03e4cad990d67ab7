/** What is asked of the site, each question with its key in the cache. Changes are in `changes.ts`. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import { Failure } from "./problems";
import { sessionKey } from "./query-client";

/** Keys of the cache; the event socket invalidates by them. */
export const keys = {
  setup: ["setup"],
  session: sessionKey,
  site: ["site"],
  cameras: ["cameras"],
  /** Pictures of now; not under `cameras`, so that a changed list does not fetch them all. */
  stills: ["stills"],
  discovery: ["discovery"],
  alarms: ["alarms"],
  volumes: ["volumes"],
  storage: ["storage"],
  locks: ["locks"],
  exports: ["exports"],
  tokens: ["tokens"],
  notifications: ["notifications"],
  /** Where oneself is signed in. */
  signIns: ["sign-ins"],
  users: ["users"],
  groups: ["groups"],
  directories: ["directories"],
  certificate: ["certificate"],
  backup: ["backup"],
  providers: ["providers"],
  folders: ["folders"],
  privileges: ["privileges"],
  audit: ["audit"],
  /** How cameras are recorded. */
  recordingMethods: ["recording-methods"],
  schedules: ["schedules"],
  /** Everything about recordings: timelines, days. */
  recordings: ["recordings"],
} as const;

/** What tells of the certificate that is served. */
export const toldOfCertificate = [keys.certificate, keys.site, keys.setup, keys.alarms];

/** What must be known before anybody signs in. */
export const setupQuery = queryOptions({
  queryKey: keys.setup,
  queryFn: ({ signal }) => body(api.GET("/v1/setup", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Who is signed in; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }) => {
    try {
      return await body(api.GET("/v1/session", { signal }));
    } catch (error) {
      if (error instanceof Failure && error.code === "sign-in-required") return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** The site, with the page's own clock at the moment of the answer (ms), to tell how far the two clocks are apart. */
export const siteQuery = queryOptions({
  queryKey: keys.site,
  queryFn: async ({ signal }) => ({ ...(await body(api.GET("/v1/site", { signal }))), askedAtMs: Date.now() }),
  staleTime: 5 * 60_000,
});

export const camerasQuery = queryOptions({
  queryKey: keys.cameras,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/cameras", { signal }))).items,
});

/** How a camera is recorded. */
export const recordingQuery = (camera: string) =>
  queryOptions({
    queryKey: [...keys.recordingMethods, camera],
    queryFn: ({ signal }) => body(api.GET("/v1/cameras/{camera}/recording", { params: { path: { camera } }, signal })),
  });

export const schedulesQuery = queryOptions({
  queryKey: keys.schedules,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/schedules", { signal }))).items,
});

export const discoveryQuery = queryOptions({
  queryKey: keys.discovery,
  queryFn: ({ signal }) => body(api.GET("/v1/discovery", { signal })),
});

/** Alarms, newest first. */
export const alarmsQuery = queryOptions({
  queryKey: keys.alarms,
  queryFn: async ({ signal }) => {
    const { items } = await body(api.GET("/v1/alarms", { signal }));
    return items.toSorted((a, b) => b.since.localeCompare(a.since));
  },
});

export const volumesQuery = queryOptions({
  queryKey: keys.volumes,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/volumes", { signal }))).items,
  refetchInterval: 10_000,
});

/** What is kept of each camera, and how long. */
export const storageQuery = queryOptions({
  queryKey: keys.storage,
  queryFn: ({ signal }) => body(api.GET("/v1/storage", { signal })),
  refetchInterval: 10_000,
});

export const locksQuery = queryOptions({
  queryKey: keys.locks,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/locks", { signal }))).items,
});

/** Exports, the newest first; the event socket tells how far they are. */
export const exportsQuery = queryOptions({
  queryKey: keys.exports,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/exports", { signal }))).items,
});

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/tokens", { signal }))).items,
});

export const ownSignInsQuery = queryOptions({
  queryKey: keys.signIns,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/account/sessions", { signal }))).items,
});

/** What there is to grant. It changes with the release only. */
export const privilegesQuery = queryOptions({
  queryKey: keys.privileges,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/privileges", { signal }))).items,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Asked each time they are shown: whoever a directory lets in becomes a user by signing in. */
export const usersQuery = queryOptions({
  queryKey: keys.users,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/users", { signal }))).items,
  staleTime: 0,
});

/** The directories that users and groups may come from. */
export const directoriesQuery = queryOptions({
  queryKey: keys.directories,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/directories", { signal }))).items,
});

/** Users or groups of a directory, which is asked each time. Under `directories`, so that adding one asks again. */
export const directorySearchQuery = (directory: string, what: "user" | "group", filter: string) =>
  queryOptions({
    queryKey: [...keys.directories, directory, what, filter],
    queryFn: ({ signal }) => body(api.GET("/v1/directories/{directory}/search", { params: { path: { directory }, query: { filter, kind: `${what}s` as const, limit: 100 } }, signal })),
    staleTime: 0,
  });

/** When a backup was taken last, and how one is. */
export const backupQuery = queryOptions({
  queryKey: keys.backup,
  queryFn: ({ signal }) => body(api.GET("/v1/backup", { signal })),
});

/** The TLS certificate that is served now. */
export const certificateQuery = queryOptions({
  queryKey: keys.certificate,
  queryFn: ({ signal }) => body(api.GET("/v1/certificate", { signal })),
});

export const groupsQuery = queryOptions({
  queryKey: keys.groups,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/groups", { signal }))).items,
  staleTime: 0,
});

export const foldersQuery = queryOptions({
  queryKey: keys.folders,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/folders", { signal }))).items,
});

/** What a user may do, and why: the site's own answer. Under `users`, so that any change of one asks again. */
export const userRightsQuery = (user: string) =>
  queryOptions({
    queryKey: [...keys.users, user, "rights"],
    queryFn: ({ signal }) => body(api.GET("/v1/users/{user}/rights", { params: { path: { user } }, signal })),
    staleTime: 0,
  });

export const userSignInsQuery = (user: string) =>
  queryOptions({
    queryKey: [...keys.users, user, "sign-ins"],
    queryFn: async ({ signal }) => (await body(api.GET("/v1/users/{user}/sessions", { params: { path: { user } }, signal }))).items,
    staleTime: 0,
  });

/** What of the audit log is looked for; empty texts do not matter. */
export interface AuditWish {
  name?: string;
  action?: string;
  target?: string;
  kind?: string;
  outcome?: string;
  /** RFC 3339. */
  from?: string;
  to?: string;
}

/** The audit log, page by page, the newest first. */
export const auditQuery = (wish: AuditWish) =>
  infiniteQueryOptions({
    queryKey: [...keys.audit, "rows", wish],
    queryFn: ({ signal, pageParam }) => body(api.GET("/v1/audit", { params: { query: { ...wish, ...(pageParam ? { before: pageParam } : {}) } }, signal })),
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next ?? undefined,
    staleTime: 0,
  });

/** Whether the audit log is what was written: the site reads it whole. */
export const auditChainQuery = queryOptions({
  queryKey: [...keys.audit, "chain"],
  queryFn: ({ signal }) => body(api.GET("/v1/audit/chain", { signal })),
});

export const notificationsQuery = queryOptions({
  queryKey: keys.notifications,
  queryFn: ({ signal }) => body(api.GET("/v1/settings/notifications", { signal })),
});

/** OpenID Connect providers, by which people sign in. */
export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/providers", { signal }))).items,
});
