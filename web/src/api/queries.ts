/** What is asked of the site, each question with its key in the cache. Changes are in `changes.ts`. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import { Failure } from "./problems";

/** Keys of the cache; the event socket invalidates by them. */
export const keys = {
  setup: ["setup"],
  session: ["session"],
  site: ["site"],
  cameras: ["cameras"],
  /** Pictures of now; not under `cameras`, so that a changed list does not fetch them all. */
  stills: ["stills"],
  discovery: ["discovery"],
  alarms: ["alarms"],
  volumes: ["volumes"],
  storage: ["storage"],
  locks: ["locks"],
  tokens: ["tokens"],
  notifications: ["notifications"],
  /** How cameras are recorded. */
  recordingMethods: ["recording-methods"],
  schedules: ["schedules"],
  /** Everything about recordings: timelines, days. */
  recordings: ["recordings"],
} as const;

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

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/tokens", { signal }))).items,
});

export const notificationsQuery = queryOptions({
  queryKey: keys.notifications,
  queryFn: ({ signal }) => body(api.GET("/v1/settings/notifications", { signal })),
});
