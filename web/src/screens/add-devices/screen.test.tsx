import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { refuse } from "../../../mock/contract";
import * as data from "../../../mock/data";
import { renderAt } from "../../test/render";
import { emptyManual, manualRequest, withoutCredentials, wrongWith } from "./manual";

const row = async (name: RegExp) => within(await screen.findByRole("grid", { name: "Found devices" })).findByRole("row", { name });
const chooseAll = async () => userEvent.click(await screen.findByRole("checkbox", { name: "Select All" }));

test("a first visit searches by itself", async () => {
  const page = renderAt("/devices/add");
  await waitFor(() => expect(page.sent("POST")?.path).toBe("/v1/discovery"));
});

test("what cannot be added says why and is not chosen with all", async () => {
  renderAt("/devices/add");
  expect((await row(/M2035/)).textContent).toContain("Needs setup");
  expect((await row(/P3245/)).textContent).toContain("Already added");
  expect((await row(/XNV/)).textContent).toContain("Needs its RTSP address");
  await chooseAll();
  expect(await screen.findByRole("button", { name: "Add 3 devices" })).toBeTruthy();
});

test("each device tells how adding it went; one failure stops no other", async () => {
  const page = renderAt("/devices/add", {}, {
    "/v1/cameras": {
      post: ({ body }) => (body.source.kind === "axis" && body.source.address.endsWith(".142") ? refuse(422, "camera-refused-password", "The camera refuses the name or password.", "Type them as they are set at the camera.") : data.camera(50, "New camera")),
    },
  });
  await chooseAll();
  await userEvent.type(screen.getByLabelText("Password at the cameras"), "secret");
  await userEvent.click(screen.getByRole("button", { name: "Add 3 devices" }));
  await waitFor(async () => expect((await row(/Q1656/)).textContent).toContain("The camera refuses the name or password.Type them as they are set at the camera."));
  await waitFor(async () => expect((await row(/330001/)).textContent).toContain("Added"));
  const bodies = page.asked.filter(({ method, path }) => method === "POST" && path === "/v1/cameras").map(({ body }) => body);
  expect(bodies).toHaveLength(3);
  expect(bodies[0]).toEqual({ name: null, source: { kind: "axis", address: "http://192.168.0.141" }, user: "root", password: "secret", transport: "tcp", audio: true, record: true, retention_days: 30 });
});

test("nothing found leads to adding by address", async () => {
  renderAt("/devices/add", { empty: true }, { "/v1/discovery": { get: () => ({ running: false, started: new Date().toISOString(), found: [] }) } });
  expect((await screen.findByRole("link", { name: "Add by address" })).getAttribute("href")).toBe("/devices/add?tab=address");
});

test("by address: looking first shows streams, and warns of H.265 without a sub stream", async () => {
  renderAt("/devices/add?tab=address&host=192.168.0.144");
  await userEvent.type(await screen.findByLabelText("Main stream"), "stream1");
  await userEvent.click(screen.getByRole("button", { name: "Look at it first" }));
  expect(await screen.findByText("H.265, 2592 × 1520")).toBeTruthy();
  expect(screen.getByText("H.265 without a sub stream")).toBeTruthy();
});

test("by address: a camera that does not answer is said at the form", async () => {
  const page = renderAt("/devices/add?tab=address");
  await userEvent.type(await screen.findByRole("textbox", { name: "Address" }), "203.0.113.7");
  await userEvent.click(screen.getByRole("button", { name: "Add" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The camera does not answer.");
  expect(page.at()).toBe("/devices/add?tab=address");
});

describe("the form of an address", () => {
  test.each([
    ["rtsp://root:pa%20ss@10.0.0.9/s1", { url: "rtsp://10.0.0.9/s1", user: "root", password: "pa ss" }], ["rtsp://10.0.0.9/s@1", { url: "rtsp://10.0.0.9/s@1", user: "", password: "" }],
    ["rtsp://root@10.0.0.9/", { url: "rtsp://10.0.0.9/", user: "root", password: "" }], ["rtsp://u:%zz@h/", { url: "rtsp://h/", user: "u", password: "%zz" }],
  ])("%s is taken apart", (text, parts) => expect(withoutCredentials(text)).toEqual(parts));

  test("an address without scheme becomes http, slashes at its end go", () => {
    expect(manualRequest({ ...emptyManual(""), address: " 192.168.0.9/ ", codec: "h265" }).source).toEqual({ kind: "axis", address: "http://192.168.0.9", codec: "h265" });
  });

  test("what is missing is said by field", () => {
    expect(wrongWith({ ...emptyManual(""), address: " " })).toHaveProperty("address");
    expect(wrongWith({ ...emptyManual("h"), mainUrl: "http://h/" })).toHaveProperty("mainUrl");
    expect(wrongWith({ ...emptyManual("h"), subUrl: "x" })).toHaveProperty("subUrl");
    expect(wrongWith(emptyManual("192.168.0.9"))).toEqual({});
  });
});
