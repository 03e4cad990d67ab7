/** One camera of the synchronized recordings: its picture at the playhead, or why there is none. */
import { Camera as Snapshot, CircleSlash, Maximize, Minimize, TvMinimal, TriangleAlert, Volume2, VolumeX } from "lucide-react";
import { useCallback } from "react";
import type { Camera } from "../../api/types";
import type { CameraLook } from "../../player/playback-part";
import type { SyncGroup } from "../../player/sync-group";
import { may } from "../../session/useSession";
import { codecName } from "../../time/format";
import { clockTime, dayName } from "../../timeline/zone";
import { Button, cls } from "../../ui";
import tile from "../../grid/Tile.module.css";

interface Props {
  camera: Camera;
  group: SyncGroup;
  look: CameraLook;
  focused: boolean;
  alone: boolean;
  hidden: boolean;
  sound: boolean;
  zone: string;
  onFocus: () => void;
  onAlone: (alone: boolean) => void;
  onSound: (on: boolean) => void;
  onSnapshot: () => void;
}

export function RecordingTile({ camera, group, look, focused, alone, hidden, sound, zone, ...on }: Props) {
  const mount = useCallback((parent: HTMLDivElement | null) => (parent ? group.add(camera.id, parent) : undefined), [group, camera.id]);
  const canHear = camera.audio && may(camera, "camera-listen") && camera.streams.some(({ audio_codec }) => audio_codec);
  const words = wordsOf(look, group.wallUs, zone);
  return (
    // Looking at a tile is choosing it; everything that it does is a button inside, or a key.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      role="group"
      aria-label={`${camera.name}${words ? `, ${words}` : ""}`}
      className={cls(tile.tile, focused && tile.focused, alone && tile.alone)}
      hidden={hidden}
      data-tile={camera.id}
      data-state={look.is}
      data-focused={focused || undefined}
      onPointerDown={on.onFocus}
      onFocus={on.onFocus}
      onDoubleClick={() => on.onAlone(!alone)}
    >
      <div ref={mount} className={tile.picture} />
      {look.is === "waiting" && <div className={tile.waiting} role="status"><span className="sr-only">{camera.name} loads</span></div>}
      {words && (
        <div className={tile.cover}>
          {look.is === "unsupported" ? <TvMinimal aria-hidden="true" /> : look.is === "failed" ? <TriangleAlert aria-hidden="true" /> : <CircleSlash aria-hidden="true" />}
          <strong>{camera.name}</strong>
          <p>{words}</p>
          {look.is === "failed" && <Button onPress={() => group.seek(group.wallUs)}>Try again</Button>}
          {look.is === "gap" && <Button onPress={() => group.seek(look.untilUs)}>Go there</Button>}
        </div>
      )}
      <div className={tile.bar}>
        <span className={tile.name}>
          <i className={tile.dot} data-is={look.is === "shown" ? "recording" : look.is === "waiting" ? "waiting" : "trouble"} aria-hidden="true" />
          <span>{camera.name}</span>
        </span>
        <div className={tile.controls} role="group" aria-label={`Controls of ${camera.name}`}>
          {canHear && (
            <button type="button" aria-label="Sound" title="Sound (heard at 1×)" aria-pressed={sound} onClick={() => on.onSound(!sound)}>{sound ? <Volume2 /> : <VolumeX />}</button>
          )}
          {may(camera, "snapshot") ? <button type="button" aria-label="Save a snapshot" title="Save a snapshot" onClick={on.onSnapshot}><Snapshot /></button> : null}
          <button type="button" aria-label={alone ? "Back to all tiles" : "Show alone"} title={alone ? "Back to all tiles" : "Show alone"} onClick={() => on.onAlone(!alone)}>{alone ? <Minimize /> : <Maximize />}</button>
        </div>
      </div>
    </section>
  );
}

function wordsOf(look: CameraLook, atUs: number, zone: string): string | undefined {
  switch (look.is) {
    case "gap":
      return `Nothing recorded here. It goes on at ${clockTime(look.untilUs, zone)}${dayName(atUs, zone) === dayName(look.untilUs, zone) ? "" : ` on ${dayName(look.untilUs, zone)}`}.`;
    case "end":
      return "Nothing recorded from here on.";
    case "unsupported":
      return `This browser cannot show ${codecName(look.codec)}. A clip that is saved plays in VLC; set the camera to H.264 to see new recordings here.`;
    case "failed":
      return look.why;
    default:
      return undefined;
  }
}
