import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import * as data from "../../../mock/data";
import type { Camera } from "../../api/types";
import { ClipButton } from "./ClipButton";

const without = (camera: Camera): Camera => ({ ...camera, privileges: camera.privileges.filter((privilege) => privilege !== "export") });

function show(cameras: readonly Camera[], marked = true) {
  const save = { current: () => {} };
  let marks = 0;
  const selection = marked ? { from: 1_795_270_232_000_000, to: 1_795_270_242_000_000 } : undefined;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <ClipButton camera={cameras[0]} cameras={cameras} selection={selection} onMark={() => marks++} onClear={() => {}} save={save} />
    </QueryClientProvider>,
  );
  return { save, marks: () => marks };
}

test("who may export is told what the button saves", () => {
  show(data.cameras().slice(0, 2));
  expect(screen.getByRole("button", { name: /^Save 10 s of / })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Other ways to save" })).toBeTruthy();
});

test("who may export none of the cameras is offered nothing, and its key does nothing", () => {
  const { save, marks } = show(data.cameras().slice(0, 2).map(without), false);
  expect(screen.queryAllByRole("button")).toEqual([]);
  save.current();
  expect(marks()).toBe(0);
});

test("a camera that may not be exported is not saved", () => {
  const [first, ...others] = data.cameras().slice(0, 3);
  show(first ? [without(first), ...others] : []);
  expect(screen.queryByRole("button", { name: /^Save/ })).toBeNull();
  expect((screen.getByRole("button", { name: "Mark a clip" }) as HTMLButtonElement).disabled).toBe(true);
});
