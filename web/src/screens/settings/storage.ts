/** Words about how long recordings are kept. */

/** "9 hours", "3.5 days", "21 days". */
export function days(amount: number): string {
  if (amount < 2) return `${Math.round(amount * 24)} hours`;
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} days`;
}
