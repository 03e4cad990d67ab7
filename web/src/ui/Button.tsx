/** Buttons, and links that look like them. A button says what it will do; an icon alone always has a label. */
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps, Link, type LinkProps, TooltipTrigger } from "react-aria-components";
import { cls } from "./cls";
import styles from "./Button.module.css";
import { Tooltip } from "./Tooltip";

/** `primary`: the one thing to do here. `quiet`: no border. `danger`: cannot be undone. */
export type ButtonLook = "plain" | "primary" | "quiet" | "danger";

const looks: Record<ButtonLook, string | undefined> = { plain: undefined, primary: styles.primary, quiet: styles.quiet, danger: styles.danger };

interface ButtonProps extends Omit<AriaButtonProps, "children" | "className"> {
  look?: ButtonLook;
  /** Stands before the words. */
  icon?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Button({ look = "plain", icon, className, children, ...props }: ButtonProps) {
  return (
    <AriaButton {...props} className={cls(styles.button, looks[look], className)}>
      {props.isPending ? <span className={styles.spinner} aria-hidden="true" /> : icon}
      {children}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, "children" | "className" | "aria-label"> {
  /** What it does: read aloud, and shown as a tip. */
  label: string;
  look?: ButtonLook;
  className?: string;
  children: ReactNode;
}

export function IconButton({ label, look = "quiet", className, children, ...props }: IconButtonProps) {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton {...props} aria-label={label} className={cls(styles.button, styles.icon, looks[look], className)}>
        {children}
      </AriaButton>
      <Tooltip>{label}</Tooltip>
    </TooltipTrigger>
  );
}

interface LinkButtonProps extends Omit<LinkProps, "children" | "className"> {
  look?: ButtonLook;
  icon?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function LinkButton({ look = "plain", icon, className, children, ...props }: LinkButtonProps) {
  return (
    <Link {...props} className={cls(styles.button, looks[look], className)}>
      {icon}
      {children}
    </Link>
  );
}
