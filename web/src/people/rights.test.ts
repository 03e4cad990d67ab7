import { describe, expect, test } from "vitest";
import * as data from "../../mock/data";
import type { Group, PrivilegeInfo } from "../api/types";
import { begin, redo, step, undo } from "./history";
import { type Draft, type GridRow, cellState, differences, grantsOf, gridRows, highestRole, listOf, reach, same, sourcesOf, withGrants } from "./rights";

const cameras = [data.camera(1, "Gate"), data.camera(2, "Yard"), data.camera(3, "Dock")];
const id = (at: number) => cameras[at]?.id ?? "";
const folders = [{ id: "f", name: "Outside", cameras: [id(0), id(1)] }, { id: "g", name: "Zone", cameras: [id(1)] }];
const draft = (over: Partial<Draft> = {}): Draft => ({ role: "operator", minutes: null, grants: new Map(), linked: new Set(), ...over });
const group = (over: Partial<Group>): Group => ({ id: "n", name: "Night shift", role: "operator", created: "", members: [], grants: [], ...over });
const info = (privilege: PrivilegeInfo["privilege"], over: Partial<PrivilegeInfo> = {}): PrivilegeInfo => ({ privilege, words: "", scope: "camera", lowest_role: "viewer", granted: true, in_use: true, ...over });
const infos = [info("camera-access"), info("camera-video"), info("camera-listen"), info("camera-record", { lowest_role: "operator" })];
const row = (name: string): GridRow => gridRows(cameras, folders).find((one) => one.name === name) ?? expect.fail(name);

test("rows are all cameras, folders with theirs, and the rest; a camera of two folders stands in the first", () => {
  expect(gridRows(cameras, folders).map(({ name, depth, about }) => [depth, name, about])).toEqual([
    [0, "All cameras", "Also those that are added later"], [0, "Outside", "Folder: also what is put into it later"], [1, "Gate", undefined], [1, "Yard", "Also in Zone"],
    [0, "Zone", "Folder: also what is put into it later"], [0, "Dock", undefined],
  ]);
});

test("grants are kept as they came, with priorities", () => {
  const list = [{ privilege: "camera-video" as const, camera: id(0) }, { privilege: "camera-ptz" as const, folder: "f", priority: 7 }, { privilege: "snapshot" as const }];
  expect(listOf(grantsOf(list))).toEqual(list);
});

describe("a cell", () => {
  const of = (name: string, privilege: PrivilegeInfo, person: Draft, groups: Group[] = []) => cellState(person, sourcesOf(person, groups), privilege, row(name), infos);
  const outside = draft({ grants: grantsOf([{ privilege: "camera-video", folder: "f" }]) });
  test("is held by what its folder was granted, and not its own", () =>
    expect(of("Gate", info("camera-video"), outside)).toEqual({ own: false, held: true, blocked: undefined, reasons: [{ group: undefined, target: "folder:f", by: "camera-video" }] }));
  test("is held by what another privilege brings along", () => expect(of("Gate", info("camera-access"), outside).reasons).toEqual([{ group: undefined, target: "folder:f", by: "camera-video" }]));
  test("of a camera outside is empty", () => expect(of("Dock", info("camera-video"), outside)).toEqual({ own: false, held: false, blocked: undefined, reasons: [] }));
  test("names the group that it is inherited from", () => {
    const member = draft({ linked: new Set(["n"]) });
    const groups = [group({ grants: [{ privilege: "camera-listen" }] }), group({ id: "other", grants: [{ privilege: "camera-listen" }] })];
    expect(of("Dock", info("camera-listen"), member, groups)).toMatchObject({ own: false, held: true, reasons: [{ group: "Night shift", target: "all" }] });
  });
  test("is not held where the highest role cannot hold it, and says so", () => {
    const viewer = draft({ role: "viewer", grants: grantsOf([{ privilege: "camera-record", camera: id(2) }]) });
    expect(of("Dock", info("camera-record", { lowest_role: "operator" }), viewer)).toMatchObject({ own: true, held: false, blocked: "role" });
  });
  test("is not brought along by what the role cannot hold", () => {
    const viewer = draft({ role: "viewer", grants: grantsOf([{ privilege: "camera-record", camera: id(2) }]) });
    expect(of("Dock", info("camera-access"), viewer).held).toBe(false);
  });
  test("of an administrator is always held", () => expect(of("Dock", info("camera-ptz"), draft({ role: "administrator" }))).toMatchObject({ held: true, blocked: "administrator" }));
  test("of a privilege without operations cannot be set", () => expect(of("Dock", info("camera-ptz", { in_use: false }), draft()).blocked).toBe("not-in-use"));
});

test("the highest role of person and groups wins", () => {
  expect(highestRole(sourcesOf(draft({ role: "viewer", linked: new Set(["n"]) }), [group({})]))).toBe("operator");
});

describe("recordings are shown", () => {
  const hour = draft({ minutes: 60, grants: grantsOf([{ privilege: "camera-video" }]) });
  const day = group({ recordings_minutes: 1440, grants: [{ privilege: "camera-video", folder: "f" }] });
  const limit = (name: string, person: Draft, groups: Group[] = []) => reach(sourcesOf(person, groups), row(name));
  test("for the person's limit", () => expect(limit("Gate", hour)).toBe(60));
  test("for the longest limit of those that give the pictures", () => expect(limit("Gate", { ...hour, linked: new Set(["n"]) }, [day])).toBe(1440));
  test("without a limit where one of them has none", () => expect(limit("Gate", { ...hour, linked: new Set(["n"]) }, [{ ...day, recordings_minutes: null }])).toBeNull());
  test("not at all without pictures, or to viewers", () => {
    expect(limit("Gate", draft())).toBeUndefined();
    expect(limit("Gate", { ...hour, role: "viewer" })).toBeUndefined();
  });
});

test("what differs is told by camera, and setting back what was set differs in nothing", () => {
  const before = grantsOf([{ privilege: "camera-video", camera: id(0) }]);
  const after = withGrants(withGrants(before, ["camera-listen", "camera-record"], [`camera:${id(1)}`], true), ["camera-video"], [`camera:${id(0)}`], false);
  expect(differences(before, after)).toEqual([
    { target: `camera:${id(1)}`, gives: ["camera-listen", "camera-record"], takes: [] }, { target: `camera:${id(0)}`, gives: [], takes: ["camera-video"] },
  ]);
  expect(same(draft({ grants: before }), draft({ grants: withGrants(withGrants(before, ["snapshot"], ["all"], true), ["snapshot"], ["all"], false) }))).toBe(true);
});

test("steps are undone and redone; a new step forgets what was undone", () => {
  const three = step(step(begin(1), 2), 3);
  const back = undo(undo(three));
  expect([back.present, undo(back).present, redo(redo(back)).present, redo(step(back, 9)).present]).toEqual([1, 1, 3, 9]);
});
