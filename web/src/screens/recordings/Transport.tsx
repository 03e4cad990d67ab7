/** The bar under the pictures: play, step, speed, the exact time, marks and the clip. It holds no state of its own. */
import { ListVideo, Pause, Play, Radio, SkipBack, SkipForward, StepBack, StepForward, ZoomIn, ZoomOut } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { RATES, keyFramesOnly } from "../../player/clock";
import type { GroupState, SyncGroup } from "../../player/sync-group";
import { zoneName } from "../../time/format";
import { clockTime, dayName } from "../../timeline/zone";
import { Button, cls, IconButton, Menu, MenuItem } from "../../ui";
import styles from "./recordings.module.css";

interface Props {
  group: SyncGroup;
  state: GroupState;
  zone: string;
  phone: boolean;
  onSkip: (back: boolean) => void;
  onMark: (end: "from" | "to") => void;
  /** Below 1: closer. */
  onZoom: (factor: number) => void;
  onLive: () => void;
  list: boolean;
  onList: (open: boolean) => void;
  children: ReactNode;
}

export const rateName = (rate: number): string => `${rate < 0 ? "−" : ""}${Math.abs(rate)}×`;

export function Transport({ group, state, zone, phone, onSkip, onMark, onZoom, onLive, list, onList, children }: Props) {
  return (
    <div className={styles.transport} role="group" aria-label="Playback">
      <div className={styles.buttons}>
        <IconButton label="Previous start of recording" onPress={() => onSkip(true)}><SkipBack /></IconButton>
        <IconButton label="One frame back" onPress={() => group.step(-1)}><StepBack /></IconButton>
        <Button look="primary" className={styles.play ?? ""} aria-label={state.playing ? "Pause" : "Play"} onPress={() => (state.playing ? group.pause() : group.play())}>
          {state.playing ? <Pause /> : <Play />}
        </Button>
        <IconButton label="One frame on" onPress={() => group.step(1)}><StepForward /></IconButton>
        <IconButton label="Next start of recording" onPress={() => onSkip(false)}><SkipForward /></IconButton>
      </div>
      <ExactTime group={group} zone={zone} waiting={state.waiting} />
      {phone ? (
        <Menu label="Speed" button={<Button aria-label={`Speed ${rateName(state.rate)}`}>{rateName(state.rate)}</Button>}>
          {RATES.map((rate) => <MenuItem key={rate} onAction={() => group.setRate(rate)}>{rateName(rate)}</MenuItem>)}
        </Menu>
      ) : (
        <div className={styles.rates} role="group" aria-label="Speed">
          {RATES.map((rate) => (
            <button key={rate} type="button" aria-pressed={rate === state.rate} title={keyFramesOnly(rate) ? "Shows key frames" : undefined} onClick={() => group.setRate(rate)}>
              {rateName(rate)}
            </button>
          ))}
        </div>
      )}
      {keyFramesOnly(state.rate) && <span className={styles.hint}>Key frames</span>}
      <div className={styles.around}>
        <IconButton label="Timeline wider" onPress={() => onZoom(2)}><ZoomOut /></IconButton>
        <IconButton label="Timeline closer" onPress={() => onZoom(0.5)}><ZoomIn /></IconButton>
        <IconButton label={list ? "Hide the list of recordings" : "List of recordings"} aria-expanded={list} onPress={() => onList(!list)}><ListVideo /></IconButton>
        <IconButton label="Go to live" onPress={onLive}><Radio /></IconButton>
      </div>
      <div className={styles.end}>
        <span className={styles.marks}>
          <IconButton label="Mark the start of a clip" look="plain" onPress={() => onMark("from")}><Bracket /></IconButton>
          <IconButton label="Mark the end of a clip" look="plain" onPress={() => onMark("to")}><Bracket end /></IconButton>
        </span>
        {children}
      </div>
    </div>
  );
}

function Bracket({ end = false }: { end?: boolean }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
      <path d={end ? "M13 4h4v16h-4" : "M11 4H7v16h4"} />
      <path d={end ? "M11 12H4m3-3-3 3 3 3" : "M13 12h7m-3-3 3 3-3 3"} strokeLinejoin="round" opacity="0.8" />
    </svg>
  );
}

/** The moment to the millisecond, written past React before every repaint. */
function ExactTime({ group, zone, waiting }: { group: SyncGroup; zone: string; waiting: boolean }) {
  const text = useRef<HTMLSpanElement>(null);
  const day = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const write = (wallUs: number) => {
      if (text.current) text.current.textContent = clockTime(wallUs, zone, "millis");
      const name = `${dayName(wallUs, zone)}, ${zoneName(wallUs / 1000, zone)}`;
      if (day.current && day.current.textContent !== name) day.current.textContent = name;
    };
    write(group.wallUs);
    return group.onTime(write);
  }, [group, zone]);
  return (
    <span className={cls(styles.time)} data-waiting={waiting || undefined}>
      <span ref={text} data-exact-time="" />
      <small ref={day} />
    </span>
  );
}
