/** A menu that a button opens. For choices of a value see `Select`. */
import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem as AriaMenuItem, MenuTrigger, Popover } from "react-aria-components";
import styles from "./overlays.module.css";

/** The first child of the trigger is the button. */
export function Menu({ button, label, children }: { button: ReactNode; label: string; children: ReactNode }) {
  return (
    <MenuTrigger>
      {button}
      <Popover className={styles.popover ?? ""} offset={4}>
        <AriaMenu className={styles.menu ?? ""} aria-label={label}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

interface MenuItemProps {
  icon?: ReactNode;
  /** Stands at the end: a key, a value. */
  end?: ReactNode;
  href?: string;
  onAction?: () => void;
  children: string;
}

export function MenuItem({ icon, end, children, ...props }: MenuItemProps) {
  return (
    <AriaMenuItem {...props} textValue={children} className={styles.item ?? ""}>
      {icon}
      {children}
      {end ? <span className={styles.end}>{end}</span> : null}
    </AriaMenuItem>
  );
}
