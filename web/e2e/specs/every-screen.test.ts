/** What every screen is held to: WCAG 2.2 AA, no error in the console, keys, and fingers on a phone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNoAxeFindings, goTo, signIn, smallTargets } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, desktop, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";

let demo: Demo;
let browser: TestBrowser;

beforeAll(async () => {
  demo = await startDemo();
  browser = await openBrowser(demo.certificatePem);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Every address with something by which one sees that the screen is there. */
const screens: [string, RegExp][] = [
  ["/live", /^Live$/], ["/recordings", /^Recordings$/], ["/exports", /^Exports$/], ["/alarms", /^Alarms$/], ["/devices", /^Devices$/], ["/devices/add", /^Add devices$/], ["/devices/add?tab=address", /^Add devices$/],
  ["/settings/site", /^Site$/], ["/settings/users", /^Users$/], ["/settings/groups", /^Groups$/], ["/settings/directories", /^Directories$/], ["/settings/folders", /^Folders$/], ["/settings/audit", /^Audit log$/], ["/settings/storage", /^Storage$/], ["/settings/notifications", /^Notifications$/], ["/settings/certificate", /^Certificate$/], ["/settings/about", /^Identity$/], ["/account", /^Tokens$/], ["/preferences", /^Preferences$/], ["/more", /^More$/],
];

async function show(page: WatchedPage["page"], path: string, heading: RegExp) {
  await goTo(page, path);
  await page.getByRole("heading", { name: heading }).first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[role="status"] .sr-only'));
}

describe.each(["dark", "light"] as const)("in %s", (theme) => {
  let watched: WatchedPage;
  beforeAll(async () => {
    watched = await openPage(browser.browser, desktop);
    await watched.page.addInitScript((chosen) => localStorage.setItem("martello.theme", chosen), theme);
    await watched.page.goto(`${demo.site.url}/sign-in`);
    await watched.page.getByLabel("User").waitFor();
    await expectNoAxeFindings(watched.page, "/sign-in");
    await signIn(watched.page, demo);
  });
  afterAll(() => watched?.page.context().close());

  test.each(screens)("%s has no finding of axe", async (path, heading) => {
    await show(watched.page, path, heading);
    await expectNoAxeFindings(watched.page, path);
    expect(watched.errors()).toEqual([]);
  });
});

describe("on a phone", () => {
  let watched: WatchedPage;
  beforeAll(async () => {
    watched = await openPage(browser.browser, phone);
    await signIn(watched.page, demo);
  });
  afterAll(() => watched?.page.context().close());

  test.each(screens)("%s fits its width and has targets for fingers", async (path, heading) => {
    const { page } = watched;
    await show(page, path, heading);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    expect(await smallTargets(page)).toEqual([]);
    await expectNoAxeFindings(page, `${path} on a phone`);
    expect(watched.errors()).toEqual([]);
  });
});

describe("with keys alone", () => {
  let watched: WatchedPage;
  beforeAll(async () => {
    watched = await openPage(browser.browser, desktop);
    await signIn(watched.page, demo, "/devices");
  });
  afterAll(() => watched?.page.context().close());

  test("g and a letter go to a room; ? shows the keys and Escape closes them", async () => {
    const { page } = watched;
    // Without a pause, however slow the machine: after a while a begun sequence is forgotten.
    await Promise.all(["g", "a"].map((key) => page.keyboard.press(key)));
    await page.getByRole("heading", { name: "Alarms", exact: true }).waitFor();
    await page.keyboard.press("Shift+?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
  });

  test("/ goes to the filter, letters there are text, and the list is reached with Tab and arrows", async () => {
    const { page } = watched;
    await goTo(page, "/devices");
    await page.getByRole("grid", { name: "Devices" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("gl");
    expect(await page.getByRole("searchbox").inputValue()).toBe("gl");
    await page.keyboard.press("Escape");
    expect(new URL(page.url()).pathname).toBe("/devices");
    await page.getByRole("link", { name: /^All/ }).focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary").waitFor();
  });

  test("the first Tab offers to skip to the content", async () => {
    const { page } = watched;
    await page.reload();
    await page.getByRole("grid", { name: "Devices" }).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("room");
  });
});

test("when the site goes away, the bar says so and when it is tried again", async () => {
  const { page } = await openPage(browser.browser, desktop);
  await signIn(page, demo, "/alarms");
  await demo.stop();
  await page.getByText(/Connection lost, trying again in \d+ s/).waitFor({ timeout: 20_000 });
  await page.getByRole("button", { name: "Connection lost" }).waitFor();
  await page.context().close();
});
