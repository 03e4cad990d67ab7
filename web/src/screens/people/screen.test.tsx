import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { users } from "../../../mock/people-data";
import type { Directory, User } from "../../api/types";
import { renderAt } from "../../test/render";

const OLGA = `/settings/users/${(0x802).toString(16).padStart(32, "0")}`;
const camera = (number: number) => number.toString(16).padStart(32, "0");
const cell = (name: string) => screen.findByRole("checkbox", { name });

test("users are listed with role, groups, last sign-in and source, filtered, and led to their page", async () => {
  const page = renderAt("/settings/users");
  const row = await screen.findByRole("row", { name: /Olga/ });
  expect(within(row).getAllByRole("gridcell").map((one) => one.textContent).join("|")).toContain("Operator|Night shift|");
  expect(within(screen.getByRole("row", { name: /^root/ })).getByText("This machine")).toBeTruthy();
  await userEvent.type(screen.getByRole("searchbox"), "reception");
  await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(2));
  await userEvent.click(screen.getByRole("row", { name: /Olof/ }));
  await waitFor(() => expect(page.at()).toMatch(/^\/settings\/users\/0+803$/));
});

test("a user is added and led to the rights; a name that is taken is said at the form", async () => {
  const page = renderAt("/settings/users");
  await userEvent.click(await screen.findByRole("button", { name: "Add a user" }));
  await userEvent.type(screen.getByLabelText("Name"), "olga");
  await userEvent.type(screen.getByLabelText("Password"), "pier and yard");
  await userEvent.click(screen.getByLabelText(/^Operator/));
  await userEvent.click(screen.getByLabelText("Night shift"));
  await userEvent.click(screen.getByRole("button", { name: "Add the user" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The name is taken.");
  await userEvent.type(screen.getByLabelText("Name"), " two");
  await userEvent.click(screen.getByRole("button", { name: "Add the user" }));
  expect(await screen.findByRole("heading", { name: "olga two" })).toBeTruthy();
  expect(page.sent("POST")?.body).toMatchObject({ name: "olga two", role: "operator", groups: [camera(0x601)] });
});

test("a cell says what it holds and from where; what nothing asks for cannot be set and says so", async () => {
  renderAt(OLGA);
  await userEvent.hover(await cell("Video, Gate north"));
  await screen.findByText("Gate north, Video. Held: from the group Night shift on the folder Outside.");
  await userEvent.hover(await cell("Access, Lobby"));
  await screen.findByText(/Held: granted here, comes with Video; granted here, comes with Record by hand\./);
  const steer = await cell("Steer (PTZ), Lobby");
  expect(steer.getAttribute("aria-disabled")).toBe("true");
  await userEvent.click(steer);
  expect(steer.getAttribute("aria-checked")).toBe("false");
  await screen.findByText("Lobby, Steer (PTZ). Nothing in this release asks for it yet.");
});

test("a row, a column and a cell are set, taken back and taken again; saving sends it all at once", async () => {
  const page = renderAt(OLGA);
  await userEvent.click(await cell("Everything, Dock 3"));
  for (const name of ["Access", "Video", "Listen", "Record by hand"]) expect((await cell(`${name}, Dock 3`)).getAttribute("aria-checked")).toBe("true");
  await userEvent.click(await cell("Listen, each camera listed"));
  expect((await cell("Listen, Store room")).getAttribute("aria-checked")).toBe("true");
  await userEvent.click(screen.getByRole("button", { name: /^Undo/ }));
  expect((await cell("Listen, Store room")).getAttribute("aria-checked")).toBe("false");
  (await cell("Listen, Store room")).focus();
  await userEvent.keyboard("{Control>}y{/Control}");
  expect((await cell("Listen, Store room")).getAttribute("aria-checked")).toBe("true");
  await userEvent.keyboard("{Control>}z{/Control}");
  await userEvent.click(screen.getByLabelText("Reception Viewer"));
  await userEvent.click(screen.getByRole("button", { name: "Save…" }));
  const lines = within(await screen.findByRole("list", { name: "What will change" })).getAllByRole("listitem").map((line) => line.textContent);
  expect(lines).toEqual(["Sets Into the group Reception", "Gives Access, Video, Listen, Record by hand on Dock 3"]);
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await screen.findByText("The rights of Olga were saved.");
  const sent = page.sent("PATCH")?.body as { grants: unknown[]; groups: string[] };
  expect(sent.groups).toEqual([camera(0x601), camera(0x602)]);
  expect(sent.grants).toHaveLength(8);
  expect(sent.grants).toContainEqual({ privilege: "camera-listen", camera: camera(8) });
});

test("arrows go from cell to cell, Space sets one, and only one cell is on the way of Tab", async () => {
  renderAt(OLGA);
  (await cell("Video, Lobby")).focus();
  await userEvent.keyboard("{ArrowRight}{ArrowUp} ");
  const focused = document.activeElement as HTMLElement;
  expect(focused.getAttribute("aria-label")).toBe("Listen, Car park radar");
  expect(focused.getAttribute("aria-checked")).toBe("true");
  const grid = screen.getByRole("grid", { name: "Rights on cameras" });
  expect(within(grid).getAllByRole("checkbox").filter((one) => one.tabIndex === 0)).toHaveLength(1);
});

test("what was changed is not left unsaved without a question", async () => {
  const page = renderAt(OLGA);
  await userEvent.click(await cell("Video, Dock 3"));
  await userEvent.click(screen.getByRole("link", { name: "Groups" }));
  await screen.findByRole("alertdialog", { name: "Leave without saving?" });
  await userEvent.click(screen.getByRole("button", { name: "Stay" }));
  expect(page.at()).toBe(OLGA);
  await userEvent.click(screen.getByRole("link", { name: "Groups" }));
  await userEvent.click(await screen.findByRole("button", { name: "Leave" }));
  await screen.findByRole("heading", { name: "Groups" });
});

test("a limit on the age of recordings says which group shows more", async () => {
  renderAt(OLGA);
  expect(await screen.findByText(/The group Night shift shows those of the last 12 h/)).toBeTruthy();
  expect((await screen.findAllByText("Last 12 h")).length).toBeGreaterThan(1);
  await userEvent.click(screen.getByLabelText(/^Prevent access to recordings older than/));
  await waitFor(() => expect(screen.queryByText(/The group Night shift shows/)).toBeNull());
});

test("the site's own answer says what somebody may do, and why", async () => {
  renderAt(`${OLGA}/why`);
  await screen.findByText(/Knows of \d of 8 cameras/);
  await userEvent.click(await screen.findByRole("button", { name: /^Lobby/ }));
  expect(within(screen.getByRole("table", { name: "Why: Lobby" })).getAllByText("“camera-video” granted to the user").length).toBeGreaterThan(0);
});

test("a user is disabled and allowed again; the last administrator stays", async () => {
  const page = renderAt(`${OLGA}/sign-in`);
  await userEvent.click(await screen.findByRole("button", { name: "Disable" }));
  await userEvent.click(screen.getByRole("button", { name: "Disable Olga" }));
  await userEvent.click(await screen.findByRole("button", { name: "Allow sign-in again" }));
  await screen.findByRole("button", { name: "Disable" });
  expect(page.sent("PATCH")?.body).toEqual({ disabled: false });
});

test("a user of a directory is shown with its name as source, and keeps the name and password that are there", async () => {
  const directory: Directory = { id: camera(0xd01), name: "Harbour AD", kind: "active-directory", servers: [{ host: "dc.example.org", port: 636 }], base: "dc=example,dc=org", account: "cn=search", state: {}, users: 1, groups: 0 };
  const [first, ines] = users();
  if (!first || !ines) throw new Error("The mock site has no users.");
  const anna: User = { ...first, name: "anna", directory: { directory: directory.id, full_name: "Anna Berg", standing: "gone", confirmed: first.created } };
  const over = { "/v1/directories": { get: () => ({ items: [directory] }) }, "/v1/users": { get: () => ({ items: [anna, ines] }) } };
  const page = renderAt("/settings/users", {}, over);
  const row = await screen.findByRole("row", { name: /anna/ });
  const cells = within(row).getAllByRole("gridcell").map((one) => one.textContent).join("|");
  expect(cells).toContain("Harbour ADAnna Berg|RefusedNo longer in the directory.");
  expect(within(screen.getByRole("row", { name: /Ines/ })).getByText("This site")).toBeTruthy();
  await page.router.navigate(`/settings/users/${anna.id}/sign-in`);
  await screen.findByText("Signs in with the password of Harbour AD");
  await screen.findByRole("button", { name: "Disable" });
  for (const name of ["Set another password", "Rename"]) expect(screen.queryByRole("button", { name })).toBeNull();
});

test("a camera is moved to another folder, into it before out of the old one", async () => {
  const page = renderAt("/settings/folders");
  await userEvent.click(await screen.findByRole("button", { name: "Move Dock 3" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Move to Outside" }));
  await screen.findByText("Dock 3 was moved to Outside.");
  const puts = page.asked.filter(({ method }) => method === "PUT").map(({ body }) => (body as { name: string }).name);
  expect(puts).toEqual(["Outside", "Docks"]);
  expect(within(screen.getByRole("list", { name: "Cameras in Outside" })).getByText("Dock 3")).toBeTruthy();
});

test("a group is made with its role, and its members are saved with its rights", async () => {
  const page = renderAt("/settings/groups", { empty: true });
  await userEvent.click(await screen.findByRole("button", { name: "Add a group" }));
  await userEvent.type(screen.getByLabelText("Name"), "Day shift");
  await userEvent.click(screen.getByRole("button", { name: "Add the group" }));
  await userEvent.click(await screen.findByLabelText("Ines Administrator"));
  await userEvent.click(await cell("Video, All cameras"));
  await userEvent.click(screen.getByRole("button", { name: "Save…" }));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await screen.findByText("The rights of Day shift were saved.");
  expect(page.sent("PUT")?.body).toMatchObject({ name: "Day shift", role: "operator", grants: [{ privilege: "camera-video" }], members: [camera(902)] });
});

test("users of a directory are found, chosen and let in with a role; those who are in already are shown as such", async () => {
  const page = renderAt("/settings/users");
  await userEvent.click(await screen.findByRole("button", { name: "Add a user" }));
  await userEvent.click(screen.getByRole("button", { name: /From/ }));
  await userEvent.click(await screen.findByRole("option", { name: /Head office/ }));
  const grid = await screen.findByRole("grid", { name: "Users of the directory" });
  const anna = within(grid).getByRole("row", { name: /anna\.berg/ });
  expect(within(anna).queryByRole("checkbox")).toBeNull();
  expect(within(anna).getByText("Operator")).toBeTruthy();
  await userEvent.type(screen.getByRole("searchbox", { name: "Filter users of Head office" }), "warehouse");
  await waitFor(() => expect(within(grid).queryByText("anna.berg")).toBeNull());
  for (const box of within(grid).getAllByRole("checkbox").slice(1)) await userEvent.click(box);
  await userEvent.click(screen.getByLabelText(/^Operator/));
  await userEvent.click(screen.getByRole("button", { name: "Add 2 users" }));
  await screen.findByText("2 users were added.");
  const sent = page.asked.filter(({ method }) => method === "POST").map(({ path, body }) => [path.split("/").at(-1), body]);
  expect(sent).toEqual([["users", { key: "k-bo", role: "operator" }], ["users", { key: "k-cleo", role: "operator" }]]);
  await screen.findByRole("row", { name: /bo\.lind@example\.org/ });
});

test("a group of a directory is let in, and says that its members are decided there", async () => {
  renderAt("/settings/groups");
  expect(within(await screen.findByRole("row", { name: /Guards/ })).getByText("Head office")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Add a group" }));
  await userEvent.click(screen.getByRole("button", { name: /From/ }));
  await userEvent.click(await screen.findByRole("option", { name: /Head office/ }));
  await userEvent.click(within(await screen.findByRole("row", { name: /Porters/ })).getByRole("checkbox"));
  await userEvent.click(screen.getByRole("button", { name: "Add the group" }));
  await screen.findByRole("heading", { name: "Porters@example.org" });
  expect(screen.getByRole("note").textContent).toContain("A group of Head officeWho is in it is decided there");
  expect(screen.queryByRole("button", { name: "Rename" })).toBeNull();
});

test("membership in a directory's group is shown and cannot be set here", async () => {
  renderAt(`/settings/users/${camera(0x806)}`);
  const box = await screen.findByLabelText("Guards@example.org Operator, by Head office");
  expect((box as HTMLInputElement).disabled && (box as HTMLInputElement).checked).toBe(true);
  expect((screen.getByLabelText("Night shift Operator") as HTMLInputElement).disabled).toBe(false);
});
