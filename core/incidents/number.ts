/** `INC-2026-0001`: the year of receipt in UTC, and at least four digits that rise within it; gaps are allowed. */
export function incidentNumber(year: number, sequence: number): string {
  return `INC-${year}-${String(sequence).padStart(4, "0")}`;
}

export function parseIncidentNumber(value: string): { readonly year: number; readonly sequence: number } | undefined {
  const form = /^INC-(\d{4})-(\d{4,12})$/i.exec(value);
  return form === null ? undefined : { year: Number(form[1]), sequence: Number(form[2]) };
}
