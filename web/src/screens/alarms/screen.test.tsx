import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderAt } from "../../test/render";

test("the bar shows the newest alarm; acknowledged, the next one", async () => {
  renderAt("/settings/about");
  const bar = await screen.findByRole("contentinfo");
  await within(bar).findByText("Lobby: no frames since 13:58:04");
  await userEvent.click(within(bar).getByRole("button", { name: /^Acknowledge/ }));
  expect(await within(bar).findByText("Store room: the password is refused")).toBeTruthy();
});

test("Go to leads to the moment in the recordings, or to where the password is typed", async () => {
  renderAt("/alarms");
  const list = await screen.findByRole("list", { name: "Alarms" });
  const links = within(list).getAllByRole("link").map((link) => link.getAttribute("href") ?? "");
  expect(links[0]).toMatch(/^\/recordings\?at=.*&cams=0{31}4$/);
  expect(links[1]).toBe(`/devices?device=${"5".padStart(32, "0")}`);
});

test("acknowledged alarms leave the open ones and stay in all", async () => {
  renderAt("/alarms");
  const list = await screen.findByRole("list", { name: "Alarms" });
  await userEvent.click(within(list).getAllByRole("button", { name: /^Acknowledge/ })[0] as HTMLElement);
  await waitFor(() => expect(within(list).getAllByRole("listitem")).toHaveLength(1));
  await userEvent.click(screen.getByRole("link", { name: "All 4" }));
  await waitFor(() => expect(within(screen.getByRole("list", { name: "Alarms" })).getAllByRole("listitem")).toHaveLength(4));
});

test("a site without alarms says what would be one", async () => {
  renderAt("/alarms", { empty: true });
  expect(await screen.findByText("No open alarms", { selector: "h2" })).toBeTruthy();
});

test("the alarm of a directory and of the certificate lead to their rooms", async () => {
  const since = new Date().toISOString();
  const alarm = { advice: "Look at it.", since };
  const items = [
    { ...alarm, id: "a".repeat(32), kind: "directory-down" as const, directory: "d".repeat(32), title: "Head office: the directory cannot be asked" },
    { ...alarm, id: "b".repeat(32), kind: "certificate-ends-soon" as const, title: "The TLS certificate ends within 7 days" },
  ];
  renderAt("/alarms", {}, { "/v1/alarms": { get: () => ({ items }) } });
  const list = await screen.findByRole("list", { name: "Alarms" });
  expect(within(list).getAllByRole("link").map((link) => link.getAttribute("href"))).toEqual(["/settings/directories", "/settings/certificate"]);
});
