/** The audit log: who did what, on what, when, with what outcome; searched, read page by page, taken out. A changed log is said loudly. */
import { parseDateTime, toZoned } from "@internationalized/date";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleX, Download, ScrollText } from "lucide-react";
import { useState } from "react";
import { Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { asFailure } from "../../api/problems";
import { type AuditWish, auditChainQuery, auditQuery } from "../../api/queries";
import type { AuditEntry } from "../../api/types";
import { count, moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Empty, LinkButton, Loading, Note, Problem, Select, Skeleton, Status, TextField, type Tone } from "../../ui";
import { Cell, tableStyles } from "../../ui/Table";
import { useSettled } from "../../ui/useSettled";
import styles from "./audit.module.css";
import { deedWords, kindNames, outcomeNames } from "./words";

export function AuditRoom() {
  const zone = useZone();
  const [fields, setFields] = useState<Fields>(nothing);
  const wish = useSettled(wishOf(fields, zone));
  const rows = useInfiniteQuery(auditQuery(wish));
  const entries = rows.data?.pages.flatMap(({ items }) => items) ?? [];
  const put = (part: Partial<Fields>) => setFields((before) => ({ ...before, ...part }));
  const file = (format: "csv" | "jsonl") => `/v1/audit/export?${new URLSearchParams({ ...wish, format }).toString()}`;
  return (
    <section className={styles.room} aria-labelledby="audit">
      <header className={styles.head}>
        <h2 id="audit">Audit log</h2>
        <LinkButton icon={<Download />} href={file("csv")} download="audit.csv">Export as CSV</LinkButton>
        <LinkButton look="quiet" icon={<Download />} href={file("jsonl")} download="audit.jsonl">As JSON lines</LinkButton>
      </header>
      <Chain />
      <div className={styles.search} role="search" aria-label="Search in the audit log">
        <TextField label="Person" placeholder="Any name" value={fields.name} onChange={(name) => put({ name })} spellCheck="false" autoComplete="off" />
        <TextField label="Action" placeholder="camera_update" value={fields.action} onChange={(action) => put({ action })} spellCheck="false" autoComplete="off" />
        <TextField label="On what" placeholder="Gate north" value={fields.target} onChange={(target) => put({ target })} spellCheck="false" autoComplete="off" />
        <Select label="Kind" choices={choices("Everything", kindNames)} value={fields.kind} onChange={(kind) => put({ kind })} />
        <Select label="Outcome" choices={choices("Any", outcomeNames)} value={fields.outcome} onChange={(outcome) => put({ outcome })} />
        <TextField label="From" type="datetime-local" value={fields.from} onChange={(from) => put({ from })} />
        <TextField label="Before" type="datetime-local" value={fields.to} onChange={(to) => put({ to })} />
        <Button className={styles.clear ?? ""} look="quiet" onPress={() => setFields(nothing)} isDisabled={Object.keys(wishOf(fields, zone)).length === 0}>Clear</Button>
      </div>
      {rows.isError ? <Problem of={asFailure(rows.error)} onRetry={() => void rows.refetch()} /> : null}
      {rows.isPending ? <Loading what="Rows"><Skeleton height={280} /></Loading> : null}
      {rows.isSuccess && entries.length === 0 ? <Empty icon={<ScrollText />} title="Nothing like that was done">Every sign-in, every change, every export and who watched what is written down here.</Empty> : null}
      {entries.length > 0 ? <Rows entries={entries} zone={zone} /> : null}
      {rows.hasNextPage ? <Button isPending={rows.isFetchingNextPage} onPress={() => void rows.fetchNextPage()} className={styles.more ?? ""}>Show older rows</Button> : null}
    </section>
  );
}

/** What is typed and chosen; empty: does not matter. */
interface Fields {
  name: string;
  action: string;
  target: string;
  kind: string;
  outcome: string;
  /** Local times at the site, as the browser's field writes them. */
  from: string;
  to: string;
}

const ANY = "any";
const nothing: Fields = { name: "", action: "", target: "", kind: ANY, outcome: ANY, from: "", to: "" };
const choices = (any: string, names: Readonly<Record<string, string>>) => [{ value: ANY, label: any }, ...Object.entries(names).map(([value, label]) => ({ value, label }))];

function wishOf({ kind, outcome, from, to, ...texts }: Fields, zone: string): AuditWish {
  const at = (local: string) => (local ? toZoned(parseDateTime(local), zone).toDate().toISOString() : "");
  const all = { ...Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.trim()])), kind: kind === ANY ? "" : kind, outcome: outcome === ANY ? "" : outcome, from: at(from), to: at(to) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as AuditWish;
}

/** Whether the log is what was written. */
function Chain() {
  const chain = useQuery(auditChainQuery);
  if (chain.isError) return <Problem of={asFailure(chain.error)} onRetry={() => void chain.refetch()} />;
  if (!chain.data) return <p className={styles.chain}>The log is being checked.</p>;
  const again = <Button look="quiet" isPending={chain.isFetching} onPress={() => void chain.refetch()}>Check again</Button>;
  if (chain.data.whole) return <p className={styles.chain}><Status tone="ok" icon={<CircleCheck />}>{`Whole: ${count(chain.data.rows ?? 0, "row")}, each bound to the one before`}</Status>{again}</p>;
  return (
    <Note tone="danger" title="Somebody has changed the audit log" action={again}>
      From row {chain.data.broken_at} on it is not what Martello wrote: rows were changed, put in or taken away in the database itself. Export it now, keep the server as it is, and find out who could write to its disk.
    </Note>
  );
}

const outcomes: Readonly<Record<string, { tone: Tone; icon: typeof CircleCheck }>> = { done: { tone: "ok", icon: CircleCheck }, refused: { tone: "warn", icon: CircleAlert }, failed: { tone: "danger", icon: CircleX } };

function Rows({ entries, zone }: { entries: readonly AuditEntry[]; zone: string }) {
  const now = useSiteNow();
  return (
    <Table aria-label="Audit log" className={tableStyles.table ?? ""}>
      <TableHeader><Column>When</Column><Column isRowHeader>Who</Column><Column>What</Column><Column>On what</Column><Column>Outcome</Column></TableHeader>
      <TableBody items={entries}>
        {(entry) => {
          const { tone, icon: Icon } = outcomes[entry.outcome] ?? { tone: "idle" as const, icon: CircleAlert };
          return (
            <Row id={entry.number} textValue={`${entry.name} ${deedWords(entry.action)}`} className={tableStyles.row ?? ""}>
              <Cell className={styles.when ?? ""} what={<time dateTime={entry.at}>{moment(entry.at, zone, now)}</time>} about={`Row ${entry.number}`} />
              <Cell className={tableStyles.strong ?? ""} what={entry.name || "Nobody"} about={entry.address} />
              <Cell label="What" what={deedWords(entry.action)} about={entry.action} />
              <Cell label="On what" what={entry.target || "–"} about={entry.detail || null} />
              <Cell label="Outcome" what={<Status tone={tone} icon={<Icon aria-hidden="true" />}>{outcomeNames[entry.outcome] ?? entry.outcome}</Status>} />
            </Row>
          );
        }}
      </TableBody>
    </Table>
  );
}
