/** The choice of a main stream's codec, as forms offer it. */
export const codecs = [
  { value: "h264", label: "H.264", hint: "Every browser shows it." },
  { value: "h265", label: "H.265", hint: "Smaller files. Some browsers show only the sub stream." },
] as const;
