/** Every address of the cloud's pages, built in one place. What stands at an address is in `routes.tsx`. */

export const paths = {
  /** Leads on to the organization that was looked at last. */
  home: () => "/",
  setup: () => "/setup",
  /** Sign in; `next` is where to go afterwards. */
  signIn: (next?: string) => (next && next !== "/" ? `/sign-in?${new URLSearchParams({ next }).toString()}` : "/sign-in"),
  /** By an invitation's link. */
  join: (code: string) => `/join?${new URLSearchParams({ code }).toString()}`,
  /** Somebody without a browser shows a code: it is typed here. */
  grant: () => "/grant",
  account: () => "/account",
  sites: (organization: string) => `/organizations/${organization}/sites`,
  people: (organization: string) => `/organizations/${organization}/people`,
  organization: (organization: string) => `/organizations/${organization}/settings`,
} as const;
