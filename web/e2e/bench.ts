/**
 * How old a picture is when it is drawn, how soon the first one comes, and whether memory stays flat with nine tiles.
 * `BENCH_MINUTES` says how long the nine tiles are watched (default 10).
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { test } from "vitest";
import { goTo, signIn } from "./fixtures/app";
import { openBrowser, openPage } from "./fixtures/browser";
import { startDemo } from "./fixtures/demo";

const MINUTES = Number(process.env["BENCH_MINUTES"] ?? 10);
const MIB = 1 << 20;

/** In the page: notes the age of every newly drawn picture, once a screen refresh. */
async function noteAges(page: Page): Promise<void> {
  await page.evaluate(() => {
    const ages: number[] = [];
    const last = new WeakMap<Element, string>();
    Object.assign(globalThis, { benchAges: ages });
    const look = () => {
      for (const canvas of document.querySelectorAll<HTMLCanvasElement>("canvas[data-wall-us]")) {
        const wall = canvas.dataset["wallUs"] ?? "";
        if (wall === "" || last.get(canvas) === wall) continue;
        last.set(canvas, wall);
        ages.push(performance.timeOrigin + performance.now() - Number(wall) / 1000);
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

const takeAges = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { benchAges: number[] }).benchAges.splice(0));

function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const show = (values: number[]) => `p50 ${quantile(values, 0.5).toFixed(0)} ms, p95 ${quantile(values, 0.95).toFixed(0)} ms, ${values.length} samples`;

/** Resident memory of a process and all that it started, MiB. */
function residentMib(root: number): number {
  let kib = 0;
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    try {
      kib += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      waiting.push(...readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number));
    } catch {
      // It ended meanwhile.
    }
  }
  return kib / 1024;
}

test("the age of a picture, and the first picture", async () => {
  const demo = await startDemo();
  const browser = await openBrowser(demo.certificatePem);
  try {
    const { page } = await openPage(browser.browser);
    await signIn(page, demo, "/live");
    await page.locator("canvas[data-wall-us]").nth(3).waitFor();
    await noteAges(page);
    await page.waitForFunction(() => (globalThis as unknown as { benchAges: number[] }).benchAges.length > 500);
    await takeAges(page);
    await page.waitForFunction(() => (globalThis as unknown as { benchAges: number[] }).benchAges.length > 3000, undefined, { timeout: 120_000 });
    console.log(`camera to canvas, four tiles: ${show(await takeAges(page))}`);
    const firsts: number[] = [];
    for (let round = 0; round < 10; round++) {
      await goTo(page, "/alarms");
      await page.locator("canvas[data-wall-us]").first().waitFor({ state: "detached" });
      firsts.push(
        await page.evaluate(async () => {
          const clicked = performance.now();
          history.pushState(null, "", "/live");
          dispatchEvent(new PopStateEvent("popstate"));
          while (document.querySelectorAll("canvas[data-wall-us]").length < 4) await new Promise(requestAnimationFrame);
          return performance.now() - clicked;
        }),
      );
    }
    console.log(`click to the first picture of all four tiles: ${show(firsts)}`);
  } finally {
    await browser.close();
    await demo.stop();
  }
});

test("memory with nine tiles", async () => {
  const demo = await startDemo("--cameras", "9");
  const browser = await openBrowser(demo.certificatePem);
  try {
    const { page } = await openPage(browser.browser);
    await signIn(page, demo, "/live");
    await page.locator("canvas[data-wall-us]").nth(8).waitFor({ timeout: 60_000 });
    const session = await page.context().newCDPSession(page);
    await noteAges(page);
    for (let minute = 0; minute <= MINUTES; minute++) {
      if (minute > 0) await new Promise((done) => setTimeout(done, 60_000));
      await session.send("HeapProfiler.collectGarbage");
      const heap = await session.send("Runtime.getHeapUsage");
      const ages = await takeAges(page);
      console.log(
        `minute ${minute}: JS heap ${(heap.usedSize / MIB).toFixed(1)} MiB, page's processes with the browser ${residentMib(browserPid()).toFixed(0)} MiB, ` +
          `site with nine cameras ${residentMib(demo.pid).toFixed(0)} MiB, camera to canvas ${show(ages)}`,
      );
    }
  } finally {
    await browser.close();
    await demo.stop();
  }
});

/** The browser is the only child of this process whose name says so. */
function browserPid(): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return children.find((pid) => /chrom/.test(readFileSync(`/proc/${pid}/comm`, "utf8"))) ?? process.pid;
}
