/**
 * How everything looks: each screen and state of the mock site (`stories/`), dark and light, on a desktop and a phone, held
 * against committed pictures. Renewed by `npm run baselines`, and looked at before they are committed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ScreenStory, addressOf, screens } from "../../stories/screens";
import { expectLooks, notComparable } from "../fixtures/baseline";
import { type TestBrowser, browserRelease, desktop, openBrowserAlike, openPage, phone } from "../fixtures/browser";

const WEB = join(import.meta.dirname, "../..");
/** Nothing answers there: the browser is given the files. An address of its own is the same on every machine. */
const ORIGIN = "https://harbour.example";
const themes = ["dark", "light"] as const;
type Theme = (typeof themes)[number];

let dir: string;
let browser: TestBrowser;
let judge: Page;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "martello-mock-"));
  await build({ root: WEB, mode: "mock", logLevel: "error", build: { outDir: dir, minify: false, reportCompressedSize: false } });
  browser = await openBrowserAlike();
  judge = (await openPage(browser.browser)).page;
});
afterAll(async () => {
  await browser?.close();
  await rm(dir, { recursive: true, force: true });
});

/** It is one moment: the clock stands, and what would happen in a second or later never comes. */
function freeze() {
  const now = Date.parse("2026-11-21T14:07:21.480Z");
  const timer = globalThis.setTimeout;
  globalThis.Date = class extends Date {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [now] : given) as [number]));
    }
    static override now = () => now;
  } as DateConstructor;
  globalThis.setTimeout = ((run: () => void, ms = 0, ...rest: unknown[]) => (ms >= 700 ? 0 : timer(run, ms, ...(rest as [])))) as typeof setTimeout;
  // Never twice the same, for there are those who try until it is another; never far apart.
  let drawn = 0;
  Math.random = () => 0.5 + (++drawn % 100_000) / 2_000_000;
}

const sizes: [string, BrowserContextOptions][] = [["desktop", desktop], ["phone", { ...phone, deviceScaleFactor: 1 }]];

const reason = notComparable(browserRelease());
if (reason) console.warn(`SKIPPED: ${reason}`);

describe.skipIf(reason).each(sizes)("on a %s", (size, options) => {
  let page: Page;
  let errors: () => string[];
  beforeAll(async () => {
    ({ page, errors } = await openPage(browser.browser, { ...options, timezoneId: "UTC", locale: "en-GB" }));
    await page.addInitScript(freeze);
    await page.route(`${ORIGIN}/**`, async (route) => {
      const file = join(dir, new URL(route.request().url()).pathname);
      await route.fulfill({ path: extname(file) ? file : join(dir, "index.html") });
    });
  });
  afterAll(() => page?.context().close());

  /** A theme is put on without a reload, as a person does it. */
  async function look(name: string, wanted: readonly Theme[]): Promise<void> {
    // Pictures are one grey: where they stand is looked at, not how a decoder rounds.
    await page.addStyleTag({ content: "[data-tile] canvas, [data-tile] video { filter: brightness(0) invert(0.3); }" });
    await page.evaluate(() => document.fonts.ready);
    const wrong: (string | undefined)[] = [];
    for (const theme of wanted) {
      await page.evaluate((to) => (document.documentElement.dataset["theme"] = to), theme);
      wrong.push(await expectLooks(page, judge, `${name}-${size}-${theme}`));
    }
    expect(wrong.filter(Boolean)).toEqual([]);
  }

  async function show({ shows, pictures = 0, mood, ...story }: ScreenStory): Promise<void> {
    await page.goto(ORIGIN + addressOf({ ...story, ...(mood ? { mood } : {}) }));
    await page.getByText(shows).locator("visible=true").first().waitFor();
    if (mood !== "loading") await page.waitForFunction(() => !document.querySelector('[role="status"][aria-live] > .sr-only'));
    await page.waitForFunction((count) => document.querySelectorAll("[data-tile] canvas[data-wall-us]").length >= count, pictures);
  }

  test.each(screens)("$name looks as it did", async (story) => {
    await show(story);
    await look(story.name, story.state ? [size === "desktop" ? "dark" : "light"] : themes);
  });

  test.each(size === "desktop" ? ["primitives", "question", "toasts"] : ["question", "toasts"])("the gallery's %s look as they did", async (name) => {
    if (name === "primitives") await page.setViewportSize({ width: 1440, height: 1700 });
    await page.goto(`${ORIGIN}/gallery/${name}`);
    await page.locator("main *, [role=alertdialog]").first().waitFor();
    await look(`gallery-${name}`, themes);
    await page.setViewportSize(options.viewport ?? { width: 0, height: 0 });
  });

  test("nothing went wrong in the console", () => expect(errors()).toEqual([]));
});
