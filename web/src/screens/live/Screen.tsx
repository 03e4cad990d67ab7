/**
 * Live: all cameras at once, edge to edge; one of them alone; sound of one of them.
 *
 * What is here: the grid, its keys, its layouts and pages (in the address), loading, empty and failed. What is not here:
 * a tile's inside (`grid/Tile.tsx`).
 */
import { useQuery } from "@tanstack/react-query";
import { Cctv, ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { asFailure } from "../../api/problems";
import { camerasQuery } from "../../api/queries";
import type { Camera } from "../../api/types";
import { layoutOf, neighbour, type Direction } from "../../grid/layouts";
import { LayoutMenu } from "../../grid/LayoutMenu";
import { Tile } from "../../grid/Tile";
import { usePhone } from "../../grid/useMedia";
import { useKeys } from "../../keys/useKeys";
import { paths } from "../../paths";
import { useCan } from "../../session/useSession";
import { TopBarStart } from "../../shell/slots";
import { useClockOffset } from "../../time/useNow";
import { rfc3339, SECOND } from "../../timeline/zone";
import { Empty, IconButton, LinkButton, Loading, Problem, Skeleton } from "../../ui";
import styles from "./live.module.css";

export default function LiveScreen() {
  return (
    <>
      <h1 className="sr-only">Live</h1>
      <Cameras />
    </>
  );
}

function Cameras() {
  const cameras = useQuery(camerasQuery);
  const mayAdd = useCan("configure");
  if (cameras.isPending) {
    return (
      <Loading what="Cameras">
        <div className={styles.grid} style={{ gridTemplate: "repeat(2, 1fr) / repeat(2, 1fr)" }}>
          {[0, 1, 2, 3].map((i) => <Skeleton key={i} height="100%" />)}
        </div>
      </Loading>
    );
  }
  if (cameras.data === undefined) return <div className={styles.middle}><Problem of={asFailure(cameras.error)} onRetry={() => void cameras.refetch()} /></div>;
  if (cameras.data.length === 0) {
    return (
      <div className={styles.middle}>
        {mayAdd ? <Empty icon={<Cctv />} title="No cameras yet" action={<LinkButton look="primary" href={paths.addDevices()}>Add devices</LinkButton>}>
          Martello finds cameras in this network by itself. Choose the ones to record, and they appear here.
        </Empty> : <Empty icon={<Cctv />} title="You may not see any camera">An administrator of this site decides who sees which.</Empty>}
      </div>
    );
  }
  return <Grid cameras={cameras.data} />;
}

function Grid({ cameras }: { cameras: readonly Camera[] }) {
  const navigate = useNavigate();
  const phone = usePhone();
  const offset = useClockOffset();
  const aloneId = useParams()["camera"];
  const [search, setSearch] = useSearchParams();
  const [focusedId, setFocused] = useState<string | undefined>(aloneId);
  const [soundOf, setSoundOf] = useState<string>();
  const [filled, setFilled] = useState<ReadonlySet<string>>(new Set());
  const grid = useRef<HTMLDivElement>(null);

  const tiles = Number(search.get("tiles")) || 0;
  const layout = layoutOf(tiles, cameras.length);
  const perPage = phone ? cameras.length : layout.cells.length;
  const pages = Math.ceil(cameras.length / perPage);
  const aloneAt = cameras.findIndex(({ id }) => id === aloneId);
  const page = aloneAt >= 0 ? Math.floor(aloneAt / perPage) : Math.min(pages - 1, Math.max(0, (Number(search.get("page")) || 1) - 1));
  const shown = cameras.slice(page * perPage, (page + 1) * perPage);
  const alone = aloneAt >= 0 ? aloneId : undefined;
  const at = shown.findIndex(({ id }) => id === focusedId);

  useEffect(() => {
    if (alone) setFocused(alone);
  }, [alone]);

  const open = (id: string | undefined) => {
    const query = search.toString();
    void navigate(`${id ? paths.liveCamera(id) : paths.live()}${query ? `?${query}` : ""}`);
  };
  const change = (next: { tiles?: number; page?: number }) => {
    const query = new URLSearchParams(search);
    query.delete("page");
    if (next.tiles !== undefined) query.delete("tiles");
    for (const [key, value] of Object.entries(next)) if (value > (key === "page" ? 1 : 0)) query.set(key, String(value));
    if (alone) void navigate(`${paths.live()}?${query.toString()}`);
    else setSearch(query, { replace: true });
  };
  const move = (direction: Direction) => {
    if (alone) {
      const step = direction === "left" || direction === "up" ? -1 : 1;
      const next = cameras[(aloneAt + step + cameras.length) % cameras.length];
      if (next) open(next.id);
      return;
    }
    const to = at < 0 ? 0 : phone ? Math.min(shown.length - 1, Math.max(0, at + (direction === "up" || direction === "left" ? -1 : 1))) : neighbour(layout, at, direction, shown.length);
    setFocused(shown[to]?.id);
  };
  const press = (label: string) => {
    grid.current?.querySelector<HTMLButtonElement>(`[data-tile="${focusedId}"] button[aria-label="${label}"]`)?.click();
  };
  useKeys({
    "live.layout": (key) => change({ tiles: Number(key) }),
    "live.left": () => move("left"),
    "live.right": () => move("right"),
    "live.up": () => move("up"),
    "live.down": () => move("down"),
    "live.open": () => open(alone ? undefined : (focusedId ?? shown[0]?.id)),
    "live.back": () => (alone ? open(undefined) : setFocused(undefined)),
    "live.mute": () => press("Sound"),
    "live.record": () => grid.current?.querySelector<HTMLButtonElement>(`[data-tile="${focusedId}"] button[aria-label$="by hand"]`)?.click(),
    "live.snapshot": () => press("Save a snapshot"),
    "live.fill": () => press("Fill the tile"),
    "live.recordings": () => press("Back 30 s in the recording"),
  });

  return (
    <>
      {!phone && (
        <TopBarStart>
          <LayoutMenu tiles={tiles} cameras={cameras.length} onTiles={(next) => change({ tiles: next })} />
          {pages > 1 && !alone && (
            <>
              <IconButton label="Previous page" isDisabled={page === 0} onPress={() => change({ page })}><ChevronLeft /></IconButton>
              <span className={styles.page}>{page + 1} of {pages}</span>
              <IconButton label="Next page" isDisabled={page === pages - 1} onPress={() => change({ page: page + 2 })}><ChevronRight /></IconButton>
            </>
          )}
        </TopBarStart>
      )}
      <div
        ref={grid}
        className={styles.grid}
        data-alone={alone !== undefined || undefined}
        style={phone || alone ? {} : { gridTemplate: `repeat(${layout.rows}, minmax(0, 1fr)) / repeat(${layout.columns}, minmax(0, 1fr))` }}
      >
        {shown.map((camera, index) => {
          const cell = layout.cells[index];
          return (
            <Tile
              key={camera.id}
              camera={camera}
              focused={camera.id === focusedId}
              alone={camera.id === alone}
              hidden={alone !== undefined && camera.id !== alone}
              sound={camera.id === soundOf}
              fill={filled.has(camera.id)}
              style={phone || alone || !cell ? {} : { gridArea: `${cell.row} / ${cell.column} / span ${cell.span} / span ${cell.span}` }}
              onFocus={() => setFocused(camera.id)}
              onAlone={(wanted) => open(wanted ? camera.id : undefined)}
              onSound={(on) => setSoundOf(on ? camera.id : undefined)}
              onFill={(fill) => setFilled((before) => new Set(fill ? [...before, camera.id] : [...before].filter((id) => id !== camera.id)))}
              onRecordings={() => void navigate(paths.recordings({ at: rfc3339((Date.now() + offset) * 1000 - 30 * SECOND), cams: [camera.id] }))}
            />
          );
        })}
      </div>
    </>
  );
}
