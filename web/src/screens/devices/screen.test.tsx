import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { refuse } from "../../../mock/contract";
import * as data from "../../../mock/data";
import { renderAt } from "../../test/render";
import { changeOf } from "./DeviceForm";

const rows = async () => {
  const table = await screen.findByRole("grid", { name: "Devices" });
  return within(table).getAllByRole("row").slice(1);
};

test("every camera has its row with state, picture and days", async () => {
  renderAt("/devices");
  const texts = (await rows()).map((row) => row.textContent);
  expect(texts).toHaveLength(8);
  expect(texts.find((text) => text?.startsWith("Lobby"))).toContain("No frames since 13:58:04. Trying again in 12 s.");
  expect(texts.find((text) => text?.startsWith("Roof PTZ"))).toContain("H.265, 1920 × 1080");
});

test("a site without cameras teaches the next step", async () => {
  renderAt("/devices", { empty: true });
  expect((await screen.findByRole("link", { name: "Add devices" })).getAttribute("href")).toBe("/devices/add");
});

test("the filter narrows the list and stands in the address", async () => {
  const page = renderAt("/devices");
  await rows();
  await userEvent.type(screen.getByRole("searchbox"), "P3245 yard");
  await waitFor(async () => expect(await rows()).toHaveLength(1));
  expect(page.at()).toBe("/devices?filter=P3245+yard");
});

test("a list that cannot be loaded says so and can be asked again", async () => {
  let broken = true;
  renderAt("/devices", {}, { "/v1/cameras": { get: () => (broken ? refuse(500, "internal", "The site made an error.", "The log has the details.") : { items: data.cameras() }) } });
  const problem = await screen.findByRole("alert");
  expect(problem.textContent).toContain("The log has the details.");
  broken = false;
  await userEvent.click(within(problem).getByRole("button", { name: "Try again" }));
  expect(await rows()).toHaveLength(8);
});

test("a viewer is told why there is nothing to see", async () => {
  renderAt("/devices", {}, { "/v1/session": { get: () => ({ ...data.session(), user: "Olof", role: "viewer", privileges: ["signed-in", "camera-video"] }) } });
  expect(await screen.findByText("You may not change devices")).toBeTruthy();
  expect(screen.queryByRole("link", { name: "Settings" })).toBeNull();
});

test("renaming sends the name alone", async () => {
  const page = renderAt(`/devices?device=${data.cameras()[0]?.id}`);
  const name = await screen.findByLabelText("Name");
  await userEvent.clear(name);
  await userEvent.type(name, "Gate south");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(page.sent("PATCH")?.body).toEqual({ name: "Gate south" }));
  expect(await screen.findByRole("heading", { name: "Gate south" })).toBeTruthy();
});

test("removing asks first and says what stays", async () => {
  const page = renderAt(`/devices?device=${data.cameras()[0]?.id}`);
  await userEvent.click(await screen.findByRole("button", { name: "Remove" }));
  const dialog = await screen.findByRole("alertdialog");
  expect(dialog.textContent).toContain("until it is 30 days old");
  expect(page.sent("DELETE")).toBeUndefined();
  await userEvent.click(within(dialog).getByRole("button", { name: "Remove Gate north" }));
  await waitFor(() => expect(page.sent("DELETE")?.path).toBe(`/v1/cameras/${data.cameras()[0]?.id}`));
  await waitFor(async () => expect(await rows()).toHaveLength(7));
});

describe("stream profiles", () => {
  const open = async () => {
    const page = renderAt(`/devices?device=${data.cameras()[0]?.id}`);
    return { page, list: await screen.findByRole("region", { name: "Stream profiles" }) };
  };

  test("each says what it sends and what it is used for", async () => {
    const { list } = await open();
    const texts = within(list).getAllByRole("listitem").map((row) => row.textContent);
    expect(texts[0]).toContain("H.264, 1920 × 1080");
    expect(texts[1]).toContain("As the camera offers it");
    expect(texts[2]).toContain("H.265, 1280 × 720, 5 fps, compression 20");
    expect(within(list).getByRole("button", { name: /What main is used for/ }).textContent).toContain("Recorded");
    expect(within(list).queryByRole("button", { name: "Remove main" })).toBeNull();
  });

  test("another one is recorded by choosing so", async () => {
    const { page, list } = await open();
    await userEvent.click(within(list).getByRole("button", { name: /What Night is used for/ }));
    await userEvent.click(await screen.findByRole("option", { name: /^Recorded/ }));
    await waitFor(() => expect(page.sent("PATCH")).toMatchObject({ path: `/v1/cameras/${data.cameras()[0]?.id}/profiles/Night`, body: { use_as: "main" } }));
    await waitFor(() => expect(within(list).getByRole("button", { name: /What main is used for/ }).textContent).toContain("Not used"));
  });

  test("what is recorded cannot be put aside, and says why", async () => {
    const { list } = await open();
    await userEvent.click(within(list).getByRole("button", { name: /What main is used for/ }));
    await userEvent.click(await screen.findByRole("option", { name: /^Not used/ }));
    expect((await within(list).findByRole("alert")).textContent).toContain("choose another one to record first");
  });

  test("one is made of parameters; what is left empty is not sent", async () => {
    const { page, list } = await open();
    await userEvent.click(within(list).getByRole("button", { name: "Add profile" }));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.type(dialog.getByLabelText("Name of the profile"), "Slow");
    await userEvent.type(dialog.getByLabelText("Resolution (optional)"), "640 × 360");
    await userEvent.click(dialog.getByRole("button", { name: "Add" }));
    await waitFor(() => expect(page.sent("POST")?.body).toEqual({ name: "Slow", video: { kind: "axis", resolution: "640x360" }, use_as: "none" }));
    await waitFor(() => expect(within(list).getByText("Slow")).toBeTruthy());
  });
});

describe("the change that a form stands for", () => {
  const camera = data.camera(1, "Gate north");
  const same = { name: "Gate north", user: "root", password: "", audio: true, days: 30, transport: "tcp", codec: "h264", imageUrl: "" } as const;
  test.each([
    ["nothing", {}, {}], ["a password", { password: "x" }, { password: "x" }], ["no end of days", { days: 0 }, { retention_days: 0 }], ["an address of stills", { imageUrl: " http://192.168.0.91/a.jpg " }, { image_url: "http://192.168.0.91/a.jpg" }], ["spaces around the name", { name: " Gate north " }, {}],
    ["another codec", { codec: "h265" as const }, { source: { kind: "axis", address: "http://192.168.0.91", codec: "h265" } }],
  ])("%s", (_, part, change) => expect(changeOf(camera, { ...same, ...part })).toEqual(change));
});
