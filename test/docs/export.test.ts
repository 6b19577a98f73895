import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { exportFormats } from "../../core/incidents/export/formats.ts";
import { ocsfClasses, toOcsf } from "../../core/incidents/export/ocsf.ts";
import { statuses, verdicts } from "../../core/incidents/incident.ts";
import { writeMessage } from "../../core/triage/message.ts";
import { channelFormats } from "../../core/triage/outside.ts";
import { anIncident } from "../support/an-incident.ts";
import { eventually } from "../support/eventually.ts";
import { aGateway } from "../support/gateway.ts";
import { blocksOf, codeOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";
import { anEmptyFolder, walkThrough } from "../support/page.ts";

type Json = ReturnType<typeof JSON.parse>;

const sections = sectionsOf(await readPage("docs/export.md"));

function rowsUnder(title: string): ReturnType<typeof rowsOf> {
  const section = sections.find((each) => each.title === title);
  assert.ok(section, `there is no "${title}"`);
  return rowsOf(section.text);
}

test("docs/export.md: its commands do what it says", async () => {
  await using gateway = await aGateway();
  await using place = await anEmptyFolder({ TW_API_URL: gateway.url, TW_API_KEY: gateway.token });
  await walkThrough("docs/export.md", place, { url: gateway.url });
});

/** A port that nobody listens on. */
async function aPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("docs/export.md: its subscriber takes what is ours and new, and refuses what is not ours", async () => {
  const block = blocksOf(await readPage("docs/export.md")).find(({ attributes }) => attributes.has("file"));
  await using place = await anEmptyFolder();
  await writeFile(join(place.folder, "subscriber.mjs"), block?.text ?? "");
  await symlink(join(root, "node_modules"), join(place.folder, "node_modules"));
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const port = await aPort();
  const env = { ...place.env, SIEM_WEBHOOK_SECRET: secret, PORT: String(port) };
  const subscriber = spawn(process.execPath, ["subscriber.mjs"], {
    cwd: place.folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let printed = "";
    subscriber.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    const url = `http://127.0.0.1:${port}`;
    const send = async (version: number, signedWith = secret): Promise<number | undefined> => {
      const message = { id: `siem:i1:${version}`, channel: "siem", text: "", data: {}, body: `{"said":${version}}` };
      const channel = { kind: "webhook", url, secret: signedWith, allow_private: true } as const;
      const { headers, body } = writeMessage(message, channel, new Date());
      return (await fetch(url, { method: "POST", headers, body: Buffer.from(body) }).catch(() => undefined))?.status;
    };
    assert.equal(await eventually(() => send(2)), 204);
    assert.deepEqual([await send(1), await send(2), await send(3)], [204, 204, 204]);
    assert.equal(await send(4, `whsec_${Buffer.alloc(32, 8).toString("base64")}`), 401);
    await eventually(() => Promise.resolve(printed.includes("said: 3") || undefined));
    assert.deepEqual(printed.trim().split("\n"), ["{ said: 2 }", "{ said: 3 }"]);
  } finally {
    subscriber.kill();
    await once(subscriber, "close");
  }
});

test("docs/export.md says what a feed sends in each format", () => {
  const listed = rowsUnder("A feed of every change").map(([name = ""]) => codeOf(name)[0]);
  assert.deepEqual(listed, [...channelFormats]);
});

test("docs/export.md lists the formats", () => {
  const listed = rowsUnder("Export").map(([name = ""]) => codeOf(name)[0]);
  assert.deepEqual(new Set(listed), new Set(exportFormats));
});

test("docs/export.md says what becomes of each status and verdict", () => {
  const rows = rowsUnder("Statuses and verdicts");
  for (const status of statuses) {
    const shown = rows.find(([name = ""]) => codeOf(name)[0] === status)?.slice(1);
    const real = ocsfClasses.map((as) => toOcsf(anIncident({ status }), as) as Json);
    assert.deepEqual(
      shown,
      real.map((event) => `${event.status_id} ${event.status}`),
    );
  }
  for (const verdict of verdicts) {
    const [, shown = ""] = rows.find(([name = ""]) => codeOf(name)[0] === verdict) ?? [];
    assert.match(shown, new RegExp(`^${(toOcsf(anIncident({ verdict })) as Json).verdict_id} `));
  }
});
