/** Around every screen, signed in or not: links go through the router. */
import { RouterProvider } from "react-aria-components";
import { Outlet, type NavigateOptions, useHref, useNavigate } from "react-router";
import { Toasts } from "../../ui";

declare module "react-aria-components" {
  interface RouterConfig {
    routerOptions: NavigateOptions;
  }
}

export function Root() {
  const navigate = useNavigate();
  return (
    <RouterProvider navigate={(to, options) => void navigate(to, options)} useHref={useHref}>
      <Outlet />
      <Toasts />
    </RouterProvider>
  );
}
