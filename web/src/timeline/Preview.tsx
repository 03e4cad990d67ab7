/** The key frame under the mouse, with its time. An extra for mice: with fingers the tiles themselves show key frames. */
import { useEffect, useRef, useState } from "react";
import { KeyframeReel } from "../player/keyframes";
import styles from "./Timeline.module.css";
import { clockTime } from "./zone";

/** A mouse that moves on within this time asks for nothing, ms. */
const REST_MS = 60;

export function Preview({ camera, recorded, time, zone, x }: { camera: string; recorded: boolean; time: number; zone: string; x: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const reel = useRef<KeyframeReel>(undefined);
  const [words, setWords] = useState<string>();

  useEffect(() => {
    const made = new KeyframeReel(camera, "main", (picture) => {
      const element = canvas.current;
      if (!element) return;
      if (typeof picture !== "object") {
        setWords(picture === "none" ? "Not recorded" : "");
        return;
      }
      setWords(undefined);
      element.width = 176;
      element.height = Math.round((176 * picture.frame.displayHeight) / picture.frame.displayWidth);
      element.getContext("2d")?.drawImage(picture.frame, 0, 0, element.width, element.height);
      element.dataset["wallUs"] = String(picture.frame.timestamp);
    });
    reel.current = made;
    return () => made.close();
  }, [camera]);

  useEffect(() => {
    if (!recorded) return undefined;
    const timer = setTimeout(() => reel.current?.want(time), REST_MS);
    return () => clearTimeout(timer);
  }, [time, camera, recorded]);

  return (
    <div className={styles.preview} style={{ left: x }} aria-hidden="true">
      <canvas ref={canvas} width={176} height={99} hidden={!recorded || words !== undefined} />
      {recorded ? words && <p>{words}</p> : <p>Not recorded</p>}
      <span>{clockTime(time, zone)}</span>
    </div>
  );
}
