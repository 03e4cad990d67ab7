/** The pictures of `docs/images`: real screens of a demo that has recorded for a while, dark, light and on a phone. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { goTo, signIn } from "./fixtures/app";
import { type TestBrowser, desktop, openBrowser, openPage, phone } from "./fixtures/browser";
import { type Demo, startDemo } from "./fixtures/demo";

const IMAGES = join(import.meta.dirname, "../../docs/images");
/** So long it records before the first picture is taken: a timeline wants something to show. */
const RECORD_MS = 60_000;
/** So long a screen gets for its first pictures and words. */
const SETTLE_MS = 4000;

let demo: Demo;
let browser: TestBrowser;

beforeAll(async () => {
  demo = await startDemo();
  browser = await openBrowser(demo.certificatePem);
  mkdirSync(IMAGES, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** @param pictures names of the pictures and the addresses that they show. */
async function take(pictures: Record<string, string>, options: BrowserContextOptions, theme: "dark" | "light") {
  const { page } = await openPage(browser.browser, options);
  await page.addInitScript((chosen) => localStorage.setItem("martello.theme", chosen), theme);
  await signIn(page, demo, "/live");
  for (const [name, path] of Object.entries(pictures)) {
    await goTo(page, path);
    await wait(SETTLE_MS);
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
  }
  await page.context().close();
}

test("pictures", async () => {
  await wait(RECORD_MS);
  await take({ live: "/live", recordings: "/recordings", devices: "/devices", "add-devices": "/devices/add", storage: "/settings/storage" }, desktop, "dark");
  await take({ light: "/devices" }, desktop, "light");
  await take({ phone: "/live", "phone-recordings": "/recordings" }, phone, "dark");
});
