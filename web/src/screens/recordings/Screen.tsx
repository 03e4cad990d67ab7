/**
 * Recordings: cameras in step on one timeline. The address holds the moment and the cameras (`?at=&cams=`).
 *
 * What is here: what is chosen, and who is told. What is not here: the clock and decoding (`player/sync-group.ts`), the
 * timeline's inside (`timeline/`), saving (`ClipButton.tsx`).
 */
import { useQuery } from "@tanstack/react-query";
import { Cctv, FileVideo } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useNavigate, useNavigation, useSearchParams } from "react-router";
import { asFailure } from "../../api/problems";
import { camerasQuery } from "../../api/queries";
import type { Camera } from "../../api/types";
import { layoutOf } from "../../grid/layouts";
import { useCoarse, usePhone } from "../../grid/useMedia";
import { useKeys } from "../../keys/useKeys";
import { paths } from "../../paths";
import { RATES } from "../../player/clock";
import { download, fileName } from "../../player/surface";
import { SyncGroup } from "../../player/sync-group";
import { useCan } from "../../session/useSession";
import { TopBarEnd, TopBarStart } from "../../shell/slots";
import { useClockOffset, useZone } from "../../time/useNow";
import { clampView, edge, eventEdge, keepVisible, markSelection, openingView, timeAt, xOf, zoomAt, type Selection, type View } from "../../timeline/model";
import { useLanes } from "../../timeline/queries";
import { Timeline } from "../../timeline/Timeline";
import { fileTime, HOUR, MINUTE, parseRfc3339, rfc3339, SECOND } from "../../timeline/zone";
import { Empty, LinkButton, Loading, Problem, Skeleton, toast } from "../../ui";
import { CameraPicker, MOST_CAMERAS } from "./CameraPicker";
import { ClipButton } from "./ClipButton";
import { DayPicker } from "./DayPicker";
import { NoteOverlay } from "./NoteOverlay";
import { RecordingTile } from "./RecordingTile";
import styles from "./recordings.module.css";
import { SpanList } from "./SpanList";
import { Transport } from "./Transport";

/** Without a moment in the address playback begins this long ago. */
const START_BACK = 30 * SECOND;
/** So many cameras are shown when the address names none. */
const FIRST_CAMERAS = 4;

export default function RecordingsScreen() {
  const cameras = useQuery(camerasQuery);
  if (cameras.isPending) {
    return <Loading what="Recordings"><div className={styles.loading}><Skeleton height="100%" /><Skeleton height="44px" /><Skeleton height="110px" /></div></Loading>;
  }
  if (cameras.data === undefined) return <div className={styles.middle}><Problem of={asFailure(cameras.error)} onRetry={() => void cameras.refetch()} /></div>;
  if (cameras.data.length === 0) {
    return (
      <div className={styles.middle}>
        <Empty icon={<Cctv />} title="Nothing is recorded yet" action={<LinkButton look="primary" href={paths.addDevices()}>Add devices</LinkButton>}>
          Add a camera, and what it sees is recorded from then on.
        </Empty>
      </div>
    );
  }
  return <Recordings cameras={cameras.data} />;
}

function Recordings({ cameras }: { cameras: readonly Camera[] }) {
  const navigate = useNavigate();
  const phone = usePhone();
  const coarse = useCoarse();
  const zone = useZone();
  const mayExport = useCan("export");
  const offset = useClockOffset();
  const offsetNow = useRef(offset);
  offsetNow.current = offset;
  const nowUs = useCallback(() => (Date.now() + offsetNow.current) * 1000, []);

  const [search, setSearch] = useSearchParams();
  const cams = search.get("cams");
  const chosen = useMemo(() => {
    const named = cams?.split(",").filter((id) => cameras.some((camera) => camera.id === id)) ?? [];
    return named.length > 0 ? named.slice(0, MOST_CAMERAS) : cameras.slice(0, FIRST_CAMERAS).map(({ id }) => id);
  }, [cams, cameras]);
  const shown = chosen.flatMap((id) => cameras.find((camera) => camera.id === id) ?? []);

  const [group] = useState(() => {
    const asked = parseRfc3339(search.get("at") ?? "");
    return new SyncGroup(Number.isFinite(asked) ? asked : nowUs() - START_BACK, nowUs);
  });
  const state = useSyncExternalStore(group.subscribe, group.snapshot);
  const [focusedId, setFocusedId] = useState(chosen[0]);
  const [alone, setAlone] = useState<string>();
  const [selection, setSelection] = useState<Selection>();
  const [list, setList] = useState(false);
  const [view, setView] = useState<View>(() => clampView({ from: group.wallUs - 40 * MINUTE, span: HOUR, width: 1 }));
  const saveKey = useRef(() => {});

  const focused = shown.find(({ id }) => id === focusedId) ?? shown[0];
  const aloneShown = shown.length > 1 ? alone : undefined;
  const playhead = useCallback(() => group.wallUs, [group]);
  const { lanes, loading, error, retry } = useLanes(chosen, view, nowUs());
  const lane = lanes.find(({ camera }) => camera === focused?.id);

  useEffect(() => group.onTime((at) => setView((before) => (group.snapshot().playing ? keepVisible(before, at) : before))), [group]);
  useEffect(() => {
    if (focused) group.lead(focused.id);
  }, [group, focused]);
  useEffect(() => group.know(lanes), [group, lanes]);
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current || lanes.length === 0) return;
    opened.current = true;
    setView((before) => openingView(before, lanes, group.wallUs, nowUs()));
  }, [lanes, group, nowUs]);
  useEffect(() => {
    const onHide = () => document.visibilityState === "hidden" && group.pause();
    document.addEventListener("visibilitychange", onHide);
    return () => document.removeEventListener("visibilitychange", onHide);
  }, [group]);

  const seek = (us: number) => {
    group.seek(us);
    setView((before) => keepVisible(before, us));
  };
  const skip = (back: boolean) => {
    const to = edge(lane?.spans ?? [], group.wallUs, back, nowUs());
    if (to !== undefined) seek(to);
  };
  const skipEvent = (back: boolean) => {
    const to = eventEdge(lane?.events ?? [], group.wallUs, back);
    if (to !== undefined) seek(to);
    else toast(`No event ${back ? "before" : "after"} this around what the timeline shows.`);
  };
  const mark = (end: "from" | "to", at = group.wallUs) => setSelection((before) => markSelection(before, end, Math.min(at, nowUs())));
  const markClip = () => {
    const to = Math.min(nowUs(), group.wallUs + 15 * SECOND);
    setSelection({ from: to - 30 * SECOND, to });
    setView((before) => (before.span > 10 * MINUTE ? clampView({ ...before, from: to - 3 * MINUTE, span: 5 * MINUTE }) : keepVisible(before, to, 0.1)));
  };
  const changeRate = (step: 1 | -1) => {
    const next = RATES[RATES.findIndex((rate) => rate === state.rate) + step];
    if (next !== undefined) group.setRate(next);
  };
  const snapshot = async (camera: Camera | undefined) => {
    const taken = camera ? await group.grab(camera.id) : undefined;
    if (!camera || !taken) return;
    download(taken.blob, `${fileName(camera.name)}-${fileTime(taken.wallUs, zone)}.png`);
    toast(`Snapshot of ${camera.name} saved.`);
  };
  const goLive = () => void navigate(shown.length === 1 && focused ? paths.liveCamera(focused.id) : paths.live());
  const zoom = (factor: number) =>
    setView((before) => {
      const x = xOf(before, group.wallUs);
      return zoomAt(before, x >= 0 && x <= before.width ? x : before.width / 2, factor);
    });

  useKeys({
    "play.toggle": () => (state.playing ? group.pause() : group.play()),
    "play.live": goLive,
    "play.frameBack": () => group.step(-1),
    "play.frameOn": () => group.step(1),
    "play.back": () => seek(group.wallUs - SECOND),
    "play.on": () => seek(group.wallUs + SECOND),
    "play.backMore": () => seek(group.wallUs - 10 * SECOND),
    "play.onMore": () => seek(group.wallUs + 10 * SECOND),
    "play.previous": () => skip(true),
    "play.next": () => skip(false),
    "play.previousEvent": () => skipEvent(true),
    "play.nextEvent": () => skipEvent(false),
    "play.slower": () => changeRate(-1),
    "play.faster": () => changeRate(1),
    "play.zoomIn": () => zoom(0.5),
    "play.zoomOut": () => zoom(2),
    "play.markIn": () => mark("from"),
    "play.markOut": () => mark("to"),
    "play.clear": () => (alone ? setAlone(undefined) : setSelection(undefined)),
    "play.save": () => saveKey.current(),
    "play.snapshot": () => void snapshot(focused),
    "play.mute": () => group.setSound(state.sound === focused?.id ? undefined : focused?.id),
  });

  const layout = layoutOf(0, shown.length);
  const goTo = (us: number) => {
    group.seek(us);
    setView((before) => clampView({ ...before, from: us - before.span / 2 }));
  };
  useAddress(group, state.playing, search, setSearch, goTo);
  const pickCameras = <CameraPicker cameras={cameras} chosen={chosen} onChange={(next) => setSearch((before) => withCams(before, next), { replace: true })} />;
  const pickDay = <DayPicker shownUs={Math.min(nowUs(), timeAt(view, view.width / 2))} playhead={playhead} nowUs={nowUs()} cameras={chosen} zone={zone} onGo={goTo} />;
  const exportsLink = mayExport ? <LinkButton look="quiet" icon={<FileVideo />} href={paths.exports()}>Exports</LinkButton> : null;
  return (
    <div className={styles.screen} data-list={list || undefined}>
      {phone ? (
        <div className={styles.picks}>
          {pickCameras}
          {pickDay}
          {exportsLink}
        </div>
      ) : (
        <>
          <TopBarStart>{pickCameras}</TopBarStart>
          <TopBarEnd>{exportsLink}{pickDay}</TopBarEnd>
        </>
      )}
      <div className={styles.pictures}>
        <div className={styles.grid} data-alone={aloneShown !== undefined || undefined} style={phone ? {} : gridOf(aloneShown ? layoutOf(1, 1) : layout)}>
          {shown.map((camera) => (
            <RecordingTile
              key={camera.id}
              camera={camera}
              group={group}
              look={state.looks.get(camera.id) ?? { is: "waiting" }}
              focused={shown.length > 1 && camera.id === focused?.id}
              alone={camera.id === aloneShown}
              hidden={aloneShown !== undefined && camera.id !== aloneShown}
              sound={state.sound === camera.id}
              zone={zone}
              onFocus={() => setFocusedId(camera.id)}
              onAlone={(wanted) => setAlone(wanted ? camera.id : undefined)}
              onSound={(on) => group.setSound(on ? camera.id : undefined)}
              onSnapshot={() => void snapshot(camera)}
            />
          ))}
        </div>
        <NoteOverlay note={state.note} zone={zone} onLive={goLive} />
      </div>
      <Transport group={group} state={state} zone={zone} phone={phone} onSkip={skip} onMark={mark} onZoom={zoom} onLive={goLive} list={list} onList={setList}>
        <ClipButton camera={focused} cameras={shown} selection={selection} onMark={markClip} onClear={() => setSelection(undefined)} save={saveKey} />
      </Transport>
      {error !== undefined && <Problem of={asFailure(error)} onRetry={retry} />}
      <Timeline
        cameras={shown.map((camera) => ({ id: camera.id, name: camera.name }))}
        focused={focused?.id}
        lanes={lanes}
        view={view}
        onView={setView}
        playhead={playhead}
        now={nowUs}
        selection={selection}
        onMark={mark}
        onScrub={(us) => group.scrub(Math.min(us, nowUs()))}
        onSeek={(us) => group.seek(Math.min(us, nowUs()))}
        onFocus={setFocusedId}
        zone={zone}
        coarse={coarse || phone}
        loading={loading}
      />
      {list && focused && <SpanList name={focused.name} lane={lane} view={view} nowUs={nowUs()} atUs={group.wallUs} zone={zone} onSeek={seek} />}
    </div>
  );
}

const gridOf = ({ columns, rows }: { columns: number; rows: number }) => ({ gridTemplate: `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))` });

function withCams(search: URLSearchParams, cams: readonly string[]): URLSearchParams {
  const next = new URLSearchParams(search);
  next.set("cams", cams.join(","));
  return next;
}

/**
 * The moment in the address: written when the clock rests, so that a reload or a shared link shows the same picture;
 * obeyed when somebody else wrote it (a link to another moment).
 */
function useAddress(group: SyncGroup, playing: boolean, search: URLSearchParams, setSearch: ReturnType<typeof useSearchParams>[1], onGo: (us: number) => void): void {
  const at = search.get("at");
  const known = useRef(at);
  const go = useRef(onGo);
  // While the next room is being loaded this one is still here, but the address is not its own any more.
  const leaving = useNavigation().state !== "idle";
  const left = useRef(leaving);
  useEffect(() => {
    go.current = onGo;
    left.current = leaving;
  });
  useEffect(() => {
    if (at === known.current) return;
    known.current = at;
    const asked = parseRfc3339(at ?? "");
    if (Number.isFinite(asked)) go.current(asked);
  }, [at]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const room = location.pathname;
    const write = () => {
      if (left.current || location.pathname !== room) return;
      const text = rfc3339(group.wallUs);
      // Where somebody else has just written another moment, theirs counts.
      if (text === known.current || new URLSearchParams(location.search).get("at") !== known.current) return;
      known.current = text;
      setSearch((before) => {
        const next = new URLSearchParams(before);
        next.set("at", text);
        return next;
      }, { replace: true });
    };
    if (!playing) timer = setTimeout(write, 300);
    const stop = group.onTime(() => {
      if (group.snapshot().playing) return;
      clearTimeout(timer);
      timer = setTimeout(write, 300);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [group, playing, setSearch]);
}
