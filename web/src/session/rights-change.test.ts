import { expect, test } from "vitest";
import * as data from "../../mock/data";
import type { Camera, Privilege } from "../api/types";
import { lost } from "./rights-change";

const camera = (number: number, name: string, privileges: Privilege[]): Camera => data.camera(number, name, { privileges });
const session = (...privileges: string[]) => ({ ...data.session(), privileges });
const all: Privilege[] = ["camera-access", "camera-video", "camera-listen", "recordings"];
const before = { session: session("recordings", "export", "camera-video"), cameras: [camera(1, "Gate", all), camera(2, "Yard", all), camera(3, "Dock", all)] };

test.each([
  ["nothing", before.cameras, before.session, []],
  ["cameras", [camera(1, "Gate", all)], before.session, ["You may no longer see Yard and Dock."]],
  ["sound", [camera(1, "Gate", ["camera-access", "camera-video", "recordings"]), camera(2, "Yard", all), camera(3, "Dock", all)], before.session, ["You may no longer hear Gate."]],
  ["pictures", [camera(1, "Gate", ["camera-access"]), camera(2, "Yard", all), camera(3, "Dock", all)], before.session, ["You may no longer see Gate.", "You may no longer hear Gate.", "You may no longer see recordings of Gate."]],
  ["what is about the site", before.cameras, session("recordings", "camera-video"), ["You no longer have: export recordings."]],
])("%s lost is told so", (_, cameras, now, sentences) => expect(lost(before, { session: now, cameras })).toEqual(sentences));

test("what is gained is not told, nor what somebody else may", () => {
  expect(lost({ ...before, cameras: [] }, before)).toEqual([]);
  expect(lost(before, { session: { ...session(), user_id: "other" }, cameras: [] })).toEqual([]);
});
