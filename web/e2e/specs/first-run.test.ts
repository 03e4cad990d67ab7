/** The first minutes: the setup link of a new site, and adding all cameras of a network at once. */
import { afterEach, expect, test } from "vitest";
import { expectNoAxeFindings, signIn, smallTargets } from "../fixtures/app";
import { type TestBrowser, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, startDemo, startSite } from "../fixtures/demo";

let system: Demo | undefined;
let browser: TestBrowser | undefined;

afterEach(async () => {
  await browser?.close();
  await system?.stop();
});

const hex = (text: string) => text.replaceAll(/[^0-9a-f]/gi, "").toLowerCase();

test("the setup link shows who the site is, makes the administrator once, asks for a backup, and leads to adding devices", async () => {
  system = await startSite();
  browser = await openBrowser(system.certificatePem);
  const { page, errors } = await openPage(browser.browser);
  await page.goto(system.site.setup_url ?? "");
  await page.getByRole("heading", { name: "Why the browser warned" }).waitFor();
  const shown = (await page.getByRole("definition").allTextContents()).map(hex);
  expect(shown[0]).toContain(hex(system.site.certificate_id));
  expect(shown[1]).toContain(hex(system.site.tls_certificate_sha256));
  await expectNoAxeFindings(page, "/setup");

  await page.getByLabel("Name of the site").fill("Harbour £¤ÅÄÖ");
  await page.getByLabel("Administrator").fill("Ines");
  await page.getByLabel("Password", { exact: true }).fill("£¤ÅÄÖ🗝 light");
  await page.getByLabel("Password again").fill("£¤ÅÄÖ🗝 light");
  await page.getByRole("button", { name: /Make the administrator/ }).click();
  await page.getByText(`martello backup --data ${system.data}`).waitFor();
  await expectNoAxeFindings(page, "the end of /setup");
  await page.getByRole("button", { name: "Go on to the cameras" }).click();
  await page.getByRole("heading", { name: "Add devices" }).waitFor();
  await page.getByRole("banner").getByText("Harbour £¤ÅÄÖ").waitFor();

  const second = await openPage(browser.browser, phone);
  await second.page.goto(system.site.setup_url ?? "");
  await second.page.getByLabel("User").fill("Ines");
  expect(await smallTargets(second.page)).toEqual([]);
  await second.page.getByLabel("Password").fill("£¤ÅÄÖ🗝 light");
  await second.page.getByRole("button", { name: "Sign in" }).click();
  await second.page.getByRole("navigation", { name: "Rooms" }).first().waitFor();
  expect([...errors(), ...second.errors()]).toEqual([]);
});

test("all cameras of the network are chosen at once, get one password, and come to record", async () => {
  system = await startDemo("--empty");
  browser = await openBrowser(system.certificatePem);
  const { page, errors } = await openPage(browser.browser);
  await signIn(page, system, "/devices");
  await page.getByRole("heading", { name: "No devices yet" }).waitFor();
  await page.getByRole("link", { name: "Add devices" }).click();
  const found = page.getByRole("grid", { name: "Found devices" });
  for (const camera of system.cameras) await found.getByRole("row").filter({ hasText: new URL(camera.http).hostname }).waitFor({ timeout: 30_000 });
  await page.getByText(/devices answered at/).waitFor({ timeout: 30_000 });
  await found.locator("label", { has: page.getByRole("checkbox", { name: "Select All" }) }).click();
  const amount = system.cameras.length;
  await page.getByLabel("Password at the cameras").fill(system.cameras[0]?.password ?? "");
  await page.getByRole("button", { name: `Add ${amount} devices` }).click();
  await page.getByText(`${amount} devices were added.`).waitFor({ timeout: 30_000 });
  await page.getByRole("link", { name: "Done" }).click();
  const rows = page.getByRole("grid", { name: "Devices" }).getByRole("row").filter({ hasText: "H.264" }).filter({ hasText: "Recording" });
  await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(amount);
  expect(errors()).toEqual([]);
});
