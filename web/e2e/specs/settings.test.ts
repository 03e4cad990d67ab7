/** Settings that the site keeps, and alarms. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { signIn } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, openBrowser, openPage } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";

let demo: Demo;
let browser: TestBrowser;
let watched: WatchedPage;

beforeAll(async () => {
  demo = await startDemo();
  browser = await openBrowser(demo.certificatePem);
  watched = await openPage(browser.browser);
  await signIn(watched.page, demo, "/settings");
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const room = (name: string) => watched.page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name }).click();

test("a new name and time zone show in the top bar at once", async () => {
  const { page } = watched;
  await page.getByRole("textbox", { name: "Name" }).fill("Pier 4");
  const zone = page.getByRole("combobox", { name: "Time zone" });
  await zone.fill("Kolkata");
  await page.keyboard.press("ArrowDown");
  await page.locator('[role="option"][data-focused]', { hasText: "Asia/Kolkata" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("banner").getByText("Pier 4").waitFor();
  await page.getByRole("banner").getByText("GMT+5:30").waitFor();
});

test("the storage tells what it holds and keeps a limit", async () => {
  const { page } = watched;
  await room("Storage");
  await page.getByText(/Free .* of /).first().waitFor();
  await page.getByText("Limit what recordings may take").first().click();
  const limit = page.getByRole("textbox", { name: "Limit" }).first();
  await limit.fill("5");
  await limit.press("Tab");
  await page.getByRole("button", { name: "Save the volume" }).click();
  await page.getByText("The volume was saved.").waitFor();
  await page.reload();
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('input[inputmode="decimal"], input[inputmode="numeric"]')?.value === "5");
});

test("a webhook that nobody answers is told when it is tested", async () => {
  const { page } = watched;
  await room("Notifications");
  await page.getByText(/^Webhook/).click();
  await page.getByRole("textbox", { name: "Address" }).fill("http://127.0.0.1:9/hook");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Notifications were saved.").waitFor();
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByRole("alert").waitFor();
});

test("About tells the certificate ID of the ready file", async () => {
  await room("About");
  const shown = (await watched.page.getByRole("definition").allTextContents()).join(" ").replaceAll(/[^0-9a-f]/gi, "");
  expect(shown).toContain(demo.site.certificate_id.replaceAll(/[^0-9a-f]/gi, ""));
});

test("a camera that refuses its password becomes an alarm that can be acknowledged", async () => {
  const { page } = watched;
  const [camera] = demo.cameras;
  await page.getByRole("link", { name: "Devices" }).first().click();
  await page.getByRole("grid", { name: "Devices" }).getByRole("row", { name: camera?.name ?? "" }).click();
  await page.getByLabel("New password").fill("not the password");
  await page.getByRole("button", { name: "Save" }).click();
  const bar = page.getByRole("contentinfo");
  await bar.getByRole("button", { name: /^Acknowledge/ }).waitFor({ timeout: 45_000 });
  await page.getByRole("link", { name: /Alarms/ }).first().click();
  await page.getByRole("list", { name: "Alarms" }).getByRole("button", { name: /^Acknowledge/ }).first().click();
  await page.getByRole("link", { name: /^All/ }).click();
  await page.getByRole("list", { name: "Alarms" }).getByText(demo.site.user).waitFor();
});

test("nothing went wrong in the console on the way", () => {
  // Refused and undeliverable are answers of these tests: the browser prints their status by itself.
  expect(watched.errors().filter((text) => !/status of (?:401|422)/.test(text))).toEqual([]);
});
