/** The cameras: their list, renaming, removing one and adding it again from the network. */
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
  await signIn(watched.page, demo, "/devices");
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const rowOf = (name: string) => watched.page.getByRole("grid", { name: "Devices" }).getByRole("row", { name });

test("every camera of the demo is listed and comes to record", async () => {
  for (const camera of demo.cameras) await rowOf(camera.name).getByText("Recording", { exact: true }).first().waitFor({ timeout: 30_000 });
  const rows = await watched.page.getByRole("grid", { name: "Devices" }).getByRole("row").count();
  expect(rows).toBe(demo.cameras.length + 1);
});

test("a camera's details show its picture and its streams", async () => {
  const { page } = watched;
  await rowOf(demo.cameras[0]?.name ?? "").click();
  const panel = page.getByRole("complementary");
  await panel.getByRole("img").waitFor();
  expect(await panel.getByRole("img").evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBeGreaterThan(100);
  await panel.getByText(/H\.26[45], \d+ × \d+/).first().waitFor();
});

test("a new name is kept by the site", async () => {
  const { page } = watched;
  const [camera] = demo.cameras;
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("Ölände £ gate");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Ölände £ gate was saved.").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Ölände £ gate" }).waitFor();
  await name.fill(camera?.name ?? "");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: camera?.name ?? "" }).waitFor();
});

test("a camera that was removed is found on the network and added again", async () => {
  const { page } = watched;
  const camera = demo.cameras.at(-1);
  if (!camera) throw new Error("The demo has no camera.");
  await rowOf(camera.name).click();
  await page.getByRole("heading", { name: camera.name }).waitFor();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: `Remove ${camera.name}` }).click();
  await rowOf(camera.name).waitFor({ state: "detached" });

  await page.getByRole("link", { name: "Add devices" }).click();
  await page.getByRole("button", { name: "Search again" }).click();
  const address = new URL(camera.http).hostname;
  const found = page.getByRole("grid", { name: "Found devices" }).getByRole("row").filter({ hasText: address });
  await found.getByText("New", { exact: true }).waitFor({ timeout: 30_000 });
  await found.click();
  await page.getByLabel("User at the cameras").fill(camera.user);
  await page.getByLabel("Password at the cameras").fill("not the password");
  await page.getByRole("button", { name: "Add 1 device" }).click();
  await found.getByText(/refuse/i).waitFor();
  await page.getByLabel("Password at the cameras").fill(camera.password);
  await page.getByRole("button", { name: "Add 1 device" }).click();
  await found.getByText("Added", { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole("link", { name: "Done" }).click();
  await page.waitForFunction((count) => document.querySelectorAll('[role="grid"] tbody [role="row"]').length === count, demo.cameras.length);
});

test("a camera is looked at and added by its RTSP address", async () => {
  const { page } = watched;
  const [camera] = demo.cameras;
  if (!camera) throw new Error("The demo has no camera.");
  await page.getByRole("link", { name: "Add devices" }).click();
  await page.getByRole("link", { name: "By address" }).click();
  await page.getByText("Any RTSP camera").click();
  const url = new URL(camera.rtsp);
  url.username = encodeURIComponent(camera.user);
  url.password = encodeURIComponent(camera.password);
  await page.getByLabel("Main stream").fill(url.href);
  expect(await page.getByLabel("Main stream").inputValue()).not.toContain(camera.password);
  await page.getByRole("button", { name: "Look at it first" }).click();
  await page.getByText("Answers and can be recorded").waitFor();
  await page.getByRole("textbox", { name: "Name (optional)" }).fill("By hand");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: "By hand" }).waitFor();
  await rowOf("By hand").getByText("Recording", { exact: true }).first().waitFor({ timeout: 30_000 });
});

test("a stream profile is made by hand, becomes the recorded one, and is put back and removed", async () => {
  const { page } = watched;
  const [camera] = demo.cameras;
  if (!camera) throw new Error("The demo has no camera.");
  await rowOf(camera.name).click();
  const profiles = page.getByRole("region", { name: "Stream profiles" });
  const use = async (name: string, choice: string) => {
    await profiles.getByRole("button", { name: `What ${name} is used for` }).click();
    await page.getByRole("option", { name: choice }).click();
  };
  await profiles.getByRole("button", { name: "Add profile" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name of the profile").fill("Small & slow");
  await dialog.getByLabel("Resolution").fill("640x360");
  await dialog.getByLabel("Frame rate").fill("5");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await profiles.getByText("H.264, 640 × 360, 5 fps").waitFor({ timeout: 20_000 });
  await use("Small & slow", "Recorded");
  await profiles.getByRole("button", { name: /What main is used for/ }).getByText("Not used").waitFor();
  const panel = page.getByRole("complementary");
  await panel.getByText("H.264, 640 × 360").first().waitFor({ timeout: 30_000 });
  await use("main", "Recorded");
  await panel.getByText(/H\.26[45], 1920 × 1080/).first().waitFor({ timeout: 30_000 });
  await profiles.getByRole("button", { name: "Remove Small & slow" }).click();
  await profiles.getByRole("button", { name: "Remove Small & slow" }).waitFor({ state: "detached" });
});

test("nothing went wrong in the console on the way", () => {
  // A refused password is a 422 that the browser prints by itself.
  expect(watched.errors().filter((text) => !/status of 422/.test(text))).toEqual([]);
});
