/** Every address of the client, so that a change of one is seen: links to a moment are shared. */
import type { RouteObject } from "react-router";
import { matchRoutes } from "react-router";
import { describe, expect, test } from "vitest";
import { paths, safeNext } from "./paths";
import { routes } from "./routes";

const all = (list: RouteObject[]): string[] => list.flatMap((route) => [...(route.path ? [route.path] : []), ...all(route.children ?? [])]);

test("the addresses of all screens", () => {
  expect(all(routes)).toMatchInlineSnapshot(`
    [
      "/setup",
      "/sign-in",
      "/sign-in/openid",
      "/",
      "/live",
      "/live/camera/:camera",
      "/recordings",
      "/exports",
      "/alarms",
      "/devices",
      "/devices/add",
      "/settings",
      "/settings/:room/:id?/:part?",
      "/account",
      "/preferences",
      "/more",
      "*",
    ]
  `);
});

const built = {
  home: paths.home(), setup: paths.setup({ code: "K7PX-2M9Q" }), signIn: paths.signIn({ next: "/recordings?at=2026-11-21T13:50:32.480Z" }), live: paths.live(), liveCamera: paths.liveCamera("0a"),
  recordings: paths.recordings({ at: "2026-11-21T13:50:32.480Z", cams: ["0a", "0b"] }), alarms: paths.alarms(), devices: paths.devices({ device: "0a" }),
  addDevices: paths.addDevices({ tab: "address" }), settings: paths.settings("storage"), more: paths.more(), account: paths.account(), user: paths.user("0a"), userWhy: paths.user("0a", "why"), group: paths.group("0b"),
};

test("what the builder makes", () => {
  expect(built).toMatchInlineSnapshot(`
    {
      "account": "/account",
      "addDevices": "/devices/add?tab=address",
      "alarms": "/alarms",
      "devices": "/devices?device=0a",
      "group": "/settings/groups/0b",
      "home": "/",
      "live": "/live",
      "liveCamera": "/live/camera/0a",
      "more": "/more",
      "recordings": "/recordings?at=2026-11-21T13%3A50%3A32.480Z&cams=0a%2C0b",
      "settings": "/settings/storage",
      "setup": "/setup?code=K7PX-2M9Q",
      "signIn": "/sign-in?next=%2Frecordings%3Fat%3D2026-11-21T13%3A50%3A32.480Z",
      "user": "/settings/users/0a",
      "userWhy": "/settings/users/0a/why",
    }
  `);
});

test.each(Object.entries(built))("%s has a screen", (_, path) => {
  expect(matchRoutes(routes, path)?.at(-1)?.route.path).not.toBe("*");
});

describe("a sign-in leads", () => {
  test.each([
    ["/recordings?at=1", "/recordings?at=1"], [null, "/"], ["https://evil.example/", "/"], ["//evil.example/", "/"], ["/\\evil.example", "/"], ["", "/"],
  ])("from %s to %s", (next, place) => expect(safeNext(next)).toBe(place));
});
