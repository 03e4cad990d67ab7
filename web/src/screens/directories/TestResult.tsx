/** What a test of a directory showed. */
import type { DirectoryCheck } from "../../api/types";
import { Note } from "../../ui";
import styles from "./directories.module.css";

/** The site counts no further. */
const COUNTED = 1000;
const many = (number: number, one: string) => (number >= COUNTED ? `${COUNTED} ${one}s or more` : `${number} ${number === 1 ? one : `${one}s`}`);

export function TestResult({ check }: { check: DirectoryCheck }) {
  return (
    <Note title="It answers">
      <p>The account sees {many(check.people, "user")} and {many(check.groups, "group")}.</p>
      <p>SHA-256 of its certificate: <code className={styles.code}>{check.certificate_sha256}</code></p>
    </Note>
  );
}
