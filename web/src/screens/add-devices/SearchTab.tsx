/** Devices that answered on the network: choose some, give name and password once, add them. */
import { useQuery } from "@tanstack/react-query";
import { RefreshCw, ScanSearch } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { search, useChange } from "../../api/changes";
import { asFailure } from "../../api/problems";
import { discoveryQuery, keys } from "../../api/queries";
import { paths } from "../../paths";
import { clock, count } from "../../time/format";
import { useZone } from "../../time/useNow";
import { Button, Empty, LinkButton, Problem, Progress, SearchField, toast } from "../../ui";
import { Page } from "../../ui/Page";
import { useFilterKey } from "../../ui/useFilterKey";
import { AddPanel } from "./AddPanel";
import { type Common, matches, readiness } from "./addable";
import { FoundTable } from "./FoundTable";
import styles from "./SearchTab.module.css";
import { useAddMany } from "./useAddMany";

/** While a search runs, it is asked so often even if no event comes. */
const ASK_MS = 1500;

export function SearchTab({ tabs }: { tabs: ReactNode }) {
  const discovery = useQuery({ ...discoveryQuery, refetchInterval: (query) => (query.state.data?.running ? ASK_MS : false) });
  const start = useChange(search, [keys.discovery]);
  const [filter, setFilter] = useState("");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { outcomes, running: adding, add } = useAddMany();
  const filterInput = useFilterKey();
  useFirstSearch(discovery.data?.started === null || discovery.data?.started === undefined, discovery.isSuccess, () => start.mutate());

  const all = discovery.data?.found ?? [];
  const shown = all.filter((found) => matches(found, filter));
  const chosen = all.filter((found) => selected.has(found.key) && readiness(found) === "ready");
  const searching = start.isPending || (discovery.data?.running ?? false);

  const addChosen = async (common: Common) => {
    const failed = await add(chosen, common);
    const added = chosen.length - failed;
    if (added > 0) toast(`${count(added, "device was", "devices were")} added.`);
  };

  return (
    <Page
      title="Add devices"
      actions={<Button icon={<RefreshCw />} isDisabled={searching} onPress={() => start.mutate()}>Search again</Button>}
      aside={
        <>
          <SearchField ref={filterInput} label="Filter found devices" placeholder="Name, model, address" value={filter} onChange={setFilter} />
          <LinkButton href={paths.devices()}>Done</LinkButton>
        </>
      }
      panel={chosen.length > 0 || adding ? <AddPanel amount={chosen.length} isAdding={adding} onAdd={addChosen} /> : null}
      panelUnder
    >
      {tabs}
      <SearchState searching={searching} started={discovery.data?.started ?? null} found={all.length} />
      {start.error ? <Problem of={start.error} onRetry={() => start.mutate()} /> : null}
      {discovery.isError ? <Problem of={asFailure(discovery.error)} onRetry={() => void discovery.refetch()} /> : null}
      {all.length > 0 ? (
        <FoundTable found={shown} outcomes={outcomes} selected={selected} onSelect={setSelected} nothing={`No found device matches “${filter}”.`} isDisabled={adding} />
      ) : searching || discovery.isPending ? null : (
        <Empty icon={<ScanSearch />} title="No device answered" action={<LinkButton look="primary" href={paths.addDevices({ tab: "address" })}>Add by address</LinkButton>}>
          Cameras are found when they are in the same network as the site server and have power. Those elsewhere can be added by their address.
        </Empty>
      )}
    </Page>
  );
}

/** Searches once by itself when nobody has searched since the site started. */
function useFirstSearch(never: boolean, known: boolean, start: () => void) {
  const done = useRef(false);
  useEffect(() => {
    if (!known || done.current) return;
    done.current = true;
    if (never) start();
  }, [known, never, start]);
}

function SearchState({ searching, started, found }: { searching: boolean; started: string | null; found: number }) {
  const zone = useZone();
  return (
    <div className={styles.state} role="status">
      {searching ? (
        <>
          <Progress label="Searching the network" /> <span>Searching the network. {found > 0 ? `${count(found, "device")} so far.` : ""}</span>
        </>
      ) : started ? (
        <span>{count(found, "device")} answered at {clock(started, zone)}.</span>
      ) : null}
    </div>
  );
}
