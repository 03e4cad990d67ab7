/** "What may this person do, and why": the site's own answer, for the site and for every camera. */
import { useQuery } from "@tanstack/react-query";
import { Check, ChevronRight, X } from "lucide-react";
import { useState } from "react";
import { Button, Disclosure, DisclosurePanel } from "react-aria-components";
import { userRightsQuery } from "../../api/queries";
import type { EffectiveRights, User, Verdict } from "../../api/types";
import { privilegeNames, reachWords, roleNames } from "../../people/words";
import { Note, SearchField, Status } from "../../ui";
import { Answer } from "../settings/Section";
import styles from "./people.module.css";

export function Why({ user }: { user: User }) {
  const rights = useQuery(userRightsQuery(user.id));
  return (
    <>
      {user.disabled ? <Note tone="warn" title={`${user.name} is disabled`}>Nobody signs in with this name now. This is what it may do when it is allowed again.</Note> : null}
      <Answer to={rights} what="Rights">{(data) => <Answers rights={data} />}</Answer>
    </>
  );
}

function Answers({ rights }: { rights: EffectiveRights }) {
  const [filter, setFilter] = useState("");
  const cameras = rights.cameras.filter(({ name }) => name.toLowerCase().includes(filter.trim().toLowerCase())).toSorted((a, b) => a.name.localeCompare(b.name));
  const seen = rights.cameras.filter(({ verdicts }) => may(verdicts, "camera-access")).length;
  return (
    <>
      <p className={styles.facts}>
        {roleNames[rights.role]} (the highest role of user and groups). Knows of {seen} of {rights.cameras.length} cameras.
      </p>
      <ul className={styles.answers} aria-label="The site">
        <Group name="The site as a whole" words={held(rights.site)} verdicts={rights.site} open />
      </ul>
      <div className={styles.filter}>
        <SearchField label="Filter cameras" placeholder="Camera" value={filter} onChange={setFilter} />
      </div>
      <ul className={styles.answers} aria-label="Cameras">
        {cameras.map(({ camera, name, verdicts, recordings_minutes }) => {
          const recordings = may(verdicts, "recordings") ? [recordings_minutes === null || recordings_minutes === undefined ? "recordings of any age" : `recordings of the last ${reachWords(recordings_minutes)}`] : [];
          return <Group key={camera} name={name} words={[held(verdicts.filter(({ privilege }) => privilege !== "recordings")), ...recordings].filter(Boolean).join(", ")} verdicts={verdicts} />;
        })}
      </ul>
    </>
  );
}

const may = (verdicts: readonly Verdict[], privilege: Verdict["privilege"]) => verdicts.some((one) => one.privilege === privilege && one.allowed);
const held = (verdicts: readonly Verdict[]) => verdicts.filter(({ allowed }) => allowed).map(({ privilege }) => privilegeNames[privilege]).join(", ");

function Group({ name, words, verdicts, open = false }: { name: string; words: string; verdicts: readonly Verdict[]; open?: boolean }) {
  return (
    <li>
      <Disclosure defaultExpanded={open}>
        <Button slot="trigger" className={styles.fold ?? ""}>
          <ChevronRight aria-hidden="true" />
          <strong>{name}</strong>
          <span>{words || "Nothing"}</span>
        </Button>
        <DisclosurePanel>
          <table className={styles.verdicts} aria-label={`Why: ${name}`}>
            <thead className="sr-only"><tr><th scope="col">Privilege</th><th scope="col">Allowed</th><th scope="col">Why</th></tr></thead>
            <tbody>
              {verdicts.map(({ privilege, allowed, why }) => (
                <tr key={privilege}>
                  <th scope="row">{privilegeNames[privilege]}</th>
                  <td>{allowed ? <Status tone="ok" icon={<Check />}>Yes</Status> : <Status tone="idle" icon={<X />}>No</Status>}</td>
                  <td>{why.join("; ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </DisclosurePanel>
      </Disclosure>
    </li>
  );
}
