/** Chooses how many tiles are shown. The pictures are the layouts themselves. */
import { Button, Menu, MenuItem } from "../ui";
import { layoutOf } from "./layouts";

const words = (tiles: number) => (tiles === 0 ? "All cameras" : tiles === 1 ? "1 tile" : `${tiles} tiles`);

export function LayoutMenu({ tiles, cameras, onTiles }: { tiles: number; cameras: number; onTiles: (tiles: number) => void }) {
  return (
    <Menu label="Layout" button={<Button look="quiet" icon={<Glyph tiles={tiles} cameras={cameras} />} aria-label={`Layout: ${words(tiles)}`}>{words(tiles)}</Button>}>
      {[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => (
        <MenuItem key={n} icon={<Glyph tiles={n} cameras={cameras} />} end={n === 0 ? undefined : String(n)} onAction={() => onTiles(n)}>
          {words(n)}
        </MenuItem>
      ))}
    </Menu>
  );
}

function Glyph({ tiles, cameras }: { tiles: number; cameras: number }) {
  const { columns, rows, cells } = layoutOf(tiles, cameras);
  const [width, height] = [18 / columns, 14 / rows];
  return (
    <svg viewBox="0 0 18 14" width="18" height="14" aria-hidden="true" fill="currentColor">
      {cells.map(({ column, row, span }) => (
        <rect key={`${column} ${row}`} x={(column - 1) * width + 0.5} y={(row - 1) * height + 0.5} width={span * width - 1} height={span * height - 1} rx="1" opacity="0.85" />
      ))}
    </svg>
  );
}
