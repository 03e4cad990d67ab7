/** Rights that are not about single cameras: the site, views, inputs and outputs. Each on everything of its kind. */
import type { PrivilegeInfo } from "../../api/types";
import { type NameOf, cellWords } from "../../people/explain";
import { type Draft, type Source, cellState, withGrants } from "../../people/rights";
import { privilegeNames } from "../../people/words";
import { Checkbox } from "../../ui";
import { Part } from "./Part";
import styles from "./rights.module.css";

const kinds = [["system", "The site"], ["view", "Views"], ["port", "Inputs and outputs"]] as const;

interface Props {
  draft: Draft;
  sources: readonly Source[];
  infos: readonly PrivilegeInfo[];
  nameOf: NameOf;
  onChange: (part: Partial<Draft>) => void;
}

const everything = { target: "all", covers: ["all"] } as const;

export function SiteRights({ draft, sources, infos, nameOf, onChange }: Props) {
  return kinds.map(([scope, title]) => (
    <Part key={scope} title={title}>
      <ul className={styles.site}>
        {infos.filter((info) => info.scope === scope && info.granted).map((info) => {
          const state = cellState(draft, sources, info, everything, infos);
          const said = state.blocked || state.reasons.some(({ group, by }) => group ?? by !== info.privilege) ? cellWords(state, info, "all", nameOf) : "";
          return (
            <li key={info.privilege}>
              <Checkbox isSelected={state.own} isIndeterminate={state.held && !state.own} isDisabled={state.blocked !== undefined} onChange={() => onChange({ grants: withGrants(draft.grants, [info.privilege], ["all"], !state.own) })}>
                <span>{privilegeNames[info.privilege]}<small>{info.words}{said ? ` ${said}` : ""}</small></span>
              </Checkbox>
            </li>
          );
        })}
      </ul>
    </Part>
  ));
}
