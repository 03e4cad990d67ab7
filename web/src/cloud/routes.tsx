/** Which screen stands at which address. Addresses are built in `paths.ts`. What needs a sign-in is loaded when it is first shown. */
import type { ComponentType } from "react";
import { type RouteObject, createBrowserRouter } from "react-router";
import { HomeScreen } from "./screens/start/Screen";
import { JoinScreen } from "./screens/join/Screen";
import { SetupScreen } from "./screens/setup/Screen";
import { SignInScreen } from "./screens/sign-in/Screen";
import { NotFound, RouteProblem } from "./shell/Lost";
import { Root } from "./shell/Root";
import { Shell } from "./shell/Shell";

const screen = (load: () => Promise<ComponentType>) => async () => ({ Component: await load() });

export const routes: RouteObject[] = [
  {
    Component: Root,
    ErrorBoundary: RouteProblem,
    HydrateFallback: () => null,
    children: [
      { path: "/setup", Component: SetupScreen },
      { path: "/sign-in", Component: SignInScreen },
      { path: "/join", Component: JoinScreen },
      {
        Component: Shell,
        children: [
          {
            ErrorBoundary: RouteProblem,
            children: [
              { path: "/", Component: HomeScreen },
              { path: "/grant", lazy: screen(async () => (await import("./screens/grant/Screen")).GrantScreen) },
              { path: "/account", lazy: screen(async () => (await import("./screens/account/Screen")).AccountScreen) },
              { path: "/organizations/:organization/sites", lazy: screen(async () => (await import("./screens/sites/Screen")).SitesScreen) },
              { path: "/organizations/:organization/people", lazy: screen(async () => (await import("./screens/people/Screen")).PeopleScreen) },
              { path: "/organizations/:organization/settings", lazy: screen(async () => (await import("./screens/organization/Screen")).OrganizationScreen) },
              { path: "*", Component: NotFound },
            ],
          },
        ],
      },
    ],
  },
];

export const router = createBrowserRouter(routes);
