/**
 * The button that says what it will do: mark a clip, save so much of a camera, or how far the saving is. The site makes the
 * file; when it is done, the browser downloads it. It stays in Exports for some days.
 */
import { useQuery } from "@tanstack/react-query";
import { ChevronDown, Download, Scissors, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { makeExport, removeExport } from "../../api/changes";
import { asFailure } from "../../api/problems";
import { exportsQuery } from "../../api/queries";
import type { Camera, NewExport } from "../../api/types";
import { may } from "../../session/useSession";
import type { Selection } from "../../timeline/model";
import { lengthInWords, rfc3339 } from "../../timeline/zone";
import { Button, IconButton, Menu, MenuItem, toast } from "../../ui";
import { count } from "../../time/format";
import { downloadAll, share, stateInWords } from "../exports/words";
import styles from "./recordings.module.css";

interface Props {
  /** The one in focus. */
  camera: Camera | undefined;
  /** All that are shown. */
  cameras: readonly Camera[];
  selection: Selection | undefined;
  onMark: () => void;
  onClear: () => void;
  /** Lets the key table press it. */
  save: { current: () => void };
}

/** What is being saved: asked for, and as the site calls it once it has answered. */
interface Saving {
  what: string;
  id?: string;
}

export function ClipButton({ camera, cameras, selection, onMark, onClear, save }: Props) {
  const [saving, setSaving] = useState<Saving>();
  const [why, setWhy] = useState<string>();
  const one = useQuery({ ...exportsQuery, enabled: saving !== undefined }).data?.find(({ id }) => id === saving?.id);
  const ended = useRef<string>(undefined);
  useEffect(() => setWhy(undefined), [selection]);

  useEffect(() => {
    if (!saving || !one || ended.current === one.id) return;
    if (one.state === "done") {
      downloadAll(one);
      toast(`${saving.what} saved.`);
    } else if (one.state === "failed") {
      setWhy(one.problem ? `${one.problem.title}. ${one.problem.detail}` : "The site gave it up.");
    } else if (one.state !== "cancelled") {
      return;
    }
    ended.current = one.id;
    setSaving(undefined);
  }, [one, saving]);

  const mayExport = cameras.filter((shown) => may(shown, "export"));
  const allowed = camera && may(camera, "export") ? camera : undefined;
  const start = async (of: readonly Camera[], more: Partial<NewExport> = {}) => {
    if (!selection || saving || of.length === 0) return;
    const whose = of.length === 1 ? of[0]?.name : count(of.length, "camera");
    const what = `${lengthInWords(selection.to - selection.from)} of ${whose}`;
    setSaving({ what });
    setWhy(undefined);
    try {
      const made = await makeExport({ cameras: of.map(({ id }) => id), from: rfc3339(selection.from), to: rfc3339(selection.to), ...more });
      setSaving({ what, id: made.id });
    } catch (error) {
      setSaving(undefined);
      setWhy(asFailure(error).message);
    }
  };
  const cancel = async () => {
    if (saving?.id) await removeExport(saving.id).catch((error: unknown) => setWhy(asFailure(error).message));
  };
  useEffect(() => {
    save.current = () => {
      if (allowed) void (selection ? start([allowed]) : onMark());
    };
  });

  if (saving) {
    const far = one && share(one);
    return (
      <div className={styles.saving} role="status">
        <progress aria-label={`Saving ${saving.what}`} {...(far === undefined ? {} : { value: far })} />
        <span>{one ? stateInWords(one) : "Asking the site"}</span>
        <Button isDisabled={saving.id === undefined} onPress={() => void cancel()}>Cancel</Button>
      </div>
    );
  }
  if (mayExport.length === 0) return null;
  if (!selection || !allowed) return <Button icon={<Scissors />} onPress={onMark} isDisabled={!allowed}>Mark a clip</Button>;
  const marked = selection.to > selection.from;
  return (
    <div className={styles.clip}>
      {why === undefined ? null : <span role="alert" className={styles.failed}>Not saved: {why}</span>}
      <Button look="primary" icon={<Download />} isDisabled={!marked} onPress={() => void start([allowed])}>
        {marked ? `Save ${lengthInWords(selection.to - selection.from)} of ${allowed.name}` : "Mark the end of the clip"}
      </Button>
      {marked ? (
        <Menu label="Other ways to save" button={<IconButton label="Other ways to save"><ChevronDown /></IconButton>}>
          {mayExport.length > 1 ? <MenuItem onAction={() => void start(mayExport)}>{`All ${mayExport.length} cameras in one file`}</MenuItem> : null}
          <MenuItem onAction={() => void start([allowed], { audio: false })}>Without sound</MenuItem>
          <MenuItem onAction={() => void start([allowed], { format: "mkv" })}>As Matroska (MKV)</MenuItem>
        </Menu>
      ) : null}
      <IconButton label="Clear the marks" onPress={onClear}><X /></IconButton>
    </div>
  );
}
