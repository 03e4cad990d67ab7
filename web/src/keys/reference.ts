/** The reference page `docs/reference/keys.md`, written from the key table; `keys.test.tsx` holds it to the table. */
import { type KeyId, type Place, keymap, places, printed } from "./keymap";

const cell = (key: string) => `<kbd>${printed(key).replaceAll("|", "\\|").replaceAll("<", "&lt;")}</kbd>`;

export function keysPage(): string {
  const ids = Object.keys(keymap) as KeyId[];
  const sections = (Object.keys(places) as Place[]).flatMap((place) => [
    `## ${places[place]}`, "", "| key | what it does |", "|---|---|",
    ...ids.filter((id) => keymap[id].place === place).map((id) => `| ${keymap[id].keys.map(cell).join(" ")} | ${keymap[id].does} |`), "",
  ]);
  return [
    "# Keys", "",
    "Written from `web/src/keys/keymap.ts` by `UPDATE_EXPECT=1 npm --prefix web test -- src/keys`. In the client <kbd>?</kbd> shows those of the screen;",
    "under *Preferences* each can be changed, for this browser. No key counts while text is being typed.", "",
    ...sections,
  ].join("\n");
}
