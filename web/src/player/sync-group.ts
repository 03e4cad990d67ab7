/**
 * Cameras in step: one clock, one playhead, a picture of every camera.
 *
 * What is here: playing, seeking, stepping, speeds, waiting for the slowest camera, jumping over gaps. What is not here:
 * React, the timeline, requests. It is an external store (`subscribe`, `snapshot`); the exact time of every repaint goes
 * to `onTime`, past React.
 *
 * From −1× to 4× every frame is decoded. At −4× and 16× key frames are shown (`keyframes.ts`), and while a finger drags.
 */
import type { StreamKind } from "../carrier/live-socket";
import { spanAt, type Lane } from "../timeline/model";
import { at, hold, keyFramesOnly, pause, play, seek, setRate, steer, stopped, type Clock } from "./clock";
import { MsePart } from "./playback-mse";
import { CanvasPart, type CameraLook, type Part } from "./playback-part";
import { PlaybackSound } from "./playback-sound";
import { engineOf } from "./support";
import { everyFrame } from "./ticker";

/** Sites record main streams only. */
const RECORDED: StreamKind = "main";
/** Longer than this nobody waits for a camera that is behind, ms. */
const PATIENCE_MS = 5000;
/** Pictures of a camera may be late by this much before the clock is held, ms. */
const GRACE_MS = 120;

/** Shorter than this nobody is told that something loads, ms. */
const SPINNER_MS = 400;

export interface GroupState {
  playing: boolean;
  rate: number;
  /** Waits for pictures. */
  waiting: boolean;
  /** Cameras by id. */
  looks: ReadonlyMap<string, CameraLook>;
  /** Whose sound is heard. */
  sound: string | undefined;
  /** What just happened by itself, such as a jump over a gap; `id` tells one note from the next. */
  note: { id: number; kind: "gap"; fromUs: number; toUs: number } | { id: number; kind: "end" | "start" } | undefined;
}

interface Member {
  camera: string;
  part: Part;
  look: CameraLook;
}

export class SyncGroup {
  readonly #members = new Map<string, Member>();
  readonly #listeners = new Set<() => void>();
  readonly #timeListeners = new Set<(wallUs: number) => void>();
  readonly #now: () => number;
  #clock: Clock;
  #leader: string | undefined;
  #soundOf: string | undefined;
  #lanes: readonly Lane[] = [];
  #sound: PlaybackSound | undefined;
  #stop: (() => void) | undefined;
  #waitingSince: number | undefined;
  /** After a step back the clock is set to the frame that was found. */
  #settle = false;
  /** A step forwards that waits for the next frame. */
  #stepping = false;
  #scrubbing = false;
  #notes = 0;
  #state: GroupState = { playing: false, rate: 1, waiting: false, looks: new Map(), sound: undefined, note: undefined };

  /** @param siteNowUs the site's time, µs: what is later is not recorded yet */
  constructor(startUs: number, siteNowUs: () => number) {
    this.#clock = stopped(startUs);
    this.#now = siteNowUs;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): GroupState => this.#state;

  /** The exact moment, before every repaint. */
  onTime(listener: (wallUs: number) => void): () => void {
    this.#timeListeners.add(listener);
    return () => this.#timeListeners.delete(listener);
  }

  get wallUs(): number {
    return at(this.#clock, performance.now());
  }

  /** Show a camera inside this element; ends with the returned function. */
  add(camera: string, parent: Element): () => void {
    const part =
      engineOf() === "mse"
        ? new MsePart(camera, parent, RECORDED)
        : new CanvasPart(camera, parent, RECORDED, (record) => {
            if (this.#soundOf === camera) this.#sound?.push(record);
          });
    const member: Member = { camera, part, look: { is: "waiting" } };
    this.#members.set(camera, member);
    this.#leader ??= camera;
    this.#open(member, this.wallUs);
    this.#stop ??= everyFrame((nowMs) => this.#tick(nowMs));
    this.#tell();
    return () => {
      this.#members.delete(camera);
      member.part.close();
      if (this.#soundOf === camera) this.setSound(undefined);
      if (this.#leader === camera) this.#leader = this.#members.keys().next().value;
      if (this.#members.size === 0) {
        this.#stop?.();
        this.#stop = undefined;
      }
      this.#tell();
    };
  }

  /** What is recorded, as far as it is known: key frames are not asked for where there are none. */
  know(lanes: readonly Lane[]): void {
    this.#lanes = lanes;
  }

  /** The camera whose frames are stepped through. */
  lead(camera: string): void {
    if (this.#members.has(camera)) this.#leader = camera;
  }

  /** Hear one camera, or none. Call it from the click. */
  setSound(camera: string | undefined): void {
    if (this.#soundOf === camera) return;
    const before = this.#soundOf;
    this.#soundOf = camera;
    this.#sound?.close();
    this.#sound = camera === undefined || engineOf() === "mse" ? undefined : new PlaybackSound();
    if (before !== undefined) this.#members.get(before)?.part.hear(false);
    const member = camera === undefined ? undefined : this.#members.get(camera);
    if (member) {
      member.part.hear(true);
      this.#open(member, this.wallUs);
    }
    this.#tell();
  }

  play(): void {
    this.#settle = this.#stepping = false;
    this.#clock = play(this.#clock, performance.now());
    this.#tell();
  }

  pause(): void {
    this.#clock = pause(this.#clock, performance.now());
    this.#quiet();
    this.#time();
    this.#tell();
  }

  setRate(rate: number): void {
    const before = this.#clock.rate;
    this.#clock = setRate(this.#clock, rate, performance.now());
    if (keyFramesOnly(before) !== keyFramesOnly(rate) || before < 0 !== rate < 0) this.#reopen();
    if (rate !== 1) this.#quiet();
    this.#tell();
  }

  /** Go to a moment: the last frame at or before it is shown. */
  seek(wallUs: number): void {
    this.#settle = this.#stepping = false;
    this.#scrubbing = false;
    this.#go(wallUs);
  }

  /** While a finger or mouse drags: key frames only, as fast as they come. `seek` ends it. */
  scrub(wallUs: number): void {
    this.#scrubbing = true;
    this.#quiet();
    this.#clock = seek(this.#clock, wallUs, performance.now());
    for (const member of this.#members.values()) this.#key(member, wallUs);
    this.#time();
  }

  /** One frame of the leading camera forwards (1) or back (-1), exactly. */
  step(direction: 1 | -1): void {
    const member = this.#leaderMember();
    if (!member) return;
    if (this.#clock.playing) this.pause();
    if (keyFramesOnly(this.#clock.rate) || this.#clock.rate < 0) this.setRate(1);
    if (direction === 1) {
      this.#stepping = true;
      return;
    }
    const shown = member.part.surface.shownUs ?? this.#clock.wallUs;
    this.#go(shown - 1);
    this.#settle = true;
  }

  #go(wallUs: number): void {
    this.#clock = seek(this.#clock, Math.min(wallUs, this.#now()), performance.now());
    this.#waitingSince = undefined;
    this.#sound?.clear();
    for (const member of this.#members.values()) if (!member.part.covers(wallUs) || this.#soundOf === member.camera) this.#open(member, wallUs);
    this.#time();
    this.#tell();
  }

  #reopen(): void {
    this.#sound?.clear();
    for (const member of this.#members.values()) this.#open(member, this.wallUs);
  }

  #open(member: Member, atUs: number): void {
    if (this.#soundOf === member.camera) this.#sound?.clear();
    if (keyFramesOnly(this.#clock.rate)) return member.part.rest();
    const { rate } = this.#clock;
    member.part.open(atUs, { stream: RECORDED, audio: this.#soundOf === member.camera && rate > 0, nowUs: this.#now(), backwards: rate < 0 });
  }

  #quiet(): void {
    this.#sound?.rest();
  }

  #leaderMember(): Member | undefined {
    return this.#leader === undefined ? undefined : this.#members.get(this.#leader);
  }

  #key(member: Member, atUs: number): void {
    const spans = this.#lanes.find(({ camera }) => camera === member.camera)?.spans;
    if (spans && !spanAt(spans, atUs, this.#now())) {
      const untilUs = spans.find(({ from }) => from > atUs)?.from;
      member.part.blank();
      return this.#looked(member, untilUs === undefined ? { is: "end" } : { is: "gap", untilUs });
    }
    member.part.showKey(atUs, (look) => {
      if (this.#scrubbing || keyFramesOnly(this.#clock.rate)) this.#looked(member, look);
    });
  }

  #tick(nowMs: number): void {
    if (this.#scrubbing) return;
    const wallUs = at(this.#clock, nowMs);
    if (keyFramesOnly(this.#clock.rate)) this.#tickKeys(wallUs, nowMs);
    else this.#tickFrames(wallUs, nowMs);
    if (this.#clock.playing) this.#time();
  }

  #tickKeys(wallUs: number, nowMs: number): void {
    if (!this.#clock.playing) return;
    if (wallUs > this.#now()) return this.#end(nowMs);
    for (const member of this.#members.values()) this.#key(member, wallUs);
  }

  #tickFrames(wallUs: number, nowMs: number): void {
    const running = this.#clock.playing && !this.#clock.held ? this.#clock.rate : 0;
    const looks: CameraLook[] = [];
    let led: CameraLook | undefined;
    for (const member of this.#members.values()) {
      const look = member.part.show(wallUs, running);
      looks.push(look);
      if (member.camera === this.#leader) led = look;
      if (look.is === "gap" || look.is === "end") member.part.blank();
      // What takes a moment is not worth a word: the picture before stays.
      if (look.is !== "waiting" || nowMs - (this.#waitingSince ?? nowMs) > SPINNER_MS) this.#looked(member, look);
    }
    this.#settleSteps(led, wallUs, nowMs);
    this.#wait(looks, nowMs);
    if (this.#clock.playing) {
      this.#jump(looks, wallUs, nowMs);
      if (this.#sound && this.#clock.rate === 1 && !this.#clock.held) {
        const heard = this.#sound.run(wallUs);
        if (heard !== undefined) this.#clock = steer(this.#clock, heard, nowMs);
      } else {
        this.#quiet();
      }
    }
  }

  #settleSteps(led: CameraLook | undefined, wallUs: number, nowMs: number): void {
    const member = this.#leaderMember();
    if (!member) return;
    if (this.#stepping) {
      const next = member.part.nextAfter(member.look.is === "shown" ? (member.part.surface.shownUs ?? wallUs) : wallUs);
      if (next === undefined) return;
      this.#stepping = false;
      this.#clock = seek(this.#clock, next, nowMs);
      this.#time();
    } else if (this.#settle && led?.is === "shown") {
      const shownUs = member.part.surface.shownUs;
      if (shownUs === undefined || shownUs > wallUs) return;
      this.#settle = false;
      this.#clock = seek(this.#clock, shownUs, nowMs);
      this.#time();
    }
  }

  /** Hold the clock while a camera has no picture yet, but not for ever. */
  #wait(looks: readonly CameraLook[], nowMs: number): void {
    if (!looks.some((look) => look.is === "waiting")) {
      this.#waitingSince = undefined;
      this.#hold(false, nowMs);
      return;
    }
    this.#waitingSince ??= nowMs;
    const waited = nowMs - this.#waitingSince;
    this.#hold(waited > (this.#clock.held ? -1 : GRACE_MS / 2) && waited < PATIENCE_MS, nowMs);
  }

  #hold(held: boolean, nowMs: number): void {
    if (this.#clock.held === held) return;
    if (held && !this.#clock.playing) return;
    this.#clock = hold(this.#clock, held, nowMs);
    this.#tell();
  }

  /** Where no camera has recorded anything, go on where one has. */
  #jump(looks: readonly CameraLook[], wallUs: number, nowMs: number): void {
    const ends = looks.every((look) => look.is === "end" || look.is === "failed" || look.is === "unsupported");
    if (looks.length > 0 && ends && looks.some((look) => look.is === "end")) return this.#end(nowMs);
    const untils = looks.flatMap((look) => (look.is === "gap" ? [look.untilUs] : []));
    if (untils.length === 0 || looks.some((look) => look.is === "shown" || look.is === "waiting")) return;
    const toUs = this.#clock.rate < 0 ? Math.max(...untils) : Math.min(...untils);
    this.#clock = seek(this.#clock, toUs, nowMs);
    if (Math.abs(toUs - wallUs) > 1e6) this.#note({ id: ++this.#notes, kind: "gap", fromUs: wallUs, toUs });
  }

  #end(nowMs: number): void {
    this.#clock = pause(this.#clock, nowMs);
    this.#quiet();
    this.#note({ id: ++this.#notes, kind: this.#clock.rate < 0 ? "start" : "end" });
  }

  #note(note: GroupState["note"]): void {
    this.#state = { ...this.#state, note };
    this.#tell();
  }

  #looked(member: Member, look: CameraLook): void {
    const before = member.look;
    member.part.surface.state(look.is === "shown" ? "playing" : look.is === "end" ? "ended" : look.is);
    const same =
      before.is === look.is &&
      (look.is !== "gap" || (before.is === "gap" && before.untilUs === look.untilUs)) &&
      (look.is !== "shown" || (before.is === "shown" && before.stream === look.stream));
    member.look = look;
    if (!same) this.#tell();
  }

  #time(): void {
    const wallUs = this.wallUs;
    for (const listener of this.#timeListeners) listener(wallUs);
  }

  #tell(): void {
    this.#state = {
      playing: this.#clock.playing,
      rate: this.#clock.rate,
      waiting: this.#clock.held,
      looks: new Map([...this.#members].map(([camera, { look }]) => [camera, look])),
      sound: this.#soundOf,
      note: this.#state.note,
    };
    for (const listener of this.#listeners) listener();
  }

  /** Snapshot of a camera's shown frame. */
  async grab(camera: string): Promise<{ blob: Blob; wallUs: number } | undefined> {
    const surface = this.#members.get(camera)?.part.surface;
    const wallUs = surface?.shownUs;
    const blob = await surface?.grab();
    return blob && wallUs !== undefined ? { blob, wallUs } : undefined;
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.setSound(undefined);
    for (const member of this.#members.values()) {
      member.part.close();
    }
    this.#members.clear();
  }
}
