/** A value that has stayed the same for a moment: for asking the site while somebody types. */
import { useEffect, useState } from "react";

/** So long after the last letter, ms. */
const TYPED_MS = 300;

/** @param value something that JSON can hold. */
export function useSettled<T>(value: T): T {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return JSON.parse(settled) as T;
}
