/** Recordings: the right frame after a seek, steps, speeds, gaps, cameras in step, sound, clips, touch. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNoAxeFindings, goTo, signIn, smallTargets } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";
import { CLIP_FRAMES, heard, listen, shoot, shown, until } from "../fixtures/picture";
import { ask, cameraNamed, cameras, recorded } from "../fixtures/site";
import { Kind, RecordSplitter } from "../../src/carrier/record";
import { rfc3339 } from "../../src/timeline/zone";

let demo: Demo;
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
/** Capture times of the frames of a stretch of Hall's recording, in order, as the site tells them. */
let walls: number[];
let hall: string;
/** What the event socket has told, newest last. */
const events: string[] = [];

beforeAll(async () => {
  demo = await startDemo();
  browser = await openBrowser(demo.certificatePem);
  watched = await openPage(browser.browser);
  page = watched.page;
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => events.push(String(payload))));
  await listen(page);
  await signIn(page, demo, "/devices");
  hall = (await cameraNamed(page, "Hall")).id;
  const length = (spans: { from: number; to: number }[]) => Math.max(0, ...spans.map(({ from, to }) => to - from));
  const spans = await until(() => recorded(page, hall), (found) => length(found) > 25e6, "25 s are recorded", 60_000);
  const start = (spans.at(-1)?.from ?? 0) + 6e6;
  walls = await wallsOf(hall, start, start + 12e6);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Frames of a range as the playback endpoint gives them: the truth that the screen is held to. */
async function wallsOf(camera: string, from: number, to: number): Promise<number[]> {
  const bytes = await page.evaluate(async (url) => {
    const answer = await fetch(url);
    return [...new Uint8Array(await answer.arrayBuffer())];
  }, `/v1/cameras/${camera}/playback?from=${rfc3339(from)}&to=${rfc3339(to)}`);
  return new RecordSplitter().push(Uint8Array.from(bytes)).filter(({ kind, track, wallUs }) => kind === Kind.Frame && track === 0 && wallUs >= from).map(({ wallUs }) => wallUs);
}

const open = (at: number, cams: string[] = [hall]) => goTo(page, `/recordings?at=${encodeURIComponent(rfc3339(at))}&cams=${cams.join(",")}`);
const see = async (camera = hall) => (await shown(page)).find((one) => one.camera === camera);
const time = () => page.locator("[data-exact-time]").textContent();
const wallIs = (wall: number | undefined) => until(see, (one) => one?.wallUs === wall && one?.number !== undefined, `the frame of ${wall}`);
async function reload(at: number, cams?: string[]) {
  await goTo(page, "/devices");
  // Until the other room is seen the recordings are still open: two addresses at once are one for the router.
  await page.getByRole("heading", { name: "Devices" }).waitFor();
  await open(at, cams);
}

test("a seek shows the last frame at or before the moment, by its bar code", async () => {
  expect(walls.length).toBeGreaterThan(250);
  await reload(walls[0] ?? 0);
  const first = await wallIs(walls[0]);
  for (const [k, plus] of [[1, 0], [49, 0], [50, 0], [51, 39_999], [123, 20_000], [200, 1]] as const) {
    const wall = walls[k] ?? 0;
    const next = walls[k + 1] ?? Infinity;
    await reload(Math.min(wall + plus, next - 1));
    const seen = await wallIs(wall);
    expect(((seen?.number ?? 0) - (first?.number ?? 0) + CLIP_FRAMES) % CLIP_FRAMES, `frame ${k}`).toBe(k);
  }
});

test("single frames forwards and back, exactly", async () => {
  await reload(walls[100] ?? 0);
  const start = await wallIs(walls[100]);
  for (const k of [101, 102]) {
    await page.keyboard.press(".");
    expect((await wallIs(walls[k]))?.number).toBe(((start?.number ?? 0) + k - 100) % CLIP_FRAMES);
  }
  for (const k of [101, 100, 99, 98]) {
    await page.keyboard.press(",");
    await wallIs(walls[k]);
  }
  expect(await time()).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
  expect(new URL(page.url()).searchParams.get("at")).toBeTruthy();
});

test("plays every frame in order, and stops where it is told", async () => {
  await reload(walls[20] ?? 0);
  await wallIs(walls[20]);
  const trace = page.evaluate(async (id) => {
    const canvas = document.querySelector<HTMLElement>(`[data-tile="${id}"] canvas`);
    const seen: number[] = [];
    const observer = new MutationObserver(() => seen.push(Number(canvas?.dataset["wallUs"])));
    if (canvas) observer.observe(canvas, { attributes: true, attributeFilter: ["data-wall-us"] });
    await new Promise((done) => setTimeout(done, 3000));
    observer.disconnect();
    return seen;
  }, hall);
  await page.keyboard.press(" ");
  const seen = await trace;
  await page.keyboard.press(" ");
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.every((wall) => walls.includes(wall))).toBe(true);
  expect(seen.length).toBeGreaterThan(15);
  const still = (await see())?.wallUs;
  await new Promise((done) => setTimeout(done, 500));
  expect((await see())?.wallUs).toBe(still);
});

test.each([
  ["4×", 1],
  ["16×", 1],
  ["−1×", -1],
  ["−4×", -1],
])("at %s the picture moves that way", async (rate, direction) => {
  await reload(walls[150] ?? 0);
  const from = (await wallIs(walls[150]))?.wallUs ?? 0;
  await page.getByRole("button", { name: rate, exact: true }).click();
  await page.getByRole("button", { name: "Play" }).click();
  await until(see, (one) => ((one?.wallUs ?? from) - from) * direction > 100_000, `moved at ${rate}`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "1×", exact: true }).click();
});

test("four cameras are in step", async () => {
  const all = (await cameras(page)).map(({ id }) => id);
  await reload(walls[150] ?? 0, all);
  await until(() => shown(page), (tiles) => tiles.length === 4 && tiles.every(({ number }) => number !== undefined), "all four show a frame", 30_000);
  await page.getByText("4 cameras in step").waitFor();
  for (const { wallUs } of await shown(page)) expect(Math.abs((wallUs ?? 0) - (walls[150] ?? 0))).toBeLessThanOrEqual(45_000);
  await page.keyboard.press(" ");
  await until(() => shown(page), (tiles) => tiles.every(({ wallUs }) => (wallUs ?? 0) > (walls[170] ?? 0)), "all play", 30_000);
  await page.keyboard.press(" ");
  // A camera that was a little behind goes on to the moment at which the clock stands; then all show one moment.
  const apart = (tiles: { wallUs: number | undefined }[]) => Math.max(...tiles.map(({ wallUs }) => wallUs ?? 0)) - Math.min(...tiles.map(({ wallUs }) => wallUs ?? 0));
  await until(() => shown(page), (tiles) => apart(tiles) <= 45_000, "all four stand at one moment", 5000);
  await shoot(page, "recordings");
});

describe.each([
  ["AAC", "Hall"],
  ["G.711", "Container yard"],
])("recorded sound as %s", (_, name) => {
  test(`of ${name} is heard while it plays`, async () => {
    const { id } = await cameraNamed(page, name);
    await reload(walls[20] ?? 0, [id]);
    await until(() => see(id), (one) => one?.number !== undefined, "a picture");
    await page.keyboard.press("m");
    await page.keyboard.press(" ");
    await until(() => heard(page), ({ hz, db }) => Math.abs(hz - 440) < 15 && db > -50, "a tone of 440 Hz");
    await page.keyboard.press(" ");
    await until(() => heard(page), ({ db }) => db < -90, "silence when it stands");
    await page.keyboard.press("m");
  });
});

test("the timeline is a slider for keys, and zooms", async () => {
  await reload(walls[100] ?? 0);
  await wallIs(walls[100]);
  const slider = page.getByRole("slider", { name: "Moment" });
  await slider.focus();
  const span = async () => Number(await slider.getAttribute("data-view-span"));
  const wide = await span();
  await page.keyboard.press("PageUp");
  await until(span, (now) => now < wide, "closer");
  await page.keyboard.press("ArrowRight");
  await until(see, (one) => (one?.wallUs ?? 0) > (walls[120] ?? Infinity), "1 s on");
  await page.keyboard.press("ArrowLeft");
  await wallIs(walls[100]);
  expect(await slider.getAttribute("aria-valuetext")).toMatch(/^\w+day \d+ \w+ \d{4}, \d\d:\d\d:\d\d$/);
  const box = await slider.boundingBox();
  if (!box) throw new Error("The timeline has no box.");
  await page.mouse.move(box.x + box.width / 2, box.y + 40);
  await page.mouse.wheel(0, -400);
  await until(span, (now) => now < wide * 0.4, "the wheel zooms");
});

test("the mouse over the timeline shows the key frame there", async () => {
  const slider = page.getByRole("slider", { name: "Moment" });
  const { x, y } = await placeOf(walls[100] ?? 0);
  await page.mouse.move(x, y);
  await page.mouse.move(x + 1, y);
  await until(() => page.locator("canvas[data-wall-us]:not([data-state])").count(), (count) => count === 1, "a preview");
  await shoot(page, "recordings-preview");
  await page.mouse.move(10, 10);
  expect(await slider.isVisible()).toBe(true);
});

/** Where a moment stands on the screen, in the focused lane. */
async function placeOf(wallUs: number, on: Page = page): Promise<{ x: number; y: number }> {
  const slider = on.getByRole("slider", { name: "Moment" });
  const box = await slider.boundingBox();
  const [from, span, left] = await Promise.all(["data-view-from", "data-view-span", "data-left"].map(async (name) => Number(await slider.getAttribute(name))));
  if (!box) throw new Error("The timeline has no box.");
  return { x: box.x + (left ?? 0) + ((wallUs - (from ?? 0)) / (span ?? 1)) * (box.width - (left ?? 0)), y: box.y + 44 };
}

test("dragging scrubs, and where it lets go is the exact frame", async () => {
  await reload(walls[100] ?? 0);
  await wallIs(walls[100]);
  for (let i = 0; i < 5; i++) await page.getByRole("button", { name: "Timeline closer" }).click();
  const from = await placeOf(walls[110] ?? 0);
  const to = await placeOf(walls[220] ?? 0);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, to.y, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
  const seen = await until(see, (one) => Math.abs((one?.wallUs ?? 0) - (walls[220] ?? 0)) < 2_000_000 && one?.state === "shown", "near there");
  const at = Date.parse(`1970-01-01T${await time()}Z`);
  await until(async () => ((((await see())?.wallUs ?? 0) / 1000) % 86_400_000), (ms) => at - ms >= -1 && at - ms <= 41, "the frame of the shown time");
  expect(walls).toContain(seen?.wallUs);
});

test("a marked range is saved as an MP4 of its length, named after camera and time", async () => {
  await reload(walls[50] ?? 0);
  await wallIs(walls[50]);
  await page.keyboard.press("[");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("]");
  const button = page.getByRole("button", { name: "Save 10 s of Hall" });
  await button.waitFor();
  await shoot(page, "recordings-marked");
  // The words about it are there for some seconds only: they are waited for beside the file, not behind it.
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByText("10 s of Hall saved.").waitFor(), button.click()]);
  expect(file.suggestedFilename()).toMatch(/Hall.*\.mp4$/);
  const probe = JSON.parse(execFileSync("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,codec_type:format=duration", "-of", "json", await file.path()], { encoding: "utf8" })) as {
    streams: { codec_name: string; codec_type: string }[];
    format: { duration: string };
  };
  expect(probe.streams.map(({ codec_name }) => codec_name).sort()).toEqual(["aac", "h264"]);
  expect(Math.abs(Number(probe.format.duration) - 10)).toBeLessThan(2.5);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Mark a clip" }).waitFor();
});

test("two cameras are exported in one file: asked for, made, checked, downloaded, listed, deleted", async () => {
  const yard = await cameraNamed(page, "Container yard");
  await reload(walls[50] ?? 0, [hall, yard.id]);
  await wallIs(walls[50]);
  for (const key of ["[", "Shift+ArrowRight", "]"]) await page.keyboard.press(key);
  // It may be over within a moment: what was shown meanwhile is kept.
  await page.evaluate(() => {
    const seen: string[] = [];
    new MutationObserver(() => seen.push(...[...document.querySelectorAll("progress, [role=progressbar]")].map((one) => one.getAttribute("aria-label") ?? ""))).observe(document.body, { childList: true, subtree: true });
    Object.assign(globalThis, { progressSeen: seen });
  });
  await page.getByRole("button", { name: "Other ways to save" }).click();
  const item = page.getByRole("menuitem", { name: "All 2 cameras in one file" });
  const [file] = await Promise.all([page.waitForEvent("download", { timeout: 60_000 }), page.getByText("10 s of 2 cameras saved.").waitFor({ timeout: 60_000 }), item.click()]);
  expect(await page.evaluate(() => (globalThis as unknown as { progressSeen: string[] }).progressSeen)).toContain("Saving 10 s of 2 cameras");
  const states = events.flatMap((text) => {
    const { event, export: one } = JSON.parse(text) as { event: string; export: { cameras?: unknown[]; state: string } };
    return event === "export" && one.cameras?.length === 2 ? one.state : [];
  });
  // What follows fast is told together: some of these may not be seen, none comes before another.
  const seen = states.filter((state, at) => state !== states[at - 1]);
  expect(seen).toEqual(["queued", "running", "checking", "done"].filter((state) => seen.includes(state)));
  expect(seen.at(-1)).toBe("done");

  const probe = JSON.parse(execFileSync("ffprobe", ["-v", "error", "-show_entries", "stream=codec_type:format=duration", "-of", "json", await file.path()], { encoding: "utf8" })) as {
    streams: { codec_type: string }[];
    format: { duration: string };
  };
  expect(probe.streams.map(({ codec_type }) => codec_type).sort()).toEqual(["audio", "audio", "video", "video"]);
  expect(Math.abs(Number(probe.format.duration) - 10)).toBeLessThan(2.5);

  await page.keyboard.press("g");
  await page.keyboard.press("e");
  const row = page.getByRole("list", { name: "Exports" }).getByRole("listitem").filter({ hasText: "Hall and 1 more" }).first();
  await row.getByText("Done, checked").waitFor();
  await row.getByText(/^1 file with evidence/).waitFor();
  await shoot(page, "exports");
  await expectNoAxeFindings(page, "exports");
  const link = row.getByRole("link", { name: file.suggestedFilename() }).first();
  const [again] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const sha256 = createHash("sha256").update(await readFile(await again.path())).digest("hex");
  expect(await link.getAttribute("title")).toBe(`SHA-256 ${sha256}`);
  expect(createHash("sha256").update(await readFile(await file.path())).digest("hex")).toBe(sha256);

  await page.getByRole("button", { name: "Delete the export of Hall and 1 more" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
  expect((await ask<{ items: { cameras: unknown[] }[] }>(page, "/v1/exports")).items.filter((one) => one.cameras.length === 2)).toEqual([]);
});

test("a gap is in the list, is told, and is jumped over while playing", async () => {
  const yard = await cameraNamed(page, "Container yard");
  await ask(page, `/v1/cameras/${yard.id}`, "PATCH", { record: false });
  await until(() => recorded(page, yard.id), (spans) => spans.every(({ open: grows }) => !grows), "recording has stopped");
  await new Promise((done) => setTimeout(done, 3000));
  await ask(page, `/v1/cameras/${yard.id}`, "PATCH", { record: true });
  const spans = await until(() => recorded(page, yard.id), (found) => found.length === 2 && (found[1]?.to ?? 0) - (found[1]?.from ?? 0) > 4e6, "recording goes on", 40_000);
  const [before, after] = spans;
  if (!before || !after) throw new Error("There is no gap.");

  await reload(before.to + 500_000, [yard.id]);
  await page.getByText(/^Nothing recorded here. It goes on at/).waitFor();
  await shoot(page, "recordings-gap");
  await reload(before.to - 1_000_000, [yard.id]);
  await until(() => see(yard.id), (one) => one?.number !== undefined, "a picture");
  const told = page.getByText(/^Nothing recorded .* skipped\.$/).waitFor({ timeout: 30_000 });
  await page.keyboard.press(" ");
  await Promise.all([told, until(() => see(yard.id), (one) => (one?.wallUs ?? 0) >= after.from, "what comes after the gap", 30_000)]);
  await page.keyboard.press(" ");
  await page.getByRole("button", { name: "List of recordings" }).click();
  expect(await page.getByRole("region", { name: "Recordings of Container yard" }).getByRole("listitem").count()).toBe(2);
  await page.getByRole("button", { name: "Hide the list of recordings" }).click();
});

test("the end of what is recorded is told, with the way to live", async () => {
  const spans = await recorded(page, hall);
  await reload((spans.at(-1)?.to ?? 0) - 1_500_000);
  await until(see, (one) => one?.number !== undefined, "a picture");
  await page.keyboard.press(" ");
  await page.getByText("This is the newest recording.").waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: "Watch live" }).click();
  await page.waitForURL(/\/live/);
});

test("a day and a time of day can be chosen; days with recordings are marked", async () => {
  await reload(walls[0] ?? 0);
  await page.getByRole("button", { name: /^\w{3} \d+ \w{3}$/ }).click();
  const dialog = page.getByRole("dialog", { name: "Go to a day and time" });
  await until(() => dialog.locator("[data-recorded]").count(), (count) => count > 0, "days with recordings");
  await shoot(page, "recordings-day");
  const wanted = new Date((walls[100] ?? 0) / 1000).toISOString().slice(11, 19);
  await dialog.getByLabel("Time").fill(wanted);
  await dialog.getByRole("button", { name: "Go" }).click();
  await until(time, (text) => text?.startsWith(wanted) ?? false, "that time");
});

test("passes axe", async () => {
  await until(see, (one) => one?.number !== undefined, "a picture");
  await expectNoAxeFindings(page, "recordings");
});

test("without WebCodecs a video element shows the right frame too", async () => {
  const other = await openPage(browser.browser);
  await other.page.addInitScript(() => {
    Reflect.deleteProperty(globalThis, "VideoDecoder");
  });
  await signIn(other.page, demo, `/recordings?at=${encodeURIComponent(rfc3339((walls[123] ?? 0) + 20_000))}&cams=${hall}`);
  const look = async () => (await shown(other.page))[0];
  const seen = await until(look, (one) => one?.number !== undefined && one.state === "shown" && Math.abs((one.wallUs ?? 0) - (walls[123] ?? 0)) < 5000, "the frame", 40_000);
  await reload(walls[123] ?? 0);
  expect((await wallIs(walls[123]))?.number).toBe(seen?.number);
  await other.page.keyboard.press(" ");
  await until(look, (one) => (one?.wallUs ?? 0) > (walls[160] ?? Infinity), "it plays", 30_000);
  await other.page.context().close();
});

test("on a phone one finger moves the timeline, two zoom, a tap seeks, and every control is large enough", async () => {
  const other = await openPage(browser.browser, phone);
  await signIn(other.page, demo, `/recordings?at=${encodeURIComponent(rfc3339(walls[150] ?? 0))}`);
  await until(() => shown(other.page), (tiles) => tiles.some(({ number }) => number !== undefined), "a picture", 40_000);
  const slider = other.page.getByRole("slider", { name: "Moment" });
  const read = async () => ({ from: Number(await slider.getAttribute("data-view-from")), span: Number(await slider.getAttribute("data-view-span")) });
  await until(read, ({ from }) => from > 0, "the timeline is there");
  await shoot(other.page, "recordings-phone");
  expect(await smallTargets(other.page)).toEqual([]);

  const box = await slider.boundingBox();
  if (!box) throw new Error("The timeline has no box.");
  const touch = await other.page.context().newCDPSession(other.page);
  const send = (type: "touchStart" | "touchMove" | "touchEnd", ...xs: number[]) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x, y: box.y + 50, id })) });
  const start = await read();
  await send("touchStart", 60);
  for (const x of [80, 100, 130, 160]) await send("touchMove", x);
  await send("touchEnd");
  const moved = await until(read, ({ from }) => from < start.from, "the view moved");
  expect(moved.span).toBe(start.span);
  await send("touchStart", 120, 240);
  for (const d of [10, 30, 50]) await send("touchMove", 120 - d, 240 + d);
  await send("touchEnd");
  await until(read, ({ span }) => span < start.span * 0.7, "the view is closer");

  await other.page.getByRole("button", { name: "Previous start of recording" }).tap();
  await until(read, ({ from, span }) => from < (walls[0] ?? 0) && from + span > (walls[0] ?? 0), "the view follows the playhead");
  const at = await placeOf(walls[200] ?? 0, other.page);
  await other.page.touchscreen.tap(at.x, at.y);
  await until(() => shown(other.page), (tiles) => tiles.some(({ wallUs }) => Math.abs((wallUs ?? 0) - (walls[200] ?? 0)) < 3_000_000), "the tapped moment");
  await other.page.getByRole("button", { name: "Mark a clip" }).tap();
  await other.page.getByRole("button", { name: /^Save 30 s of/ }).waitFor();
  await shoot(other.page, "recordings-phone-marked");
  expect(other.errors()).toEqual([]);
  await other.page.context().close();
});

test("nothing went wrong in the console", () => expect(watched.errors()).toEqual([]));
