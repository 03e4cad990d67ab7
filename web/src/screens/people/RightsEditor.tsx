/**
 * Setting the rights of a person or a group: role, groups or members, cameras, the limit on the age of recordings, the
 * rest. Nothing counts until it is saved; every step can be taken back, and saving says first what will change.
 */
import { type UseMutationResult, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { camerasQuery, foldersQuery } from "../../api/queries";
import type { Failure } from "../../api/problems";
import type { PrivilegeInfo, Role } from "../../api/types";
import { useKeys } from "../../keys/useKeys";
import { type History, begin, redo, step, undo } from "../../people/history";
import { type Draft, type Source, type Target, gridRows, highestRole, same } from "../../people/rights";
import { roleChoices, roleNames } from "../../people/words";
import { Checkbox, Note, RadioGroup, toast } from "../../ui";
import { LeaveGuard } from "./LeaveGuard";
import { Part } from "./Part";
import { RecordingLimit } from "./RecordingLimit";
import { RightsGrid } from "./RightsGrid";
import styles from "./rights.module.css";
import { SaveBar } from "./SaveBar";
import { SiteRights } from "./SiteRights";

interface Props {
  name: string;
  kept: Draft;
  infos: readonly PrivilegeInfo[];
  /** Where the rights of a draft come from: itself, and its groups. */
  sources: (draft: Draft) => readonly Source[];
  /** Groups of a person, members of a group. */
  link: { label: string; nothing: string; items: readonly { id: string; name: string; about: string; /** Decided elsewhere. */ fixed?: boolean }[]; words: (name: string, into: boolean) => string };
  saving: UseMutationResult<unknown, Failure, Draft>;
}

export function RightsEditor({ name, kept, infos, sources, link, saving }: Props) {
  const cameras = useQuery(camerasQuery).data ?? [];
  const folders = useQuery(foldersQuery).data ?? [];
  const [history, setHistory] = useState<History<Draft>>(() => begin(kept));
  const draft = history.present;
  const changed = !same(kept, draft);
  const change = (part: Partial<Draft>) => setHistory((before) => step(before, { ...before.present, ...part }));
  const back = () => setHistory(undo);
  const on = () => setHistory(redo);
  // What somebody else saves meanwhile is shown, as long as nothing was changed here.
  useEffect(() => setHistory((before) => (before.past.length === 0 && !same(before.present, kept) ? begin(kept) : before)), [kept]);
  useKeys({ "rights.undo": back, "rights.redo": on });

  const from = sources(draft);
  const role = highestRole(from);
  const rows = gridRows(cameras, folders);
  const nameOf = (target: Target) => (target === "all" ? "all cameras" : target.startsWith("folder:") ? `the folder ${rows.find((row) => row.target === target)?.name ?? "that was removed"}` : (rows.find((row) => row.target === target)?.name ?? "a camera that was removed"));
  const shared = { draft, sources: from, infos, nameOf, onChange: change };
  return (
    <div className={styles.editor}>
      <div className={styles.pair}>
        <div className={styles.part}>
          <RadioGroup label="Role" choices={roleChoices} value={draft.role} onChange={(next: Role) => change({ role: next })} />
          {role === draft.role ? null : <p className={styles.hint}>A group makes it {roleNames[role]}: the highest role counts.</p>}
        </div>
        <Part title={link.label}>
          {link.items.length === 0 ? <p className={styles.hint}>{link.nothing}</p> : null}
          <div className={styles.links} role="group" aria-label={link.label}>
            {link.items.map(({ id, name: one, about, fixed = false }) => (
              <Checkbox key={id} isSelected={draft.linked.has(id)} isDisabled={fixed} onChange={(yes) => change({ linked: new Set(yes ? [...draft.linked, id] : [...draft.linked].filter((other) => other !== id)) })}>
                <span>{one} <small>{about}</small></span>
              </Checkbox>
            ))}
          </div>
        </Part>
      </div>
      {role === "administrator" ? <Note title="Administrators may do everything">On every camera, and to the site itself. What is ticked below counts again when the role is a lower one.</Note> : null}
      <Part title="Cameras">
        <RightsGrid {...shared} rows={rows} />
      </Part>
      <Part title="Recordings">
        <RecordingLimit {...shared} />
      </Part>
      <SiteRights {...shared} />
      <SaveBar
        name={name}
        kept={kept}
        history={history}
        changed={changed}
        nameOf={nameOf}
        link={link}
        saving={saving}
        onUndo={back}
        onRedo={on}
        onDiscard={() => setHistory(begin(kept))}
        onSaved={() => {
          setHistory(begin(draft));
          toast(`The rights of ${name} were saved.`);
        }}
      />
      <LeaveGuard when={changed && !saving.isPending} />
    </div>
  );
}
