import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import * as data from "../../../mock/data";
import { renderAt } from "../../test/render";
import { notificationsOf, valuesOf, wrongWith } from "./notifications";

test("a volume tells its room, its oldest recording and what a power cut would lose", async () => {
  renderAt("/settings/storage");
  const volume = (await screen.findByRole("heading", { name: "/mnt/second" })).closest("article");
  expect(volume?.textContent).toContain("Free 40.0 GB of 2.0 TB");
  expect(volume?.textContent).toContain("63 days ago");
  expect(volume?.textContent).toContain("the last 4.2 s");
});

test("a smaller limit says what it deletes and is sent in bytes", async () => {
  const page = renderAt("/settings/storage");
  const limit = (await screen.findAllByLabelText("Limit"))[0] as HTMLInputElement;
  await userEvent.clear(limit);
  await userEvent.type(limit, "400");
  await userEvent.tab();
  expect(await screen.findByText(/The oldest 12\.6 GB are deleted/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Save the volume" }));
  await waitFor(() => expect(page.sent("PATCH")?.body).toEqual({ limit_bytes: 400_000_000_000, kind: "main" }));
});

test("what fails, what is foreign, what is kept and what is locked is told", async () => {
  const page = renderAt("/settings/storage");
  const foreign = (await screen.findByRole("heading", { name: "/mnt/from-the-old-site" })).closest("article") as HTMLElement;
  await userEvent.click(within(foreign).getByRole("button", { name: "Adopt" }));
  await userEvent.click(screen.getByRole("button", { name: "Adopt the volume" }));
  await waitFor(() => expect(page.sent("POST")?.body).toEqual({ confirm: true }));
  const cameras = await screen.findByRole("list", { name: "Cameras" });
  expect(cameras.textContent).toContain("about 31 days at this rate");
  const locks = await screen.findByRole("list", { name: "Locks" });
  expect(within(locks).getByText("Asked for by the police, case 7-2291")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Unlock Break-in at gate 2" }));
  await userEvent.click(screen.getByRole("button", { name: "Unlock" }));
  await screen.findByText("Nothing is locked");
});

test("a volume is added by its whole path", async () => {
  const page = renderAt("/settings/storage");
  await userEvent.click(await screen.findByRole("button", { name: "Add a volume" }));
  await userEvent.type(screen.getByLabelText("Directory"), "/srv/more");
  await userEvent.click(within(screen.getByRole("dialog")).getByLabelText(/^Fallback/));
  await userEvent.click(screen.getByRole("button", { name: "Add it" }));
  await waitFor(() => expect(page.sent("POST")?.body).toEqual({ path: "/srv/more", kind: "fallback" }));
});

test("a test that could not be delivered says which server and what to check", async () => {
  renderAt("/settings/notifications");
  await userEvent.click(await screen.findByRole("button", { name: "Send a test" }));
  expect((await screen.findByRole("alert")).textContent).toBe("mail.example.com does not answer.Check the name and port of the mail server.");
});

test("the site's name is changed alone", async () => {
  const page = renderAt("/settings/site");
  const name = await screen.findByLabelText("Name");
  await userEvent.clear(name);
  await userEvent.type(name, "Pier 4");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(page.sent("PATCH")?.body).toEqual({ name: "Pier 4" }));
});

describe("the time zone", () => {
  const field = () => screen.findByRole<HTMLInputElement>("combobox", { name: "Time zone" });

  test("is found by a part of its name, however soon an arrow follows the last letter", async () => {
    const page = renderAt("/settings/site");
    const zone = await field();
    zone.focus();
    // Before the list has been opened: in one turn, as a fast hand on a slow machine does it.
    act(() => {
      fireEvent.change(zone, { target: { value: "kolk" } });
      fireEvent.keyDown(zone, { key: "ArrowDown" });
    });
    await screen.findByRole("option", { name: "Asia/Kolkata" });
    await waitFor(() => expect(zone.getAttribute("aria-activedescendant")).toBeTruthy());
    await userEvent.keyboard("{Enter}");
    expect(zone.value).toBe("Asia/Kolkata");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(page.sent("PATCH")?.body).toEqual({ time_zone: "Asia/Kolkata" }));
  });

  test("stays the chosen one when words are left that are none", async () => {
    renderAt("/settings/site");
    const zone = await field();
    await userEvent.clear(zone);
    await userEvent.type(zone, "Atlantis");
    await userEvent.tab();
    await waitFor(() => expect(zone.value).toBe("Europe/Stockholm"));
  });

  test("can be chosen from all of them without typing", async () => {
    renderAt("/settings/site");
    const zone = await field();
    zone.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect((await screen.findAllByRole("option")).length).toBeGreaterThan(300);
  });
});

describe("notification settings", () => {
  const values = valuesOf(data.notifications());
  test("come back as they were, without a password that was not typed", () => expect(notificationsOf(values)).toEqual(data.notifications()));
  test.each([
    ["no receiver", { to: " " }, "to"], ["a receiver that is none", { to: "ines@example.com, olof" }, "to"], ["no server", { host: "" }, "host"], ["no port", { port: Number.NaN }, "port"],
    ["a bad sender", { from: "site" }, "from"], ["a bad webhook", { webhook: true, url: "ftp://x" }, "url"],
  ])("%s is wrong", (_, part, field) => expect(Object.keys(wrongWith({ ...values, ...part }))).toEqual([field]));
  test("what is switched off is not checked", () => expect(wrongWith({ ...values, mail: false, to: "" })).toEqual({}));
});

test("a backup is asked for until there is one", async () => {
  renderAt("/settings/site", { empty: true });
  await screen.findByText("No backup was taken yet");
  expect(screen.getByText("martello backup --data /var/lib/martello --output site.backup")).toBeTruthy();
});

test("the last backup is told", async () => {
  renderAt("/settings/site");
  await screen.findByText(/^The last one was taken/);
  expect(screen.queryByText("No backup was taken yet")).toBeNull();
});

describe("the certificate", () => {
  test("of the site says what it is, and is replaced by an installed one, of which the site's own is served again after a question", async () => {
    const page = renderAt("/settings/certificate");
    await screen.findByText("Made by the site itself");
    expect(screen.getAllByText(/^(?:[0-9a-f]{4} ){15}[0-9a-f]{4}$/)).toHaveLength(1);
    expect(screen.getByText(/^(?:[0-9A-F]{2}:){15}[0-9A-F]{2}\s(?:[0-9A-F]{2}:){15}[0-9A-F]{2}$/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Install your own" }));
    const dialog = screen.getByRole("dialog");
    await userEvent.click(within(dialog).getByRole("button", { name: "Install it" }));
    expect(within(dialog).getByText("This does not look like fullchain.pem.")).toBeTruthy();
    const [chain, key] = ["-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"];
    await userEvent.type(within(dialog).getByLabelText(/^Certificate, and those/), chain);
    await userEvent.type(within(dialog).getByLabelText(/^Its private key/), key);
    await userEvent.click(within(dialog).getByRole("button", { name: "Install it" }));
    expect((await within(dialog).findByRole("alert")).textContent).toContain("does not belong to the certificate");
    await userEvent.clear(within(dialog).getByLabelText(/^Its private key/));
    await userEvent.type(within(dialog).getByLabelText(/^Its private key/), "-----BEGIN RSA PRIVATE KEY-----");
    await userEvent.click(within(dialog).getByRole("button", { name: "Install it" }));
    await screen.findByText(/Harbour authority\. Browsers know it only where somebody told them\./);
    expect(page.sent("PUT")?.body).toEqual({ chain_pem: chain, key_pem: "-----BEGIN RSA PRIVATE KEY-----" });
    await userEvent.click(screen.getByRole("button", { name: "Go back to the site's own" }));
    await userEvent.click(await screen.findByRole("button", { name: "Serve the site's own" }));
    await screen.findByText("Made by the site itself");
  });

  test("that ends soon says so and what to do", async () => {
    renderAt("/settings/certificate", { expiring: true });
    expect((await screen.findByRole("note")).textContent).toBe("The TLS certificate ends within 21 daysInstall the next one from who issued it, or go back to the one that the site makes itself.");
  });
});
