/** The button that says what it will do: mark a clip, save so much of a camera, or how far the saving is. */
import { Scissors, Download, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { beginTask } from "../../tasks/tasks";
import type { Selection } from "../../timeline/model";
import { fileTime, lengthInWords } from "../../timeline/zone";
import { fileName } from "../../player/surface";
import { Button, IconButton, toast } from "../../ui";
import { bytes } from "../../time/format";
import { saveClip } from "./clip";
import styles from "./recordings.module.css";

interface Props {
  camera: { id: string; name: string; audio: boolean } | undefined;
  selection: Selection | undefined;
  zone: string;
  onMark: () => void;
  onClear: () => void;
  /** Lets the key table press it. */
  save: { current: () => void };
}

type State = { is: "idle" } | { is: "saving"; got: number; of: number | undefined; cancel: () => void } | { is: "failed"; why: string };

export function ClipButton({ camera, selection, zone, onMark, onClear, save }: Props) {
  const [state, setState] = useState<State>({ is: "idle" });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => setState((before) => (before.is === "failed" ? { is: "idle" } : before)), [selection]);

  const start = async () => {
    if (!camera || !selection || running.current) return;
    const abort = new AbortController();
    running.current = abort;
    const length = lengthInWords(selection.to - selection.from);
    const task = beginTask(`Saving ${length} of ${camera.name}`, { cancel: () => abort.abort() });
    setState({ is: "saving", got: 0, of: undefined, cancel: () => abort.abort() });
    try {
      const name = `${fileName(camera.name)}-${fileTime(selection.from, zone)}.mp4`;
      await saveClip(
        { camera: camera.id, fromUs: selection.from, toUs: selection.to, audio: camera.audio },
        name,
        (got, of) => {
          setState({ is: "saving", got, of, cancel: () => abort.abort() });
          task.update({ progress: of ? got / of : undefined, forecast: bytes(got) });
        },
        abort.signal,
      );
      setState({ is: "idle" });
      toast(`${length} of ${camera.name} saved.`);
    } catch (error) {
      setState(abort.signal.aborted ? { is: "idle" } : { is: "failed", why: error instanceof Error ? error.message : "The connection broke." });
    } finally {
      running.current = undefined;
      task.end();
    }
  };
  useEffect(() => {
    save.current = () => (selection ? void start() : onMark());
  });

  if (state.is === "saving") {
    return (
      <div className={styles.saving} role="status">
        <progress aria-label="Saving the clip" {...(state.of ? { value: state.got / state.of } : {})} />
        <span>{state.of ? `${Math.round((state.got / state.of) * 100)} %` : bytes(state.got)}</span>
        <Button onPress={state.cancel}>Cancel</Button>
      </div>
    );
  }
  if (!selection || !camera) return <Button icon={<Scissors />} onPress={onMark} isDisabled={!camera}>Mark a clip</Button>;
  return (
    <div className={styles.clip}>
      {state.is === "failed" && <span role="alert" className={styles.failed}>Not saved: {state.why}</span>}
      <Button look="primary" icon={<Download />} isDisabled={selection.to <= selection.from} onPress={() => void start()}>
        {selection.to > selection.from ? `Save ${lengthInWords(selection.to - selection.from)} of ${camera.name}` : "Mark the end of the clip"}
      </Button>
      <IconButton label="Clear the marks" onPress={onClear}><X /></IconButton>
    </div>
  );
}
