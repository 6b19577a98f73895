/** What is shown of a trace: its id, and where to look at it. @param template `TW_TRACE_URL` */
export function traceLink(
  traceId: string | null,
  template: string | undefined,
): { readonly trace_id: string | null; readonly trace_url?: string } {
  if (traceId === null || template === undefined) return { trace_id: traceId };
  return { trace_id: traceId, trace_url: template.replaceAll("{trace_id}", traceId) };
}
