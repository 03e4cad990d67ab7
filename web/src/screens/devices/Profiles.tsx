/** The stream profiles of a camera: which there are, what each is used for, and making more of them. */
import { Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { changeProfile, removeProfile, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Camera, Profile, ProfileUse } from "../../api/types";
import { codecName } from "../../time/format";
import { Button, IconButton, Problem, Select, toast } from "../../ui";
import { ProfileDialog } from "./ProfileDialog";
import styles from "./Profiles.module.css";

const uses = [
  { value: "main", label: "Recorded", hint: "And shown large." },
  { value: "sub", label: "For grids", hint: "Shown in small tiles." },
  { value: "none", label: "Not used", hint: "Only sent to programs that ask for it by name." },
] as const;

export function Profiles({ camera }: { camera: Camera }) {
  /** Which profile is being changed; `new` is one that does not exist yet. */
  const [open, setOpen] = useState<Profile | "new" | null>(null);
  return (
    <section className={styles.profiles} aria-labelledby="profiles-of-device">
      <h3 id="profiles-of-device">Stream profiles</h3>
      <ul>
        {camera.profiles.map((profile) => <Row key={profile.name} camera={camera} profile={profile} onEdit={() => setOpen(profile)} />)}
      </ul>
      <Button icon={<Plus />} onPress={() => setOpen("new")}>Add profile</Button>
      {open ? <ProfileDialog camera={camera} {...(open === "new" ? {} : { profile: open })} onClose={() => setOpen(null)} /> : null}
    </section>
  );
}

function Row({ camera, profile, onEdit }: { camera: Camera; profile: Profile; onEdit: () => void }) {
  const using = useChange((use_as: ProfileUse) => changeProfile(camera.id, profile.name, { use_as }), [keys.cameras]);
  const removing = useChange(() => removeProfile(camera.id, profile.name), [keys.cameras]);
  const problem = using.error ?? removing.error;
  return (
    <li>
      <div className={styles.row}>
        <span className={styles.words}>{profile.name}<small>{wordsOf(profile)}</small></span>
        <Select
          className={styles.use ?? ""}
          label={`What ${profile.name} is used for`}
          choices={uses}
          value={using.isPending ? (using.variables ?? "none") : (profile.used_as ?? "none")}
          isDisabled={using.isPending}
          onChange={(use) => use !== (profile.used_as ?? "none") && using.mutate(use)}
        />
      </div>
      {profile.built_in ? null : (
        <div className={styles.actions}>
          <IconButton label={`Change ${profile.name}`} onPress={onEdit}><Pencil /></IconButton>
          <IconButton label={`Remove ${profile.name}`} onPress={() => removing.mutate(undefined, { onSuccess: () => toast(`${profile.name} was removed.`) })}><Trash2 /></IconButton>
        </div>
      )}
      {problem ? <Problem of={problem} /> : null}
    </li>
  );
}

/** "H.264, 640 × 360, 5 fps"; what the camera is told where it has not been seen. */
export function wordsOf({ picture, video, built_in }: Profile): string {
  const told = video.kind === "axis" ? [video.fps ? `${video.fps} fps` : "", video.compression == null ? "" : `compression ${video.compression}`] : [];
  const seen = picture ? [codecName(picture.video_codec), `${picture.width} × ${picture.height}`] : [];
  return [...seen, ...told].filter(Boolean).join(", ") || (built_in ? "As the camera offers it" : "Not seen yet");
}
