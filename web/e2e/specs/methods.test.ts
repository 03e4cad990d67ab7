/** Recording methods: a schedule, a method, recording by hand by key and finger, what happened on the timeline and in its list. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNoAxeFindings, goTo, signIn, smallTargets } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";
import { until } from "../fixtures/picture";
import { ask, cameraNamed } from "../fixtures/site";

interface Recorded {
  recording: { method: string; reasons: string[] };
}

let demo: Demo;
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let hall: string;

beforeAll(async () => {
  demo = await startDemo();
  browser = await openBrowser(demo.certificatePem);
  watched = await openPage(browser.browser);
  page = watched.page;
  await signIn(page, demo, "/settings/schedules");
  hall = (await cameraNamed(page, "Hall")).id;
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const recording = async () => (await ask<Recorded>(page, `/v1/cameras/${hall}`)).recording;

test("a schedule is typed, refused while it is none, and followed by a camera", async () => {
  await page.getByRole("button", { name: "Add a schedule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Always");
  await dialog.getByLabel("Monday").fill("22:00–06:00");
  await dialog.getByText("A range ends after it begins").waitFor();
  expect(await dialog.getByRole("button", { name: "Save the schedule" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Monday").fill("all day");
  await dialog.getByRole("button", { name: "All days like Monday" }).click();
  await expectNoAxeFindings(page, "the schedule's dialog");
  await dialog.getByRole("button", { name: "Save the schedule" }).click();
  await page.getByRole("list", { name: "Schedules" }).getByText("Always").waitFor();
  await expectNoAxeFindings(page, "schedules");

  await goTo(page, `/devices?device=${hall}`);
  const form = page.getByRole("form", { name: "Recording" });
  await form.getByRole("button", { name: /Method/ }).click();
  await page.getByRole("option", { name: /^Continuously and on motion/ }).click();
  await form.getByRole("button", { name: /Continuously: when/ }).click();
  await page.getByRole("option", { name: "Always" }).last().click();
  await form.getByRole("button", { name: "Apply this recording" }).click();
  await until(recording, ({ method, reasons }) => method === "both" && reasons.includes("continuous"), "both methods hold");
  await expectNoAxeFindings(page, "a camera's recording");
});

test("R starts and stops a recording by hand, and the tile says so", async () => {
  await goTo(page, `/live/camera/${hall}`);
  const tile = page.locator(`[data-tile="${hall}"]`);
  await until(() => tile.getAttribute("data-state"), (state) => state === "playing", "the tile plays");
  await page.keyboard.press("r");
  await tile.getByText("by hand", { exact: true }).waitFor();
  expect(await tile.getAttribute("aria-label")).toContain("recording: by hand");
  await tile.getByRole("button", { name: "Stop recording by hand" }).waitFor({ state: "attached" });
  // So that there is a stretch to see.
  await until(() => marked("manual"), (found) => found.length > 0, "the mark is on disk");
  await page.keyboard.press("r");
  await tile.getByRole("button", { name: "Record by hand" }).waitFor({ state: "attached" });
});

async function marked(kind: string): Promise<string[]> {
  const [from, to] = [-3600e3, 60e3].map((ms) => new Date(Date.now() + ms).toISOString());
  const { lanes } = await ask<{ lanes: { events: { kind: string; from: string }[] }[] }>(page, `/v1/timeline?cameras=${hall}&from=${from}&to=${to}`);
  return lanes[0]?.events.filter((event) => event.kind === kind).map((event) => event.from) ?? [];
}

test("the timeline's list tells what happened, and a key goes there", async () => {
  const [from = ""] = await marked("manual");
  await goTo(page, `/recordings?cams=${hall}&at=${encodeURIComponent(new Date(Date.parse(from) - 2000).toISOString())}`);
  await page.getByRole("button", { name: /list/i }).first().click();
  const events = page.getByRole("list", { name: "Events of Hall" });
  await events.getByText("Recorded by hand").first().waitFor();
  const moments = [...(await marked("manual")), ...(await marked("motion"))].map(Date.parse);
  await page.keyboard.press("n");
  const at = () => Promise.resolve(Date.parse(new URL(page.url()).searchParams.get("at") ?? ""));
  await until(at, (ms) => moments.some((moment) => Math.abs(moment - ms) < 60), "the playhead stands at an event");
  await expectNoAxeFindings(page, "recordings with events");
});

test("a finger records by hand, and finds everything large enough", async () => {
  const small = await openPage(browser.browser, phone);
  await signIn(small.page, demo, `/live/camera/${hall}`);
  const tile = small.page.locator(`[data-tile="${hall}"]`);
  await until(() => tile.getAttribute("data-state"), (state) => state === "playing", "the tile plays");
  await tile.getByRole("button", { name: "Record by hand" }).tap();
  await tile.getByText("by hand", { exact: true }).waitFor();
  await tile.getByRole("button", { name: "Stop recording by hand" }).tap();
  await goTo(small.page, "/settings/schedules");
  await small.page.getByRole("list", { name: "Schedules" }).waitFor();
  expect(await smallTargets(small.page)).toEqual([]);
  await expectNoAxeFindings(small.page, "schedules on a phone");
  expect(small.errors()).toEqual([]);
  await small.page.context().close();
});

test("nothing went wrong in the page", () => expect(watched.errors()).toEqual([]));
