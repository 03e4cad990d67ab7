import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderAt } from "../../test/render";

test("an export tells how far it is, what it holds, and why it failed", async () => {
  renderAt("/exports");
  const list = await screen.findByRole("list", { name: "Exports" });
  expect(within(list).getByText("Writing, about 7 s")).toBeTruthy();
  expect(within(list).getByRole("progressbar", { name: "Export of Gate north and 2 more" })).toBeTruthy();
  expect(within(list).getByText(/^1 file with evidence/)).toBeTruthy();
  expect(within(list).getByText(/Lock what must be kept/)).toBeTruthy();
  expect(within(list).getAllByText(/by Olof$/)).toHaveLength(2);
  const links = within(list).getAllByRole("link").map((link) => link.getAttribute("href"));
  expect(links).toEqual(["1.mp4", "1.mp4.evidence.jsonl"].map((name) => `/v1/exports/${(922).toString(16).padStart(32, "0")}/files/${name}`));
});

test("one that is made is cancelled at once, one that is done is deleted after a question", async () => {
  renderAt("/exports");
  const list = await screen.findByRole("list", { name: "Exports" });
  await userEvent.click(within(list).getByRole("button", { name: "Cancel the export of Gate north and 2 more" }));
  expect(await within(list).findByText("Cancelled")).toBeTruthy();
  await userEvent.click(within(list).getByRole("button", { name: "Delete the export of Gate north" }));
  const question = await screen.findByRole("alertdialog");
  await userEvent.click(within(question).getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(within(screen.getByRole("list", { name: "Exports" })).queryByRole("button", { name: "Delete the export of Gate north" })).toBeNull());
});

test("a site without exports says how one is made", async () => {
  renderAt("/exports", { empty: true });
  expect(await screen.findByText("No exports", { selector: "h2" })).toBeTruthy();
});

test("who may not export is told so", async () => {
  renderAt("/exports", { viewer: true });
  expect(await screen.findByText(/You may not/)).toBeTruthy();
});
