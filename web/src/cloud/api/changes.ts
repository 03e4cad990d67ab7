/** Everything that changes the cloud, as plain functions; what becomes stale by it is in `useChange`. */
import { api, body } from "./client";
import type { GrantDecision, MemberChange, RelayLimitChange, SetUp, SignIn, SiteChange } from "./types";

const json = { "content-type": "application/json" };

export const setUp = (request: SetUp) => body(api.POST("/v1/setup", { body: request, headers: json }));
export const signIn = (request: SignIn) => body(api.POST("/v1/session", { body: request, headers: json }));
export const signOut = () => body(api.DELETE("/v1/session"));

export const changePassword = (change: { old: string; new: string }) => body(api.PUT("/v1/account/password", { body: change, headers: json }));
export const beginFactor = (password: string) => body(api.POST("/v1/account/second-factor", { body: { password }, headers: json }));
export const confirmFactor = (code: string) => body(api.PUT("/v1/account/second-factor", { body: { code }, headers: json }));
export const endFactor = (password: string) => body(api.DELETE("/v1/account/second-factor", { body: { password }, headers: json }));
export const endOwnSignIn = (sign_in: string) => body(api.DELETE("/v1/account/sign-ins/{sign_in}", { params: { path: { sign_in } } }));

export const makeOrganization = (name: string) => body(api.POST("/v1/organizations", { body: { name }, headers: json }));
export const renameOrganization = (organization: string, name: string) =>
  body(api.PATCH("/v1/organizations/{organization}", { params: { path: { organization } }, body: { name }, headers: json }));
export const limitRelay = (organization: string, limit: RelayLimitChange) =>
  body(api.PUT("/v1/organizations/{organization}/relay-limit", { params: { path: { organization } }, body: limit, headers: json }));

export const addFolder = (organization: string, name: string, parent: string | null) =>
  body(api.POST("/v1/organizations/{organization}/folders", { params: { path: { organization } }, body: { name, parent }, headers: json }));
export const renameFolder = (organization: string, folder: string, name: string) =>
  body(api.PATCH("/v1/organizations/{organization}/folders/{folder}", { params: { path: { organization, folder } }, body: { name }, headers: json }));
export const removeFolder = (organization: string, folder: string) =>
  body(api.DELETE("/v1/organizations/{organization}/folders/{folder}", { params: { path: { organization, folder } } }));

export const changeMember = (organization: string, account: string, change: MemberChange) =>
  body(api.PATCH("/v1/organizations/{organization}/members/{account}", { params: { path: { organization, account } }, body: change, headers: json }));
export const removeMember = (organization: string, account: string) =>
  body(api.DELETE("/v1/organizations/{organization}/members/{account}", { params: { path: { organization, account } } }));

export const invite = (organization: string, email: string) =>
  body(api.POST("/v1/organizations/{organization}/invitations", { params: { path: { organization } }, body: { email }, headers: json }));
export const revokeInvitation = (organization: string, invitation: string) =>
  body(api.DELETE("/v1/organizations/{organization}/invitations/{invitation}", { params: { path: { organization, invitation } } }));
export const lookAtInvitation = (code: string) => body(api.POST("/v1/invitations/look", { body: { code }, headers: json }));
/** Without name and password: as whoever is signed in. */
export const acceptInvitation = (accept: { code: string; name?: string; password?: string }) =>
  body(api.POST("/v1/invitations/accept", { body: accept, headers: json }));

export const changeSite = (organization: string, site: string, change: SiteChange) =>
  body(api.PATCH("/v1/organizations/{organization}/sites/{site}", { params: { path: { organization, site } }, body: change, headers: json }));
export const removeSite = (organization: string, site: string) =>
  body(api.DELETE("/v1/organizations/{organization}/sites/{site}", { params: { path: { organization, site } } }));

/** Who asks with this code. */
export const lookAtGrant = (code: string) => body(api.POST("/v1/grants/look", { body: { code }, headers: json }));
export const decideGrant = (decision: GrantDecision) => body(api.POST("/v1/grants/decide", { body: decision, headers: json }));
