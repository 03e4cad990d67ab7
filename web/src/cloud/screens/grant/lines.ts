/** A certificate ID as people compare it. Pure. */

/** 16 groups as four lines of four, as sites print them: two of them can be compared at a glance. */
export function inLines(certificateId: string): string {
  const groups = certificateId.split("-");
  return Array.from({ length: Math.ceil(groups.length / 4) }, (_, line) => groups.slice(line * 4, line * 4 + 4).join("-")).join("\n");
}
