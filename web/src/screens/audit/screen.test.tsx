import { screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderAt } from "../../test/render";
import { deedWords } from "./words";

test("rows are searched by person and outcome, and the export takes the same", async () => {
  renderAt("/settings/audit");
  await screen.findByText("Whole: 24 rows, each bound to the one before");
  await userEvent.type(screen.getByLabelText("Person"), "olga");
  await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(10));
  expect(screen.getByRole("link", { name: "Export as CSV" }).getAttribute("href")).toBe("/v1/audit/export?name=olga&format=csv");
  await userEvent.click(screen.getByRole("button", { name: "Clear" }));
  await waitFor(() => expect(screen.getAllByRole("row").length).toBeGreaterThan(10));
});

test("older rows come when they are asked for", async () => {
  renderAt("/settings/audit");
  await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(17));
  await userEvent.click(screen.getByRole("button", { name: "Show older rows" }));
  await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(25));
  expect(screen.queryByRole("button", { name: "Show older rows" })).toBeNull();
});

test("a log that somebody has changed is said loudly", async () => {
  renderAt("/settings/audit", {}, { "/v1/audit/chain": { get: () => ({ whole: false, rows: null, broken_at: 17 }) } });
  const words = await screen.findByText("Somebody has changed the audit log");
  expect(words.closest("[role=alert]")?.textContent).toContain("From row 17 on");
});

test.each([["camera_update", "Changed: camera"], ["session_create", "Signed in"], ["live", "Watched live"], ["schedule_delete", "Removed: schedule"], ["probe", "probe"]])("%s is told as %s", (action, words) => expect(deedWords(action)).toBe(words));
