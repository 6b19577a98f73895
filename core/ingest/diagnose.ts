import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import {
  type Credentials,
  type Delivery,
  type SignatureScheme,
  single,
  timestampUnits,
  type Verification,
} from "@thruway/sdk";
import type { Plugins } from "../registry/plugins.ts";
import type { Diagnosis, Finding } from "../store/ports.ts";
import { check } from "../validate.ts";
import { clockFinding, unitFinding } from "./diagnose-time.ts";
import { rewritten } from "./rewrite-json.ts";
import { writtenAs } from "./rewrite-secret.ts";

/** A delivery that was refused for its signature or its time, and the source that it was sent to. */
export interface Suspect {
  readonly delivery: Delivery;
  /** The source's name, as it was asked for. */
  readonly name: string;
  readonly scheme: SignatureScheme;
  readonly credentials: Credentials;
  /** Of the source; `null` for the scheme's own. */
  readonly toleranceSeconds: number | null;
}

/** The mistakes are tried one by one, and each reads the whole body. */
const largestBody = 262_144;
const longestTime = 40;

/**
 * Finds out why a delivery does not verify: takes note of what it carries, and tries the usual mistakes, by checking it again with
 * one thing otherwise. That is some thirty checks, of which others are let in between. Nothing of it lets anybody in, and nothing
 * of the result tells a secret or a signature.
 */
export async function diagnose(suspect: Suspect, plugins: Plugins): Promise<Diagnosis> {
  const { delivery, scheme, credentials } = suspect;
  const written = scheme.clues?.writtenTime?.(delivery);
  const value = written !== undefined && looksLikeTime(written.value) ? written.value : null;
  const sentAt = value === null || written === undefined ? undefined : timestampUnits[written.unit].read(value);
  const findings: Finding[] = [];
  let tried = 0;

  if (written !== undefined && value !== null)
    findings.push(...unitFinding({ ...written, value }, delivery.receivedAt));
  const said = await scheme.verify(delivery, credentials);
  if (said.verified && findings.length === 0) {
    const finding = clockFinding(said, delivery.receivedAt, suspect.toleranceSeconds ?? said.toleranceSeconds);
    if (finding !== undefined) findings.push(finding);
  }
  if (!said.verified) {
    for (const { code, message, verify } of trialsOf(suspect, plugins)) {
      if (findings.some((finding) => finding.code === code)) continue;
      await setImmediate();
      tried += 1;
      if ((await verify()).verified) findings.push({ code, message });
    }
  }

  return {
    expected: { scheme: scheme.name, summary: scheme.summary },
    proof: (scheme.clues?.reads ?? []).flatMap((path) => foundAt(path, delivery)),
    body_sha256: hash("sha256", delivery.body),
    timestamp: value,
    clock_difference_seconds:
      sentAt === undefined ? null : Math.round((delivery.receivedAt.getTime() - sentAt.getTime()) / 100) / 10,
    tried,
    findings,
  };
}

/** Whatever else somebody writes there is not shown: it could be a secret in the wrong place. */
function looksLikeTime(value: string): boolean {
  return value.length <= longestTime && /^\d[\d.:TZ+-]*$/.test(value);
}

function foundAt(path: string, { headers, query }: Delivery): Diagnosis["proof"] {
  const [place, ...rest] = path.split(".");
  const name = rest.join(".");
  if (place === "query") return [{ path, found: counted(query.getAll(name).length) }];
  if (place !== "headers") return [];
  const value = single(headers, name);
  return [{ path, found: value === "repeated" ? value : value === undefined ? "missing" : "once" }];
}

function counted(times: number): "once" | "missing" | "repeated" {
  return times === 0 ? "missing" : times === 1 ? "once" : "repeated";
}

interface Trial extends Finding {
  readonly verify: () => Verification | Promise<Verification>;
}

function* trialsOf(suspect: Suspect, plugins: Plugins): Iterable<Trial> {
  const { delivery, scheme, credentials, name } = suspect;
  if (delivery.body.length > largestBody) return;
  for (const { body, ...finding } of scheme.provesBody ? bodiesOf(delivery.body) : []) {
    yield { ...finding, verify: () => scheme.verify(withBody(delivery, body), credentials) };
  }
  for (const { verify, ...finding } of scheme.clues?.mistakes?.() ?? []) {
    yield { ...finding, verify: () => verify(delivery, credentials) };
  }
  for (const { change, ...finding } of writtenAs) {
    const secrets = credentials.secrets.flatMap((secret) => change(secret) ?? []);
    if (secrets.length === 0) continue;
    yield { ...finding, verify: () => scheme.verify(delivery, { ...credentials, secrets }) };
  }
  for (const rival of rivalsOf(plugins)) {
    if (rival.scheme.summary === scheme.summary) continue;
    const message = `It proves itself as ${rival.title} does, and the source is not set to that: tw-cli webhook update ${name} ${rival.option}`;
    yield { code: "other_scheme", message, verify: () => rival.scheme.verify(delivery, credentials) };
  }
}

interface ChangedBody extends Finding {
  readonly body: Uint8Array;
}

const lineFeed = Buffer.from("\n");

function bodiesOf(body: Uint8Array): readonly ChangedBody[] {
  const end = body.length - (body.at(-2) === 0x0d ? 2 : 1);
  const found: ChangedBody[] =
    body.at(-1) === 0x0a
      ? [
          {
            code: "line_break_added",
            message:
              "The signature matches once the line break at the end of the body is removed: it was sent and not signed. Send the bytes that are signed; `echo` adds a line break, `printf '%s'` does not",
            body: body.subarray(0, end),
          },
        ]
      : [
          {
            code: "line_break_missing",
            message:
              "The signature matches with a line break at the end of the body: it was signed and not sent. Sign the bytes that are sent; `echo` adds a line break, `printf '%s'` does not, and `curl -d` removes those of a file, `--data-binary` does not",
            body: Buffer.concat([body, lineFeed]),
          },
        ];
  const rewrites = isUtf8(body) ? rewritten(Buffer.from(body).toString("utf8")) : [];
  for (const { how, text } of rewrites) {
    const message = `The signature is over the same JSON written ${how}: the sender signs another text than it sends, or something on the way rewrites the body. Sign the bytes that are sent, and let no proxy change them`;
    found.push({ code: "json_rewritten", message, body: Buffer.from(text) });
  }
  return found;
}

function withBody(delivery: Delivery, body: Uint8Array): Delivery {
  const { method, url, query, headers, receivedAt, address, proxied } = delivery;
  return { method, url, query, headers, receivedAt, address, proxied, body };
}

/** How senders of other plugins and presets prove themselves by a secret. */
interface Rival {
  readonly title: string;
  readonly option: string;
  readonly scheme: SignatureScheme;
}

const rivals = new WeakMap<Plugins, readonly Rival[]>();

function rivalsOf(plugins: Plugins): readonly Rival[] {
  const known = rivals.get(plugins);
  if (known !== undefined) return known;
  const found = plugins.all.flatMap((plugin) => [
    rival(plugin, {}, `the plugin '${plugin.name}'`, `--plugin ${plugin.name}`),
    ...Object.keys(plugin.presets).map((preset) =>
      rival(plugin, { preset }, `the preset '${preset}'`, `--preset ${preset}`),
    ),
  ]);
  const proving = found.filter((each) => each !== undefined);
  rivals.set(plugins, proving);
  return proving;
}

/** `undefined` where a plugin needs to be told more, or lets in what no secret proves. */
function rival(plugin: Plugins["all"][number], given: object, title: string, option: string): Rival | undefined {
  const options = check(plugin.options, given);
  if ("details" in options) return undefined;
  const scheme = plugin.signature(options.value);
  return scheme.needsSecret && !scheme.acceptsUnsigned ? { title, option, scheme } : undefined;
}
