/** Providers of the mock site, and the sign-in by them. */
import type { Provider, Session } from "../src/api/types";
import { type Handlers, refuse } from "./contract";

interface State {
  providers: Provider[];
  session: Session | null;
}

export const providers = (): Provider[] => [
  {
    id: "7".repeat(32), name: "Harbour", issuer: "https://login.harbour.example", client_id: "martello", site_address: "https://site.harbour.example:55754",
    redirect_uri: "https://site.harbour.example:55754/sign-in/openid", authority: null, scopes: ["profile"], groups_claim: "groups", acr: null,
    offline_minutes: 480, refresh_seconds: 60, state: { checked: "2026-11-21T11:59:40Z", problem: null, advice: null }, users: 3, groups: 1,
  },
];

export function providerHandlers(state: () => State, signedIn: () => Session, id: () => string): Handlers {
  const one = (wanted: string | undefined) => state().providers.find((provider) => provider.id === wanted) ?? refuse(404, "not-found", "There is no such provider (any more)");
  return {
    "/v1/providers": {
      get: () => ({ items: state().providers }),
      post: ({ body }) => {
        const added: Provider = { ...body, client_secret: null, id: id(), redirect_uri: `${body.site_address}/sign-in/openid`, state: { checked: null, problem: null, advice: null }, users: 0, groups: 0 };
        state().providers.push(added);
        return added;
      },
    },
    "/v1/providers/test": {
      post: ({ body }) => {
        if (!body.issuer.startsWith("https://login.")) refuse(422, "directory-failed", "The provider cannot be reached.", "Check the issuer's address.");
        return { authorization_endpoint: `${body.issuer}/auth`, keys: 2, algorithms: ["RS256", "ES256"], redirect_uri: `${body.site_address}/sign-in/openid` };
      },
    },
    "/v1/providers/{provider}": {
      get: ({ path }) => one(path[0]),
      put: ({ path, body }) => Object.assign(one(path[0]), body, { client_secret: null }),
      delete: ({ path }) => void (state().providers = state().providers.filter((provider) => provider.id !== path[0])),
    },
    "/v1/providers/{provider}/groups": {
      post: ({ path, body }) => {
        const provider = one(path[0]);
        provider.groups = (provider.groups ?? 0) + 1;
        return { id: id(), name: `${body.key} (${provider.name})`, role: body.role, created: new Date().toISOString(), recordings_minutes: null, members: [], grants: [], directory: provider.id };
      },
    },
    "/v1/session/openid/begin": { post: ({ body }) => ({ address: `${one(body.provider).issuer}/auth?state=s` }) },
    "/v1/session/openid": {
      post: ({ body }) => {
        if (body.error) refuse(403, "forbidden", "You are not signed in by Harbour", `The provider refuses: ${body.error}`);
        if (body.state !== "s" || body.code !== "c") refuse(409, "conflict", "This is not a sign-in that was begun here a moment ago", "Begin again on the sign-in page.");
        return (state().session = { ...signedIn(), user: "anna (Harbour)" });
      },
    },
  };
}
