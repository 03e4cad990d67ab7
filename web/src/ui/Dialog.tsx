/** Dialogs over the screen: for a question that must be answered first, or a form of its own. Details open beside, not here. */
import { type ReactNode, useState } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { asFailure } from "../api/problems";
import { Button } from "./Button";
import { cls } from "./cls";
import { Problem } from "./Message";
import styles from "./overlays.module.css";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** `alertdialog` for a question about something that cannot be undone. */
  role?: "dialog" | "alertdialog";
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({ title, isOpen, onClose, role = "dialog", wide = false, children }: DialogProps) {
  return (
    <ModalOverlay className={styles.scrim ?? ""} isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable={role === "dialog"}>
      <Modal className={cls(styles.modal, wide && styles.wide)}>
        <AriaDialog role={role} className={styles.dialog ?? ""}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The row of buttons at a dialog's end. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

interface ConfirmProps {
  title: string;
  /** What happens, and what stays. */
  children: ReactNode;
  /** What the button does: "Remove Gate north". */
  action: string;
  isOpen: boolean;
  onClose: () => void;
  /** May fail: the problem is shown here. */
  onConfirm: () => Promise<unknown>;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, children, action, isOpen, onClose, onConfirm }: ConfirmProps) {
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const confirm = async () => {
    setPending(true);
    setProblem(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(error);
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose} role="alertdialog">
      {children}
      {problem === undefined ? null : <Problem of={asFailure(problem)} />}
      <DialogActions>
        <Button onPress={onClose} autoFocus>
          Cancel
        </Button>
        <Button look="danger" isPending={pending} onPress={() => void confirm()}>
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
