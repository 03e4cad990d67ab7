/** One directory: whether it answers, since when not, who of it is known here, and what can be done about it. */
import { useQueryClient } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { useState } from "react";
import { removeDirectory, testDirectory, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Directory } from "../../api/types";
import { count, moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Confirm, IconButton, Note, Problem, Status, toast } from "../../ui";
import { Actions } from "../settings/Section";
import { kindNames, offlineWords, sentence } from "./directories";
import styles from "./directories.module.css";
import { TestResult } from "./TestResult";

interface Props {
  directory: Directory;
  onEdit: () => void;
  /** Asked before the one above it; left out for the first. */
  onUp?: () => void;
  onDown?: () => void;
}

export function DirectoryCard({ directory, onEdit, onUp, onDown }: Props) {
  const queries = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const remove = useChange(removeDirectory, [keys.directories, keys.users, keys.groups, keys.alarms]);
  const { id, name } = directory;
  const test = useChange(() => {
    const { id: _, state: __, users: ___, groups: ____, ...settings } = directory;
    // However it ends, the site knows more than before.
    return testDirectory({ ...settings, directory: id }).finally(() => void queries.invalidateQueries({ queryKey: keys.directories }));
  });
  return (
    <li className={styles.card}>
      <header>
        <div>
          <h3>{name}</h3>
          <span className={styles.about}>{kindNames[directory.kind]}, {directory.base}</span>
        </div>
        <State directory={directory} />
      </header>
      <Away directory={directory} />
      <Facts directory={directory} />
      <div role="status">
        {test.error ? <Problem of={test.error} /> : null}
        {test.data ? <TestResult check={test.data} /> : null}
      </div>
      <Actions>
        <Button isPending={test.isPending} onPress={() => test.mutate(undefined)} aria-label={`Test ${name}`}>Test</Button>
        <Button onPress={onEdit} aria-label={`Change ${name}`}>Change</Button>
        <Button onPress={() => setRemoving(true)} aria-label={`Remove ${name}`}>Remove</Button>
        {onUp ? <IconButton label={`Ask ${name} earlier`} onPress={onUp}><ArrowUp /></IconButton> : null}
        {onDown ? <IconButton label={`Ask ${name} later`} onPress={onDown}><ArrowDown /></IconButton> : null}
      </Actions>
      <Confirm
        title={`Remove the directory ${name}?`}
        action={`Remove ${name}`}
        isOpen={removing}
        onClose={() => setRemoving(false)}
        onConfirm={() => remove.mutateAsync(id).then(() => toast(`The directory ${name} was removed.`))}
      >
        <p>{count(directory.users, "user")} and {count(directory.groups, "group")} of it go from here, with all that was granted to them; what they watch ends within a second. Nothing changes in the directory.</p>
      </Confirm>
    </li>
  );
}

function State({ directory: { state } }: { directory: Directory }) {
  const zone = useZone();
  const now = useSiteNow();
  if (state.since) return <Status tone="danger" icon={<CircleX aria-hidden="true" />}>No answer since {moment(state.since, zone, now)}</Status>;
  if (!state.checked) return <Status tone="idle" icon={<CircleDashed aria-hidden="true" />}>Not asked yet</Status>;
  return <Status tone="ok" icon={<CircleCheck aria-hidden="true" />}>Answers</Status>;
}

/** What is wrong while it does not answer, and who gets in all the same. */
function Away({ directory: { state } }: { directory: Directory }) {
  const zone = useZone();
  const now = useSiteNow();
  if (!state.since) return null;
  const over = state.users_until != null && Date.parse(state.users_until) <= now;
  const users = !state.users_until
    ? "Nobody of it is let in until it answers."
    : over
      ? `Whoever it confirmed last went on until ${moment(state.users_until, zone, now)}: nobody of it is let in until it answers.`
      : `Whoever it confirmed last goes on until ${moment(state.users_until, zone, now)}, with the password and the groups of then; earlier ones end earlier.`;
  return (
    <Note tone="warn" title={sentence(state.problem ?? "It does not answer")}>
      {state.advice ? <p>{state.advice}</p> : null}
      <p>Users of this site sign in as always. {users}</p>
    </Note>
  );
}

function Facts({ directory }: { directory: Directory }) {
  const { servers, security, users, groups, account } = directory;
  const minutes = directory.offline_minutes ?? 480;
  return (
    <dl className={styles.facts}>
      <div><dt>Servers</dt><dd>{servers.map(({ host, port }) => `${host}:${port}`).join(", ")}, {security === "starttls" ? "StartTLS" : "LDAPS"}</dd></div>
      <div><dt>Certificate</dt><dd>{directory.certificate_sha256 ? "this one alone, by its SHA-256" : "signed by your authority"}</dd></div>
      <div><dt>Searches as</dt><dd>{account}</dd></div>
      <div><dt>Known here</dt><dd>{count(users, "user")}, {count(groups, "group")}</dd></div>
      <div><dt>While it is away</dt><dd>{minutes === 0 ? "nobody of it is let in" : `its users go on for ${offlineWords(minutes)}`}</dd></div>
    </dl>
  );
}
