/** Fields with their label, hint and error. A field's error stays with the field. */
import { Search } from "lucide-react";
import { type ReactNode, type Ref, useId } from "react";
import {
  Button as AriaButton, Checkbox as AriaCheckbox, type CheckboxProps, FieldError, Input, Label, ListBox, ListBoxItem,
  NumberField as AriaNumberField, type NumberFieldProps, Popover, Radio as AriaRadio, RadioGroup as AriaRadioGroup,
  SearchField as AriaSearchField, Select as AriaSelect, SelectValue, Switch as AriaSwitch, Text, TextArea, TextField as AriaTextField,
  type TextFieldProps,
} from "react-aria-components";
import { Check, ChevronDown, X } from "lucide-react";
import { cls } from "./cls";
import styles from "./Field.module.css";
import overlays from "./overlays.module.css";

interface Words {
  label: string;
  /** A hint under the field. */
  hint?: ReactNode;
  /** What is wrong with the value. */
  error?: string | undefined;
}

/** Stands after the field's words when the field may stay empty. */
const optional = <span className={styles.optional}> (optional)</span>;

function Under({ hint, error }: Omit<Words, "label">) {
  return (
    <>
      {hint && !error ? <Text slot="description" className={styles.hint ?? ""}>{hint}</Text> : null}
      <FieldError className={styles.error ?? ""}>{error}</FieldError>
    </>
  );
}

interface TextProps extends Words, Omit<TextFieldProps, "className" | "children" | "isInvalid"> {
  placeholder?: string;
  /** The value may stay empty, and the label says so. */
  optional?: boolean;
  /** More than one line: how many are shown. */
  rows?: number;
  className?: string;
  ref?: Ref<HTMLInputElement>;
}

export function TextField({ label, hint, error, placeholder, optional: mayBeEmpty, rows, className, ref, ...props }: TextProps) {
  return (
    <AriaTextField {...props} isInvalid={Boolean(error)} validationBehavior="aria" className={cls(styles.field, className)}>
      <Label>{label}{mayBeEmpty ? optional : null}</Label>
      {rows ? <TextArea className={styles.input ?? ""} rows={rows} placeholder={placeholder} /> : <Input ref={ref} className={styles.input ?? ""} placeholder={placeholder} />}
      <Under hint={hint} error={error} />
    </AriaTextField>
  );
}

interface NumberProps extends Words, Omit<NumberFieldProps, "className" | "children" | "isInvalid"> {
  /** Stands after the number: "days". */
  unit?: string;
}

export function NumberField({ label, hint, error, unit, ...props }: NumberProps) {
  return (
    <AriaNumberField {...props} isInvalid={Boolean(error)} validationBehavior="aria" className={styles.field ?? ""}>
      <Label>{label}</Label>
      <span className={styles.withUnit}>
        <Input className={cls(styles.input, styles.number)} />
        {unit ? <span className={styles.unit}>{unit}</span> : null}
      </span>
      <Under hint={hint} error={error} />
    </AriaNumberField>
  );
}

/** Filters a list while one types; its label is read, not shown. */
export function SearchField({ label, placeholder, ref, ...props }: { label: string; placeholder: string; value: string; onChange: (value: string) => void; ref?: Ref<HTMLInputElement> }) {
  return (
    <AriaSearchField {...props} aria-label={label} className={styles.search ?? ""}>
      <Search aria-hidden="true" />
      <Input ref={ref} className={styles.input ?? ""} placeholder={placeholder} />
      <AriaButton className={styles.clear ?? ""} aria-label="Clear"><X /></AriaButton>
    </AriaSearchField>
  );
}

/** A choice of a value. */
export interface Choice<Value extends string> {
  value: Value;
  label: string;
  /** A second line in the list. */
  hint?: string;
}

interface SelectProps<Value extends string> extends Words {
  choices: readonly Choice<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  isDisabled?: boolean;
  className?: string;
}

export function Select<Value extends string>({ label, hint, error, choices, value, onChange, isDisabled = false, className }: SelectProps<Value>) {
  return (
    <AriaSelect className={cls(styles.field, className)} value={value} onChange={(key) => onChange(key as Value)} isInvalid={Boolean(error)} isDisabled={isDisabled}>
      <Label>{label}</Label>
      <AriaButton className={cls(styles.input, styles.select)}>
        <SelectValue>{({ selectedText }) => selectedText}</SelectValue>
        <ChevronDown aria-hidden="true" />
      </AriaButton>
      <Under hint={hint} error={error} />
      <Popover className={cls(overlays.popover, styles.list)} offset={4}>
        <ListBox className={overlays.menu ?? ""} items={choices}>
          {(choice) => (
            <ListBoxItem id={choice.value} textValue={choice.label} className={overlays.item ?? ""}>
              <span>{choice.label}{choice.hint ? <small className={styles.choiceHint}>{choice.hint}</small> : null}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

/** On or off, at once. */
export function Switch({ label, hint, isSelected, onChange, isDisabled = false }: { label: string; hint?: ReactNode; isSelected: boolean; onChange: (on: boolean) => void; isDisabled?: boolean }) {
  const hintId = useId();
  return (
    <AriaSwitch className={styles.switch ?? ""} isSelected={isSelected} onChange={onChange} isDisabled={isDisabled} {...(hint ? { "aria-describedby": hintId } : {})}>
      <span className={styles.track} aria-hidden="true" />
      <span className={styles.switchWords}>
        {label}
        {hint ? <span id={hintId} className={styles.hint}>{hint}</span> : null}
      </span>
    </AriaSwitch>
  );
}

/** A mark in a list or a form. Give `aria-label` when there are no words. */
export function Checkbox({ children, className, ...props }: Omit<CheckboxProps, "className" | "children"> & { children?: ReactNode; className?: string }) {
  return (
    <AriaCheckbox {...props} className={cls(styles.checkbox, className)}>
      {({ isIndeterminate }) => (
        <>
          <span className={styles.box} aria-hidden="true">{isIndeterminate ? <span className={styles.dash} /> : <Check />}</span>
          {children}
        </>
      )}
    </AriaCheckbox>
  );
}

/** One of a few, all in sight. */
export function RadioGroup<Value extends string>({ label, hint, error, choices, value, onChange, isDisabled = false }: SelectProps<Value>) {
  return (
    <AriaRadioGroup className={styles.field ?? ""} value={value} onChange={(key) => onChange(key as Value)} isInvalid={Boolean(error)} isDisabled={isDisabled}>
      <Label>{label}</Label>
      <div className={styles.radios}>
        {choices.map((choice) => (
          <AriaRadio key={choice.value} value={choice.value} className={styles.radio ?? ""}>
            <span className={styles.dot} aria-hidden="true" />
            <span>{choice.label}{choice.hint ? <small className={styles.choiceHint}>{choice.hint}</small> : null}</span>
          </AriaRadio>
        ))}
      </div>
      <Under hint={hint} error={error} />
    </AriaRadioGroup>
  );
}
