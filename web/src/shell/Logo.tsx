/** The tower. Decoration: what it leads to is said by its link. */
export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={(size * 28) / 26} viewBox="0 0 26 28" fill="none" aria-hidden="true">
      <path d="M6.2 26 7.6 11h10.8l1.4 15z" fill="currentColor" opacity=".22" />
      <path d="M6.2 26 7.6 11h10.8l1.4 15M4 26h18M5.5 11h15M6.5 11V7.2h13V11M11 26v-5.2a2 2 0 0 1 4 0V26" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M13 4.2V7M13 2.2h.01" stroke="currentColor" strokeWidth="1.9" strokeLinecap="round" />
      <path d="M17.5 3.4l5.5-1.6M17.8 5l5.6.8" stroke="currentColor" strokeWidth="1.3" strokeLinecap="round" opacity=".7" />
    </svg>
  );
}
