/** A text that is to be taken elsewhere: shown whole, copied by a button. */
import { Copy } from "lucide-react";
import { Button, toast } from "../ui";
import styles from "./forms.module.css";

/** @param what is said when it was copied: "The link". */
export function Copyable({ what, text }: { what: string; text: string }) {
  const copy = () => void navigator.clipboard.writeText(text).then(() => toast(`${what} was copied.`), () => toast("The browser did not copy it. Select it by hand."));
  return (
    <>
      <code className={styles.value}>{text}</code>
      <div className={styles.buttons}><Button icon={<Copy />} onPress={copy}>Copy</Button></div>
    </>
  );
}
