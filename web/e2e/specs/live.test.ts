/** Live: pictures advance, streams change without a hole, hidden tiles rest, sound is heard, H.265 is said plainly. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNoAxeFindings, signIn, smallTargets } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";
import { heard, listen, shoot, shown, until, type Shown } from "../fixtures/picture";
import { ask, cameraNamed } from "../fixtures/site";

let demo: Demo;
let browser: TestBrowser;
let watched: WatchedPage;

beforeAll(async () => {
  demo = await startDemo();
  browser = await openBrowser(demo.certificatePem);
  watched = await openPage(browser.browser);
  await listen(watched.page);
  await signIn(watched.page, demo, "/live");
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const tile = (name: string) => watched.page.getByRole("group", { name: new RegExp(`^${name}, `) });
const see = () => shown(watched.page);
const allPlay = (tiles: Shown[]) => tiles.length === demo.cameras.length && tiles.every(({ state, number }) => state === "playing" && number !== undefined);
const of = (tiles: Shown[], camera: string) => tiles.find((one) => one.camera === camera);

test("every camera of the demo is shown, each its own scene, from the sub stream", async () => {
  const tiles = await until(see, allPlay, "all tiles play", 40_000);
  expect(new Set(tiles.map(({ scene }) => scene)).size).toBe(demo.cameras.length);
  expect(tiles.map(({ stream, width }) => [stream, width])).toEqual(tiles.map(() => ["sub", 640]));
  await shoot(watched.page, "live");
});

test("stamps advance as fast as the clock", async () => {
  const before = await until(see, allPlay, "all tiles play");
  const after = await until(see, (tiles) => tiles.every((one) => (one.wallUs ?? 0) - (of(before, one.camera)?.wallUs ?? 0) > 2_000_000), "two seconds later");
  for (const one of after) {
    const first = of(before, one.camera);
    const frames = ((one.number ?? 0) - (first?.number ?? 0) + 1500) % 1500;
    const seconds = ((one.wallUs ?? 0) - (first?.wallUs ?? 0)) / 1e6;
    expect(Math.abs(frames - seconds * 25), `${frames} frames in ${seconds} s`).toBeLessThanOrEqual(2);
  }
});

test("pictures are a fraction of a second old", async () => {
  const ages = await watched.page.evaluate(async () => {
    const picture = document.querySelector<HTMLElement>("[data-tile] canvas");
    const seen: number[] = [];
    const observer = new MutationObserver(() => seen.push(Date.now() - Number(picture?.dataset["wallUs"]) / 1000));
    if (picture) observer.observe(picture, { attributes: true, attributeFilter: ["data-wall-us"] });
    await new Promise((done) => setTimeout(done, 4000));
    observer.disconnect();
    return seen.sort((a, b) => a - b);
  });
  const p50 = ages[Math.floor(ages.length / 2)] ?? Infinity;
  process.stdout.write(`camera to canvas: p50 ${Math.round(p50)} ms, p95 ${Math.round(ages[Math.floor(ages.length * 0.95)] ?? Infinity)} ms, ${ages.length} frames\n`);
  expect(p50).toBeLessThan(600); // the target is 250; `make bench` holds it, a busy test machine does not
});

test("the focused tile takes the main stream, and shows the old one until then", async () => {
  const { page } = watched;
  const camera = await cameraNamed(page, "Hall");
  const trace = page.evaluate(async (id) => {
    const canvas = document.querySelector<HTMLElement>(`[data-tile="${id}"] canvas`);
    const seen: [string, number][] = [];
    const observer = new MutationObserver(() => seen.push([canvas?.dataset["stream"] ?? "", Number(canvas?.dataset["wallUs"])]));
    if (canvas) observer.observe(canvas, { attributes: true, attributeFilter: ["data-wall-us"] });
    const deadline = Date.now() + 12_000;
    while (Date.now() < deadline && seen.filter(([stream]) => stream === "main").length < 5) await new Promise((done) => setTimeout(done, 100));
    return seen;
  }, camera.id);
  await tile("Hall").click({ position: { x: 60, y: 60 } });
  const seen = await trace;
  expect(seen.at(-1)?.[0]).toBe("main");
  const walls = seen.map(([, wall]) => wall);
  expect(walls).toEqual([...walls].sort((a, b) => a - b));
  const holes = walls.slice(1).map((wall, i) => wall - (walls[i] ?? 0));
  expect(Math.max(...holes)).toBeLessThan(2_000_000);
  await shoot(page, "live-focused");
});

test("arrows move the focus, Enter shows a tile alone, the others rest, Escape goes back", async () => {
  const { page } = watched;
  const focused = () => page.evaluate(() => document.querySelector('[data-tile][tabindex="0"]')?.getAttribute("data-tile"));
  const first = await focused();
  await page.keyboard.press("ArrowLeft");
  const second = await until(focused, (id) => id !== first, "another tile has the focus");
  await page.keyboard.press("Enter");
  await until(see, (tiles) => (of(tiles, second ?? "")?.width ?? 0) > 640, "the main stream alone");
  expect(new URL(page.url()).pathname).toBe(`/live/camera/${second}`);
  await shoot(page, "live-alone");
  const rest = (await see()).filter(({ camera }) => camera !== second);
  expect(rest.filter(({ wallUs }) => wallUs === undefined), "tiles keep their pictures").toEqual([]);
  await new Promise((done) => setTimeout(done, 1200));
  expect((await see()).filter(({ camera }) => camera !== second).map(({ wallUs }) => wallUs)).toEqual(rest.map(({ wallUs }) => wallUs));
  await page.keyboard.press("Escape");
  await until(see, (tiles) => tiles.every((one) => one.camera === second || (one.wallUs ?? 0) > (of(rest, one.camera)?.wallUs ?? Infinity)), "all tiles play again");
});

test("number keys choose the layout, and more cameras than tiles go to pages", async () => {
  const { page } = watched;
  await page.keyboard.press("2");
  await until(see, (tiles) => tiles.length === 2, "two tiles");
  await page.getByText("1 of 2").waitFor();
  await page.getByRole("button", { name: "Next page" }).click();
  await page.getByText("2 of 2").waitFor();
  await page.getByRole("button", { name: /^Layout/ }).click();
  await page.getByRole("menuitem", { name: "All cameras" }).click();
  await until(see, allPlay, "all tiles play");
});

test("a snapshot is the shown frame, named by camera and time", async () => {
  const { page } = watched;
  await tile("Hall").hover();
  const [file] = await Promise.all([page.waitForEvent("download"), tile("Hall").getByRole("button", { name: "Save a snapshot" }).click()]);
  expect(file.suggestedFilename()).toMatch(/^Hall-\d{8}-\d{6}-\d{3}\.png$/);
  const png = await readFile(await file.path());
  expect(png.subarray(1, 4).toString()).toBe("PNG");
});

describe.each([
  ["AAC", "Hall"],
  ["G.711", "Container yard"],
])("sound as %s", (_, name) => {
  test(`of ${name} is heard when it is switched on, and not after`, async () => {
    const { page } = watched;
    await tile(name).hover();
    const button = tile(name).getByRole("button", { name: "Sound" });
    await button.click();
    await until(() => heard(page), ({ hz, db }) => Math.abs(hz - 440) < 15 && db > -50, "a tone of 440 Hz");
    await button.click();
    await until(() => heard(page), ({ db }) => db < -90, "silence");
  });
});

test("jumping back 30 s opens the recording of that moment", async () => {
  const { page } = watched;
  await tile("Hall").hover();
  await tile("Hall").getByRole("button", { name: "Back 30 s in the recording" }).click();
  await page.waitForURL(/\/recordings\?at=.*cams=/);
  await page.goBack();
  await until(see, allPlay, "all tiles play");
});

test("a camera that goes silent says since when, and comes back by itself", async () => {
  const { control } = demo as Demo & { control: string };
  const index = demo.cameras.findIndex(({ name }) => name === "Harbour");
  const fault = (what: string) => fetch(`${control}/cameras/${index}/fault`, { method: "POST", body: JSON.stringify({ fault: what }) });
  expect((await fault("stall")).ok).toBe(true);
  await tile("Harbour").getByText(/^No frames since \d\d:\d\d:\d\d\./).waitFor();
  await shoot(watched.page, "live-stale");
  expect((await fault("clear")).ok).toBe(true);
  await until(see, allPlay, "all tiles play again", 60_000);
});

test("what the browser cannot show is said, and the sub stream is one click away", async () => {
  const { page } = watched;
  const street = await cameraNamed(page, "Street");
  await ask(page, `/v1/cameras/${street.id}`, "PATCH", { source: { ...street.source, codec: "h265" } });
  await until(async () => (await cameraNamed(page, "Street")).streams.some(({ video_codec }) => /^h(vc|ev)1/.test(video_codec)), Boolean, "the camera sends H.265", 40_000);
  await page.goto(`${demo.site.url}/live/camera/${street.id}`);
  await page.getByText("This browser cannot show H.265.").waitFor();
  await shoot(page, "live-h265");
  await page.getByRole("button", { name: "Show the sub stream" }).click();
  await until(see, (tiles) => of(tiles, street.id)?.state === "playing" && of(tiles, street.id)?.number !== undefined, "the sub stream plays");
  await page.keyboard.press("Escape");
  await until(see, allPlay, "the grid shows its sub stream without being asked");
});

test("passes axe", async () => {
  await tile("Hall").hover();
  await expectNoAxeFindings(watched.page, "live");
});

test("without WebCodecs a video element shows the same", async () => {
  const { page } = await openPage(browser.browser);
  await page.addInitScript(() => {
    Reflect.deleteProperty(globalThis, "VideoDecoder");
  });
  await signIn(page, demo, "/live");
  const before = await until(() => shown(page), allPlay, "video elements play", 40_000);
  expect(await page.locator("[data-tile] video").count()).toBe(demo.cameras.length);
  await until(() => shown(page), (tiles) => tiles.every((one) => (one.wallUs ?? 0) > (of(before, one.camera)?.wallUs ?? Infinity) + 1_500_000), "and advance");
  await page.context().close();
});

test("on a phone tiles stand under each other, a tap shows their controls, all large enough", async () => {
  const { page, errors } = await openPage(browser.browser, phone);
  await signIn(page, demo, "/live");
  await until(() => shown(page), (tiles) => tiles.filter(({ state }) => state === "playing").length >= 3, "tiles on the screen play", 40_000);
  const boxes = await page.locator("[data-tile]").evaluateAll((tiles) => tiles.map((one) => one.getBoundingClientRect()).map(({ left, top, width }) => ({ left, top, width })));
  expect(new Set(boxes.map(({ left }) => left)).size).toBe(1);
  expect(boxes[0]?.width ?? 0).toBeGreaterThan(350);
  await page.locator("[data-tile]").first().tap({ position: { x: 60, y: 60 } });
  await page.locator("[data-tile]").first().getByRole("button", { name: "Show alone" }).waitFor();
  await shoot(page, "live-phone");
  expect(await smallTargets(page)).toEqual([]);
  await page.locator("[data-tile]").first().getByRole("button", { name: "Show alone" }).tap();
  await until(() => shown(page), (tiles) => tiles.some(({ width }) => width > 640), "the main stream alone");
  await shoot(page, "live-phone-alone");
  expect(errors()).toEqual([]);
  await page.context().close();
});

test("nothing went wrong in the console", () => expect(watched.errors()).toEqual([]));
