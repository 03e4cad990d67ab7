/** Asks before what was changed and not saved is left. */
import { useEffect } from "react";
import { useBlocker } from "react-router";
import { Button, Dialog, DialogActions } from "../../ui";

export function LeaveGuard({ when }: { when: boolean }) {
  const blocker = useBlocker(when);
  useEffect(() => {
    if (!when) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    globalThis.addEventListener("beforeunload", ask);
    return () => globalThis.removeEventListener("beforeunload", ask);
  }, [when]);
  return (
    <Dialog title="Leave without saving?" role="alertdialog" isOpen={blocker.state === "blocked"} onClose={() => blocker.reset?.()}>
      <p>What was changed here does not count until it is saved.</p>
      <DialogActions>
        <Button onPress={() => blocker.reset?.()} autoFocus>Stay</Button>
        <Button look="danger" onPress={() => blocker.proceed?.()}>Leave</Button>
      </DialogActions>
    </Dialog>
  );
}
