/** What has been changed and not saved: steps back and on, and saving after a look at what it comes to. */
import type { UseMutationResult } from "@tanstack/react-query";
import { Redo2, Undo2 } from "lucide-react";
import { useState } from "react";
import type { Failure } from "../../api/problems";
import type { NameOf } from "../../people/explain";
import type { History } from "../../people/history";
import { type Draft, differences } from "../../people/rights";
import { privilegeNames, reachWords, roleNames } from "../../people/words";
import { count } from "../../time/format";
import { Button, Dialog, DialogActions, IconButton, Problem } from "../../ui";
import styles from "./rights.module.css";

interface Props {
  name: string;
  kept: Draft;
  history: History<Draft>;
  changed: boolean;
  nameOf: NameOf;
  link: { items: readonly { id: string; name: string }[]; words: (name: string, into: boolean) => string };
  saving: UseMutationResult<unknown, Failure, Draft>;
  onUndo: () => void;
  onRedo: () => void;
  onDiscard: () => void;
  onSaved: () => void;
}

/** A line of the summary: "gives", "takes" or neither. */
interface Line {
  what: "gives" | "takes" | "sets";
  words: string;
}

export function summary(before: Draft, after: Draft, nameOf: NameOf, link: Props["link"]): Line[] {
  const lines: Line[] = [];
  const sets = (words: string) => lines.push({ what: "sets", words });
  if (before.role !== after.role) sets(`Role: ${roleNames[after.role]} (was ${roleNames[before.role]})`);
  if (before.minutes !== after.minutes) sets(after.minutes === null ? "Recordings: of any age" : `Recordings: none older than ${reachWords(after.minutes)}`);
  for (const { id, name } of link.items) {
    if (before.linked.has(id) !== after.linked.has(id)) sets(link.words(name, after.linked.has(id)));
  }
  for (const { target, gives, takes } of differences(before.grants, after.grants)) {
    for (const [what, list] of [["gives", gives], ["takes", takes]] as const) {
      const cameras = list.filter((one) => one.startsWith("camera-"));
      const others = list.filter((one) => !one.startsWith("camera-"));
      if (cameras.length) lines.push({ what, words: `${cameras.map((one) => privilegeNames[one]).join(", ")} on ${nameOf(target)}` });
      if (others.length) lines.push({ what, words: others.map((one) => privilegeNames[one]).join(", ") });
    }
  }
  return lines;
}

export function SaveBar({ name, kept, history, changed, nameOf, link, saving, onUndo, onRedo, onDiscard, onSaved }: Props) {
  const [asking, setAsking] = useState(false);
  const lines = summary(kept, history.present, nameOf, link);
  const takes = lines.some(({ what }) => what !== "gives");
  if (!changed && history.past.length === 0 && history.future.length === 0) return null;
  return (
    <div className={styles.bar} role="region" aria-label="What was changed">
      <span className={styles.changed}>{changed ? `${count(lines.length, "change")}, not saved` : "Nothing to save"}</span>
      <IconButton label="Undo (Ctrl Z)" onPress={onUndo} isDisabled={history.past.length === 0}><Undo2 /></IconButton>
      <IconButton label="Redo (Ctrl Y)" onPress={onRedo} isDisabled={history.future.length === 0}><Redo2 /></IconButton>
      <Button look="quiet" onPress={onDiscard} isDisabled={!changed}>Discard</Button>
      <Button look="primary" onPress={() => setAsking(true)} isDisabled={!changed}>Save…</Button>
      <Dialog title={`Save the rights of ${name}?`} isOpen={asking} onClose={() => setAsking(false)}>
        <ul className={styles.lines} aria-label="What will change">
          {lines.map(({ what, words }) => <li key={`${what} ${words}`} data-what={what}><b>{what === "gives" ? "Gives" : what === "takes" ? "Takes" : "Sets"}</b> <span>{words}</span></li>)}
        </ul>
        {takes ? <p>What is taken away ends within a second, also where it is being watched.</p> : null}
        {saving.error ? <Problem of={saving.error} /> : null}
        <DialogActions>
          <Button onPress={() => setAsking(false)}>Cancel</Button>
          <Button look="primary" isPending={saving.isPending} onPress={() => saving.mutate(history.present, { onSuccess: () => { setAsking(false); onSaved(); } })}>Save</Button>
        </DialogActions>
      </Dialog>
    </div>
  );
}
