/**
 * One camera of the live grid: its picture, its name and state, its controls.
 *
 * What is here: which stream is wished for, what is said when there is no picture, the buttons. What is not here: the
 * grid (`screens/live`), decoding (`player/live-player.ts`).
 */
import { useQuery } from "@tanstack/react-query";
import { Camera as Snapshot, CircleDot, Expand, Hand, KeyRound, PersonStanding, Maximize, Minimize, RotateCcw, Shrink, TvMinimal, VideoOff, Volume2, VolumeX, WifiOff } from "lucide-react";
import { useCallback, useEffect, useState, useSyncExternalStore, type CSSProperties, type ReactNode } from "react";
import { startRecording, stopRecording, useChange } from "../api/changes";
import { keys } from "../api/queries";
import type { Camera } from "../api/types";
import { LivePlayer } from "../player/live-player";
import { canShowCodec } from "../player/support";
import { download, fileName } from "../player/surface";
import { paths } from "../paths";
import { recordingWords, type Reason } from "../recording/words";
import { may } from "../session/useSession";
import { codecName } from "../time/format";
import { useSiteNow, useZone } from "../time/useNow";
import { fileTime } from "../timeline/zone";
import { Button, cls, LinkButton, toast } from "../ui";
import { streamFor } from "./layouts";
import { statusOf, type TileStatus } from "./status";
import styles from "./Tile.module.css";
import { useVisible } from "./useVisible";

/** A tile that is focused for this long takes the main stream, ms: moving over tiles costs nothing. */
const DWELL_MS = 350;

export interface TileProps {
  camera: Camera;
  focused: boolean;
  /** Alone on the screen. */
  alone: boolean;
  hidden: boolean;
  sound: boolean;
  fill: boolean;
  style?: CSSProperties;
  onFocus: () => void;
  onAlone: (alone: boolean) => void;
  onSound: (on: boolean) => void;
  onFill: (fill: boolean) => void;
  onRecordings: () => void;
}

export function Tile(props: TileProps) {
  const { camera, focused, alone, sound, fill } = props;
  const [player] = useState(() => new LivePlayer(camera.id));
  const live = useSyncExternalStore(player.subscribe, player.snapshot);
  const [root, setRoot] = useState<HTMLElement | null>(null);
  const { visible, width } = useVisible(root);
  const [subAsked, setSubAsked] = useState(false);
  const zone = useZone();
  const now = useSiteNow();
  const dwelt = useDwell(focused);
  const mainShowable = useMainShowable(camera);

  const mount = useCallback((parent: HTMLDivElement | null) => (parent ? player.mount(parent) : undefined), [player]);
  useEffect(() => setSubAsked(false), [alone]);
  const subWidth = camera.streams.find(({ kind }) => kind === "sub")?.width ?? 640;
  const wished = streamFor({ alone, focused: dwelt, pixels: width * devicePixelRatio, subWidth, hasSub: camera.has_sub, mainShowable });
  const stream = subAsked ? "sub" : wished;
  useEffect(() => player.wish({ stream, sound, visible: visible && !props.hidden }), [player, stream, sound, visible, props.hidden]);

  // Only `focused` from the keyboard moves the browser's focus; a click has done it already.
  useEffect(() => {
    if (focused && root && !root.contains(document.activeElement) && document.activeElement?.closest("[data-tile]")) root.focus({ preventScroll: true });
  }, [focused, root]);

  const status = statusOf(camera, live, now, zone, codecName);
  const recording = camera.state === "recording" ? recordingWords(camera.recording) : undefined;
  const canHear = may(camera, "camera-listen") && camera.streams.some(({ audio_codec }) => audio_codec);
  const snapshot = async () => {
    const wallUs = player.shownUs;
    const blob = await player.grab();
    if (!blob || wallUs === undefined) return;
    download(blob, `${fileName(camera.name)}-${fileTime(wallUs, zone)}.png`);
    toast(`Snapshot of ${camera.name} saved.`);
  };

  return (
    // A tile is a place that keys move between: it has the focus itself, and its controls stand inside.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      ref={setRoot}
      role="group"
      aria-label={`${camera.name}, ${spoken(status)}${recording ? `, recording: ${recording.words}` : ""}`}
      className={cls(styles.tile, focused && styles.focused, alone && styles.alone)}
      style={props.style}
      hidden={props.hidden}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={focused ? 0 : -1}
      data-tile={camera.id}
      data-state={status.is}
      data-stream={live.stream}
      onFocus={props.onFocus}
      onPointerDown={props.onFocus}
      onDoubleClick={() => props.onAlone(!alone)}
    >
      <div ref={mount} className={styles.picture} data-fit={fill ? "fill" : "contain"} data-dim={status.words !== undefined || undefined} />
      {status.is === "connecting" && <div className={styles.waiting} role="status"><span className="sr-only">{camera.name} connects</span></div>}
      {status.words !== undefined && (
        <Cover camera={camera} status={status}>
          {status.is === "unsupported" && live.stream === "main" && camera.has_sub && (
            <Button look="primary" onPress={() => setSubAsked(true)}>Show the sub stream</Button>
          )}
          {status.is === "wrong-password" && may(camera, "configure") && <LinkButton href={paths.devices({ device: camera.id })}>Set the password</LinkButton>}
        </Cover>
      )}
      <div className={styles.bar}>
        <span className={styles.name}>
          <i className={styles.dot} data-is={status.is === "playing" ? (recording ? "recording" : "live") : status.is === "connecting" ? "waiting" : "trouble"} aria-hidden="true" />
          <span>{camera.name}</span>
          {recording && status.is === "playing" ? <Recording {...recording} /> : null}
          {status.tag ? <em className={styles.tag}>{status.tag}</em> : null}
          {alone && live.stream && status.is === "playing" ? <small>{live.stream === "main" ? "Main stream" : "Sub stream"}</small> : null}
        </span>
        <Controls {...props} canHear={canHear} playing={status.is === "playing"} onSnapshot={() => void snapshot()} />
      </div>
    </section>
  );
}

function Controls({ camera, alone, sound, fill, canHear, playing, ...on }: TileProps & { canHear: boolean; playing: boolean; onSnapshot: () => void }) {
  const mayRecord = may(camera, "camera-record");
  const byHand = Boolean(camera.recording.manual_until);
  const toggle = useChange((stop: boolean) => (stop ? stopRecording : startRecording)(camera.id), [keys.cameras]);
  useEffect(() => {
    if (toggle.error) toast(toggle.error.message);
  }, [toggle.error]);
  const control = (label: string, icon: ReactNode, act: () => void, pressed?: boolean) => (
    <button type="button" aria-label={label} title={label} aria-pressed={pressed} onClick={act} onDoubleClick={(event) => event.stopPropagation()}>
      {icon}
    </button>
  );
  return (
    <div className={styles.controls} role="group" aria-label={`Controls of ${camera.name}`}>
      {mayRecord && camera.recording.method !== "off" && control(byHand ? "Stop recording by hand" : "Record by hand", <CircleDot />, () => toggle.mutate(byHand), byHand)}
      {canHear && control("Sound", sound ? <Volume2 /> : <VolumeX />, () => on.onSound(!sound), sound)}
      {playing && may(camera, "snapshot") && control("Save a snapshot", <Snapshot />, on.onSnapshot)}
      {playing && control("Fill the tile", fill ? <Shrink /> : <Expand />, () => on.onFill(!fill), fill)}
      {may(camera, "recordings") && control("Back 30 s in the recording", <RotateCcw />, on.onRecordings)}
      {control(alone ? "Back to all tiles" : "Show alone", alone ? <Minimize /> : <Maximize />, () => on.onAlone(!alone))}
    </div>
  );
}

/** Why it is recorded: an icon and a word. */
function Recording({ reason, words }: { reason: Reason; words: string }) {
  const Icon = { continuous: CircleDot, motion: PersonStanding, manual: Hand }[reason];
  return <em className={styles.recording} data-reason={reason}><Icon aria-hidden="true" /><span>{words}</span></em>;
}

function Cover({ camera, status, children }: { camera: Camera; status: TileStatus; children: ReactNode }) {
  const icons = { "wrong-password": KeyRound, lost: WifiOff, unsupported: TvMinimal, impossible: TvMinimal } as const;
  const Icon = icons[status.is as keyof typeof icons] ?? VideoOff;
  return (
    <div className={styles.cover} role={status.is === "stale" ? undefined : "status"}>
      <Icon aria-hidden="true" />
      <strong>{camera.name}</strong>
      <p>{status.words}</p>
      {children}
    </div>
  );
}

function spoken(status: TileStatus): string {
  return status.words ?? (status.is === "playing" ? "live" : "connecting");
}

/** Focus that has lasted. */
function useDwell(focused: boolean): boolean {
  const [dwelt, setDwelt] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDwelt(focused), focused ? DWELL_MS : 0);
    return () => clearTimeout(timer);
  }, [focused]);
  return dwelt && focused;
}

/** Whether the browser can show the main stream, as far as is known before it is sent. */
function useMainShowable(camera: Camera): boolean {
  const codec = camera.streams.find(({ kind }) => kind === "main")?.video_codec;
  const known = useQuery({ queryKey: ["showable", codec], queryFn: () => canShowCodec(codec ?? ""), enabled: Boolean(codec), staleTime: Infinity });
  return codec ? (known.data ?? false) : true;
}
