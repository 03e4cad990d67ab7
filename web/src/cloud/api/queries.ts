/** What is asked of the cloud, each question with its key in the cache. Changes are in `changes.ts`. */
import { queryOptions } from "@tanstack/react-query";
import { Failure } from "../../api/problems";
import { sessionKey } from "../../api/query-client";
import { api, body } from "./client";

export const keys = {
  setup: ["setup"],
  session: sessionKey,
  organizations: ["organizations"],
  /** What belongs to an organization begins with its name: leaving one forgets all of it. */
  sites: (organization: string) => ["organization", organization, "sites"],
  members: (organization: string) => ["organization", organization, "members"],
  invitations: (organization: string) => ["organization", organization, "invitations"],
  folders: (organization: string) => ["organization", organization, "folders"],
  audit: (organization: string) => ["organization", organization, "audit"],
  relay: ["relay"],
  signIns: ["sign-ins"],
} as const;

/** Nothing tells the page that a site came or went: it looks again after so long. */
const SITES_MS = 5000;
/** The relay's own count is as old as its last report. */
const RELAY_MS = 10_000;

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

export const organizationsQuery = queryOptions({
  queryKey: keys.organizations,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/organizations", { signal }))).items,
});

const of = (organization: string) => ({ params: { path: { organization } } });

export const sitesQuery = (organization: string) =>
  queryOptions({
    queryKey: keys.sites(organization),
    queryFn: async ({ signal }) => (await body(api.GET("/v1/organizations/{organization}/sites", { ...of(organization), signal }))).items,
    refetchInterval: SITES_MS,
  });

export const membersQuery = (organization: string) =>
  queryOptions({
    queryKey: keys.members(organization),
    queryFn: async ({ signal }) => (await body(api.GET("/v1/organizations/{organization}/members", { ...of(organization), signal }))).items,
  });

export const invitationsQuery = (organization: string) =>
  queryOptions({
    queryKey: keys.invitations(organization),
    queryFn: async ({ signal }) => (await body(api.GET("/v1/organizations/{organization}/invitations", { ...of(organization), signal }))).items,
  });

export const foldersQuery = (organization: string) =>
  queryOptions({
    queryKey: keys.folders(organization),
    queryFn: async ({ signal }) => (await body(api.GET("/v1/organizations/{organization}/folders", { ...of(organization), signal }))).items,
  });

export const auditQuery = (organization: string) =>
  queryOptions({
    queryKey: keys.audit(organization),
    queryFn: async ({ signal }) => (await body(api.GET("/v1/organizations/{organization}/audit", { ...of(organization), signal }))).items,
  });

/** What relays carried for oneself in this month. */
export const relayQuery = queryOptions({
  queryKey: keys.relay,
  queryFn: ({ signal }) => body(api.GET("/v1/relay", { signal })),
  refetchInterval: RELAY_MS,
});

/** Where oneself is signed in. */
export const ownSignInsQuery = queryOptions({
  queryKey: keys.signIns,
  queryFn: async ({ signal }) => (await body(api.GET("/v1/account/sign-ins", { signal }))).items,
});
