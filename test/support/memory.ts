import { once } from "node:events";

/** Bytes. */
export interface Memory {
  /** What the process as a whole takes up. */
  readonly rss: number;
  /** Objects and buffers of the thread that serves. */
  readonly held: number;
}

/** The environment of a Node process whose memory is to be measured. */
export const measurable = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

/**
 * What a process holds once its garbage is collected: what is garbage already says nothing about a leak.
 *
 * @param stderr what the process has printed; Node says there where its inspector listens
 */
export async function memoryOf(stderr: string): Promise<Memory> {
  const socket = new WebSocket(/ws:\S+/.exec(stderr)?.[0] ?? "");
  await once(socket, "open");
  async function ask(id: number, method: string, params: object = {}): Promise<ReturnType<typeof JSON.parse>> {
    const answered = once(socket, "message");
    socket.send(JSON.stringify({ id, method, params }));
    const [message] = await answered;
    return JSON.parse(message.data).result;
  }
  try {
    await ask(1, "HeapProfiler.collectGarbage");
    const { result } = await ask(2, "Runtime.evaluate", { expression: "JSON.stringify(process.memoryUsage())" });
    const { rss, heapUsed, external } = JSON.parse(result.value);
    return { rss, held: heapUsed + external };
  } finally {
    socket.close();
  }
}
