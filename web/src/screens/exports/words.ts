/** Exports in words. Pure. */
import type { Export, ExportFile } from "../../api/types";
import { count, duration } from "../../time/format";

/** Nothing more happens to it. */
export const isOver = ({ state }: Pick<Export, "state">): boolean => state === "done" || state === "failed" || state === "cancelled";

/** "Gate north", "Gate north and 2 more". */
export function whose({ cameras }: Pick<Export, "cameras">): string {
  const [first, ...others] = cameras;
  if (!first) return "Recordings";
  return others.length > 0 ? `${first.name} and ${others.length} more` : first.name;
}

/** How far it is, 0 to 1, writing and checking together; undefined: not known. */
export function share({ state, done_bytes: done, total_bytes: total }: Export): number | undefined {
  if (total === 0 || state === "queued") return undefined;
  const half = Math.min(1, done / total) / 2;
  return state === "checking" ? 0.5 + half : half;
}

/** "Waits for other exports", "Writing, about 6 s". */
export function stateInWords(one: Export): string {
  const left = one.left_s !== null && one.left_s !== undefined && one.left_s >= 1 ? `, about ${duration(one.left_s * 1000)}` : "";
  switch (one.state) {
    case "queued":
      return "Waits for other exports";
    case "running":
      return `Writing${left}`;
    case "checking":
      return `Checking against the hash chain${left}`;
    case "done":
      return "Done, checked";
    case "failed":
      return "Failed";
    case "cancelled":
      return "Cancelled";
  }
}

/** "2 files with evidence, 41 MB": what there is to download, counted as people do. */
export function contents({ files }: Pick<Export, "files">): string {
  return `${count(files.filter(({ kind }) => kind === "video").length, "file")} with evidence`;
}

/** Where a file is downloaded from. */
export const fileUrl = (id: string, { name }: Pick<ExportFile, "name">): string => `/v1/exports/${id}/files/${encodeURIComponent(name)}`;

/** Lets the browser download the pictures of an export, under the names that the site gives. */
export function downloadAll(one: Pick<Export, "id" | "files">): void {
  for (const file of one.files) {
    if (file.kind !== "video") continue;
    const link = document.createElement("a");
    link.href = fileUrl(one.id, file);
    link.download = file.save_as;
    document.body.append(link);
    link.click();
    link.remove();
  }
}
