import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { directories } from "../../../mock/people-data";
import type { Directory } from "../../api/types";
import { renderAt } from "../../test/render";
import { passwordStays, settingsOf, valuesOf, wrongWith } from "./directories";

const card = async (name: string) => (await screen.findByRole("heading", { name })).closest("li") as HTMLElement;
const [office, guards] = directories() as [Directory, Directory];

test("a directory says whether it answers, and one that does not since when and who goes on until when", async () => {
  renderAt("/settings/directories");
  expect(within(await card("Head office")).getByText("Answers")).toBeTruthy();
  const away = (await card("Harbour guards")).textContent;
  for (const part of [/No answer since \d\d:\d\d:\d\d/, /cannot be reached: connection refused\./, /Users of this site sign in as always\. Whoever it confirmed last goes on until/, /its users go on for 2 days/, /14 users, 3 groups/, /StartTLS/]) expect(away).toMatch(part);
});

test("a directory is tried and added; what is missing is said at its field first", async () => {
  const page = renderAt("/settings/directories", { empty: true });
  await userEvent.click(await screen.findByRole("button", { name: "Add a directory" }));
  await userEvent.click(screen.getByRole("button", { name: "Test the connection" }));
  expect(await screen.findByText("Type 1 to 4 servers.")).toBeTruthy();
  expect(page.sent("POST")).toBeUndefined();
  for (const [label, text] of [["Name", "Office"], ["Servers", "10.0.0.1"], ["Base", "dc=a"], ["Account that searches", "cn=s"], ["Its password", "search only"]] as const) await userEvent.type(screen.getByLabelText(label), text);
  await userEvent.click(screen.getByLabelText(/^One certificate/));
  await userEvent.type(screen.getByLabelText("SHA-256 of the certificate"), "0f".repeat(32));
  await userEvent.click(screen.getByRole("button", { name: "Test the connection" }));
  expect((await screen.findByRole("alert")).textContent).toContain("10.0.0.1:636 does not answer");
  await userEvent.clear(screen.getByLabelText("Servers"));
  await userEvent.type(screen.getByLabelText("Servers"), "dc1.example.org:3269");
  await userEvent.click(screen.getByRole("button", { name: "Test the connection" }));
  expect(await screen.findByText("The account sees 1000 users or more and 38 groups.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Add the directory" }));
  expect(await card("Office")).toBeTruthy();
  expect(page.sent("POST")?.body).toEqual({ name: "Office", kind: "active-directory", servers: [{ host: "dc1.example.org", port: 3269 }], security: "ldaps", certificate_sha256: "0f".repeat(32), base: "dc=a", account: "cn=s", password: "search only", offline_minutes: 480 });
});

test("the order is changed, and a directory is removed after a question that says what goes", async () => {
  const page = renderAt("/settings/directories");
  await userEvent.click(await screen.findByRole("button", { name: "Ask Harbour guards earlier" }));
  await waitFor(() => expect(page.sent("PUT")?.body).toEqual({ directories: [guards.id, office.id] }));
  await waitFor(() => expect(screen.getAllByRole("heading", { level: 3 }).map((one) => one.textContent)).toEqual(["Harbour guards", "Head office"]));
  await userEvent.click(screen.getByRole("button", { name: "Remove Head office" }));
  const question = await screen.findByRole("alertdialog");
  expect(question.textContent).toContain("1 user and 1 group of it go from here");
  await userEvent.click(within(question).getByRole("button", { name: "Remove Head office" }));
  await waitFor(() => expect(screen.queryByRole("heading", { name: "Head office" })).toBeNull());
});

test("a kept directory is tried with the password that the site has", async () => {
  const page = renderAt("/settings/directories");
  await userEvent.click(await screen.findByRole("button", { name: "Test Head office" }));
  await screen.findByText("It answers");
  expect(page.sent("POST")?.body).toMatchObject({ directory: office.id, name: "Head office", account: office.account });
  expect(page.sent("POST")?.body).not.toHaveProperty("password");
});

describe("the form", () => {
  test.each(directories().map((one) => [one.name, one] as const))("keeps %s as it is", (_, directory) => {
    const { id: _id, state: _state, users: _users, groups: _groups, ...settings } = directory;
    expect(settingsOf(valuesOf(directory))).toEqual(settings);
    expect(wrongWith(valuesOf(directory), true)).toEqual({});
  });
  test.each([
    ["another account", { account: "cn=other" }, false], ["another port", { servers: "dc1.example.org:1636\ndc2.example.org" }, false], ["StartTLS", { security: "starttls" as const }, false], ["another base", { base: "dc=b" }, true],
  ])("with %s, the password that is kept counts: see the last column", (_, part, stays) => expect(passwordStays({ ...valuesOf(office), ...part }, office)).toBe(stays));
  test.each([
    ["no name", { name: " " }, "name"], ["no server", { servers: "" }, "servers"], ["five servers", { servers: "a b c d e" }, "servers"], ["a port that is none", { servers: "dc1:ldaps" }, "servers"], ["a port too high", { servers: "dc1:70000" }, "servers"],
    ["no authority", { authority: "-----BEGIN PRIVATE KEY-----" }, "authority"], ["a short pin", { trust: "certificate" as const, sha256: "0f" }, "sha256"], ["no base", { base: "" }, "base"], ["no account", { account: "" }, "account"],
    ["more than a week", { offlineHours: 169 }, "offlineHours"], ["no number", { offlineHours: Number.NaN }, "offlineHours"],
  ])("%s is wrong", (_, part, field) => expect(Object.keys(wrongWith({ ...valuesOf(office), ...part }, true))).toEqual([field]));
  test("no password is wrong where none is kept", () => expect(wrongWith(valuesOf(office), false)).toEqual({ password: "Type its password." }));
  test("servers are read as people write them", () => {
    const { servers } = settingsOf({ ...valuesOf(office), servers: "dc1.example.org, 192.0.2.1:1636;2001:db8::1 [2001:db8::2]:3269" });
    expect(servers.map(({ host, port }) => `${host} ${port}`)).toEqual(["dc1.example.org 636", "192.0.2.1 1636", "2001:db8::1 636", "2001:db8::2 3269"]);
  });
});
