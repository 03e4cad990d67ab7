/** Around every screen, signed in or not: links go through the router, and the page's title follows the site. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { RouterProvider } from "react-aria-components";
import { Outlet, type NavigateOptions, useHref, useNavigate } from "react-router";
import { setupQuery, siteQuery } from "../api/queries";
import { Toasts } from "../ui";

declare module "react-aria-components" {
  interface RouterConfig {
    routerOptions: NavigateOptions;
  }
}

export function Root() {
  const navigate = useNavigate();
  const named = useQuery({ ...siteQuery, enabled: false }).data?.name;
  const greeted = useQuery({ ...setupQuery, enabled: false }).data?.site_name;
  const name = named ?? greeted;
  useEffect(() => {
    document.title = name ? `${name} · Martello` : "Martello";
  }, [name]);
  return (
    <RouterProvider navigate={(to, options) => void navigate(to, options)} useHref={useHref}>
      <Outlet />
      <Toasts />
    </RouterProvider>
  );
}
