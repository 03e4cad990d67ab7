/**
 * How tiles stand on a screen: pure. A layout is named by its number of tiles, so that the key is the number.
 *
 * What is not here: cameras, streams, React.
 */

/** Where a tile stands, in cells from 1; a big tile spans several. */
export interface Cell {
  column: number;
  row: number;
  span: number;
}

export interface GridLayout {
  columns: number;
  rows: number;
  cells: readonly Cell[];
}

const cell = (column: number, row: number, span = 1): Cell => ({ column, row, span });

/** Equal tiles, row by row. */
export function even(columns: number, rows: number, count = columns * rows): GridLayout {
  return { columns, rows, cells: Array.from({ length: count }, (_, i) => cell((i % columns) + 1, Math.floor(i / columns) + 1)) };
}

const LAYOUTS: Record<number, GridLayout> = {
  1: even(1, 1),
  2: even(2, 1),
  3: { columns: 3, rows: 2, cells: [cell(1, 1, 2), cell(3, 1), cell(3, 2)] },
  4: even(2, 2),
  5: { columns: 4, rows: 2, cells: [cell(1, 1, 2), cell(3, 1), cell(4, 1), cell(3, 2), cell(4, 2)] },
  6: { columns: 3, rows: 3, cells: [cell(1, 1, 2), cell(3, 1), cell(3, 2), cell(1, 3), cell(2, 3), cell(3, 3)] },
  7: { columns: 4, rows: 4, cells: [cell(1, 1, 2), cell(3, 1, 2), cell(1, 3, 2), cell(3, 3), cell(4, 3), cell(3, 4), cell(4, 4)] },
  8: { columns: 4, rows: 4, cells: [cell(1, 1, 3), cell(4, 1), cell(4, 2), cell(4, 3), cell(1, 4), cell(2, 4), cell(3, 4), cell(4, 4)] },
  9: even(3, 3),
};

/** More tiles than this go to further pages even when all are wanted. */
export const MOST_TILES = 16;

/** A layout with so many tiles; 0: all cameras, in the grid whose tiles are largest for pictures of 16:9. */
export function layoutOf(tiles: number, cameras: number, aspect = 16 / 9): GridLayout {
  const known = LAYOUTS[tiles];
  if (known) return known;
  const count = Math.max(1, Math.min(MOST_TILES, cameras));
  let best = even(1, count);
  let bestSize = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const width = Math.min(aspect / columns, 16 / 9 / rows);
    if (width >= bestSize - 1e-9) { // of equals the wider one
      bestSize = width;
      best = even(columns, rows, columns * rows);
    }
  }
  return best;
}

export type Direction = "left" | "right" | "up" | "down";

/** The tile that lies in a direction from another one; the same tile at the edge. `shown`: tiles that have a camera. */
export function neighbour(layout: GridLayout, from: number, direction: Direction, shown: number): number {
  const at = layout.cells[from];
  if (!at) return 0;
  const middle = { x: at.column + at.span / 2, y: at.row + at.span / 2 };
  let best = from;
  let distance = Infinity;
  layout.cells.slice(0, shown).forEach((other, index) => {
    const x = other.column + other.span / 2 - middle.x;
    const y = other.row + other.span / 2 - middle.y;
    const along = { left: -x, right: x, up: -y, down: y }[direction];
    const across = Math.abs(direction === "left" || direction === "right" ? y : x);
    const beyond = {
      left: other.column + other.span <= at.column,
      right: other.column >= at.column + at.span,
      up: other.row + other.span <= at.row,
      down: other.row >= at.row + at.span,
    }[direction];
    const d = along + across * 2;
    if (beyond && d < distance) {
      best = index;
      distance = d;
    }
  });
  return best;
}

/** Which stream a tile takes: the main one when it is alone, or has the focus and is larger than the sub stream's picture. */
export function streamFor(tile: { alone: boolean; focused: boolean; pixels: number; subWidth: number; hasSub: boolean; mainShowable: boolean }): "main" | "sub" {
  if (!tile.hasSub || tile.alone) return "main";
  return tile.focused && tile.mainShowable && tile.pixels > tile.subWidth ? "main" : "sub";
}
