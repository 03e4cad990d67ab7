/** Which screen stands at which address. Addresses are built in `paths.ts`; every screen is loaded when it is first shown. */
import type { ComponentType } from "react";
import { Navigate, type RouteObject, createBrowserRouter } from "react-router";
import { paths } from "./paths";
import { RouteProblem } from "./shell/RouteProblem";
import { Root } from "./shell/Root";
import { Shell } from "./shell/Shell";

/** A screen from its own file. */
const screen = (load: () => Promise<{ default: ComponentType }>) => async () => ({ Component: (await load()).default });

export const routes: RouteObject[] = [
  {
    Component: Root,
    ErrorBoundary: RouteProblem,
    HydrateFallback: () => null,
    children: [
      { path: "/setup", lazy: screen(() => import("./screens/setup/Screen")) },
      { path: "/sign-in", lazy: screen(() => import("./screens/sign-in/Screen")) },
      {
        Component: Shell,
        children: [
          {
            ErrorBoundary: RouteProblem,
            children: [
              { path: "/", element: <Navigate to={paths.live()} replace /> },
              { path: "/live", lazy: screen(() => import("./screens/live/Screen")) },
              { path: "/live/camera/:camera", lazy: screen(() => import("./screens/live/Screen")) },
              { path: "/recordings", lazy: screen(() => import("./screens/recordings/Screen")) },
              { path: "/alarms", lazy: screen(() => import("./screens/alarms/Screen")) },
              { path: "/devices", lazy: screen(() => import("./screens/devices/Screen")) },
              { path: "/devices/add", lazy: screen(() => import("./screens/add-devices/Screen")) },
              { path: "/settings", element: <Navigate to={paths.settings()} replace /> },
              { path: "/settings/:room", lazy: screen(() => import("./screens/settings/Screen")) },
              { path: "/more", lazy: screen(() => import("./screens/more/Screen")) },
              { path: "*", lazy: screen(() => import("./shell/NotFound")) },
            ],
          },
        ],
      },
    ],
  },
];

export const router = createBrowserRouter(routes);
