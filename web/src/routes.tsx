/** Which screen stands at which address. Addresses are built in `paths.ts`; every screen is loaded when it is first shown. */
import type { ComponentType } from "react";
import { Navigate, type RouteObject, createBrowserRouter } from "react-router";
import { paths } from "./paths";
import { RouteProblem } from "./shell/RouteProblem";
import { Root } from "./shell/Root";
import { Shell } from "./shell/Shell";

/** A screen from its own file. One that is all picture gets its heading here, for those who hear the page. */
const screen = (load: () => Promise<{ default: ComponentType }>, heading?: string) => async () => {
  const { default: Screen } = await load();
  if (!heading) return { Component: Screen };
  return { Component: () => <><h1 className="sr-only">{heading}</h1><Screen /></> };
};

export const routes: RouteObject[] = [
  {
    Component: Root,
    ErrorBoundary: RouteProblem,
    HydrateFallback: () => null,
    children: [
      { path: "/setup", lazy: screen(() => import("./screens/setup/Screen")) },
      { path: "/sign-in", lazy: screen(() => import("./screens/sign-in/Screen")) },
      { path: "/sign-in/openid", lazy: screen(() => import("./screens/sign-in/Returned")) },
      {
        Component: Shell,
        children: [
          {
            ErrorBoundary: RouteProblem,
            children: [
              { path: "/", element: <Navigate to={paths.live()} replace /> },
              // One component for both: going from the grid to one camera keeps the tiles, and so their pictures.
              { path: "/live", lazy: screen(() => import("./screens/live/Screen")) },
              { path: "/live/camera/:camera", lazy: screen(() => import("./screens/live/Screen")) },
              { path: "/recordings", lazy: screen(() => import("./screens/recordings/Screen"), "Recordings") },
              { path: "/exports", lazy: screen(() => import("./screens/exports/Screen")) },
              { path: "/alarms", lazy: screen(() => import("./screens/alarms/Screen")) },
              { path: "/devices", lazy: screen(() => import("./screens/devices/Screen")) },
              { path: "/devices/add", lazy: screen(() => import("./screens/add-devices/Screen")) },
              { path: "/settings", element: <Navigate to={paths.settings()} replace /> },
              { path: "/settings/:room/:id?/:part?", lazy: screen(() => import("./screens/settings/Screen")) },
              { path: "/account", lazy: screen(() => import("./screens/account/Screen")) },
              { path: "/preferences", lazy: screen(() => import("./screens/preferences/Screen")) },
              { path: "/more", lazy: screen(() => import("./screens/more/Screen")) },
              { path: "*", lazy: screen(() => import("./shell/NotFound")) },
            ],
          },
        ],
      },
    ],
  },
];

/**
 * Loads every screen's file, so that going to a room takes no network. Called when the first screen is shown: until a
 * file is there, a change of the address by the old screen would call the going off.
 */
export function preload(list: readonly RouteObject[] = routes): void {
  for (const route of list) {
    if (typeof route.lazy === "function") void route.lazy().catch(() => undefined);
    preload(route.children ?? []);
  }
}

export const router = createBrowserRouter(routes);
