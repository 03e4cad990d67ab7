/**
 * Cameras × privileges. A tick is granted here; a ring is held from elsewhere (a folder, all cameras, a group). Arrows go
 * from cell to cell, Space sets one, the heads of rows and columns set all of theirs. What stands above the grid says why.
 * On a phone each row is a card.
 */
import { Check, Minus, Users } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { Privilege, PrivilegeInfo } from "../../api/types";
import { type NameOf, cellWords } from "../../people/explain";
import { type CellState, type Draft, type GridRow, type Source, cellState, reach, withGrants } from "../../people/rights";
import { privilegeNames, reachWords } from "../../people/words";
import { cls, SearchField } from "../../ui";
import styles from "./rights.module.css";

interface Props {
  rows: readonly GridRow[];
  draft: Draft;
  sources: readonly Source[];
  infos: readonly PrivilegeInfo[];
  nameOf: NameOf;
  onChange: (part: Partial<Draft>) => void;
}

/** A place in the grid: row and column, each 0 for the heads. */
type Place = readonly [row: number, column: number];

/** Fewer rows are found without a filter. */
const MANY = 8;

export function RightsGrid({ rows, draft, sources, infos, nameOf, onChange }: Props) {
  const why = useId();
  const table = useRef<HTMLTableElement>(null);
  const [filter, setFilter] = useState("");
  const [place, setPlace] = useState<Place>([0, 0]);
  const [words, setWords] = useState<string>();
  const columns = infos.filter(({ scope, granted }) => scope === "camera" && granted);
  const shown = filter ? rows.filter(({ name, target }) => target === "all" || name.toLowerCase().includes(filter.trim().toLowerCase())) : rows;
  const single = shown.filter(({ target }) => target.startsWith("camera:"));
  const state = (info: PrivilegeInfo, row: GridRow) => cellState(draft, sources, info, row, infos);
  const settable = (info: PrivilegeInfo) => state(info, rows[0] ?? { name: "", depth: 0, target: "all", covers: ["all"] }).blocked === undefined;

  const set = (privileges: readonly Privilege[], on: boolean, of: readonly GridRow[]) => onChange({ grants: withGrants(draft.grants, privileges, of.map(({ target }) => target), on) });
  const all = (states: readonly CellState[]): "true" | "mixed" | "false" => (states.length > 0 && states.every(({ own }) => own) ? "true" : states.some(({ own }) => own) ? "mixed" : "false");

  const move = (event: KeyboardEvent) => {
    const [row, column] = place;
    const last = [shown.length, columns.length] as const;
    const to: Record<string, Place> = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? last[0] : row, last[1]],
    };
    const next = to[event.key];
    if (!next || event.altKey || event.shiftKey) return;
    event.preventDefault();
    const bounded: Place = [Math.min(last[0], Math.max(0, next[0])), Math.min(last[1], Math.max(0, next[1]))];
    // The corner sets nothing: from a head the next arrow leads on.
    const there: Place = bounded[0] === 0 && bounded[1] === 0 ? (row === 0 ? [1, 0] : [0, 1]) : bounded;
    table.current?.querySelector<HTMLButtonElement>(`[data-place="${there.join(",")}"]`)?.focus();
  };
  const box = (at: Place, label: string, checked: "true" | "mixed" | "false", explain: string, press: (() => void) | undefined, held = false, group = false, text?: string) => (
    <button
      type="button"
      role="checkbox"
      aria-checked={checked}
      aria-label={label}
      aria-disabled={press === undefined || undefined}
      aria-describedby={words === explain ? why : undefined}
      className={cls(styles.cell, held && styles.held)}
      data-place={at.join(",")}
      data-held={held}
      tabIndex={(place[0] === at[0] && place[1] === at[1]) || (place[0] === 0 && place[1] === 0 && at[0] === 1 && at[1] === 1) ? 0 : -1}
      onFocus={() => { setPlace(at); setWords(explain); }}
      onPointerEnter={() => setWords(explain)}
      onClick={() => press?.()}
    >
      <span className={styles.box} aria-hidden="true">{checked === "true" ? <Check /> : checked === "mixed" ? <Minus /> : held && group ? <Users /> : held ? <Check /> : null}</span>
      {text ? <span className={styles.boxName}>{text}</span> : null}
    </button>
  );

  return (
    <>
      {rows.length > MANY ? <SearchField label="Filter cameras" placeholder="Camera or folder" value={filter} onChange={setFilter} /> : null}
      <p id={why} className={styles.why} aria-live="polite">{words ?? "A filled box is granted here. A ringed one is held from elsewhere; go there to read from where."}</p>
      <div className={styles.scroll}>
        {/* The grid pattern of WAI-ARIA: a table whose cells keys move between. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role */}
        <table ref={table} role="grid" aria-label="Rights on cameras" className={styles.grid} onKeyDown={move}>
          <thead>
            <tr>
              <th scope="col"><span className={styles.corner}>Camera</span></th>
              {columns.map((info, column) => {
                const states = single.map((row) => state(info, row));
                const checked = all(states);
                const press = settable(info) && single.length ? () => set([info.privilege], checked !== "true", single) : undefined;
                const blocked = press ? "" : ` ${cellWords({ own: false, held: false, reasons: [], blocked: states[0]?.blocked }, info, "all", nameOf)}`;
                return (
                  <th key={info.privilege} scope="col" aria-label={privilegeNames[info.privilege]}>
                    {box([0, column + 1], `${privilegeNames[info.privilege]}, each camera listed`, checked, `${info.words} Sets it on each of ${single.length} cameras.${blocked}`, press, false, false, privilegeNames[info.privilege])}
                  </th>
                );
              })}
              <th scope="col" className={styles.reach}>Recordings</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => {
              const usable = columns.filter(settable);
              const checked = all(usable.map((info) => state(info, row)));
              const back = reach(sources, row);
              return (
                <tr key={row.target} data-kind={row.target.split(":")[0]} data-depth={row.depth}>
                  <th scope="row">
                    {box([at + 1, 0], `Everything, ${row.name}`, checked, `Sets everything that can be set on ${nameOf(row.target)}.`, usable.length ? () => set(usable.map(({ privilege }) => privilege), checked !== "true", [row]) : undefined)}
                    <span className={styles.name}>{row.name}{row.about ? <small>{row.about}</small> : null}</span>
                  </th>
                  {columns.map((info, column) => {
                    const cell = state(info, row);
                    const explain = `${row.name}, ${privilegeNames[info.privilege]}. ${cellWords(cell, info, row.target, nameOf)}`;
                    const onlyGroups = cell.reasons.length > 0 && cell.reasons.every(({ group }) => group);
                    return (
                      <td key={info.privilege}>
                        {box([at + 1, column + 1], `${privilegeNames[info.privilege]}, ${row.name}`, cell.own ? "true" : "false", explain, cell.blocked ? undefined : () => set([info.privilege], !cell.own, [row]), cell.held, onlyGroups, privilegeNames[info.privilege])}
                      </td>
                    );
                  })}
                  <td className={styles.reach}>{back === undefined ? "–" : back === null ? "All" : `Last ${reachWords(back)}`}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
