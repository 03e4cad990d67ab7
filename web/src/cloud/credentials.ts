/** What the cloud asks of addresses and passwords, said before it is asked. Pure. */
import { SHORTEST_PASSWORD } from "../people/words";

/** What is wrong with an address, as far as a page can tell: the cloud does not judge what stands before the @. */
export const emailError = (email: string): string | undefined => (/^[^@\s]+@[^@\s]+$/.test(email.trim()) ? undefined : "Write the address as name@example.org.");

/** What is wrong with a new password. Characters are counted, not bytes: any of Unicode will do. */
export const passwordError = (password: string): string | undefined => ([...password].length >= SHORTEST_PASSWORD ? undefined : `Use ${SHORTEST_PASSWORD} characters or more.`);

/** A code as the cloud compares it: people type spaces and hyphens where they like, and small letters. */
export const tidyCode = (code: string): string => code.trim().toUpperCase();
