import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway } from "../support/gateway.ts";
import { running } from "../support/gateway-process.ts";
import { assertRefused } from "../support/refused.ts";

const fromEnv = "test-secret-from-the-environment";
const fromFile = "test-secret-from-the-file-itself";
const fromApi = "test-secret-from-the-api-0123456789";

/** A folder with a configuration file; `write` replaces the file as an editor does, in one step. */
interface ConfigFolder extends AsyncDisposable {
  readonly folder: string;
  readonly file: string;
  write(text: string): Promise<void>;
}

async function aConfigFolder(text?: string): Promise<ConfigFolder> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-config-"));
  const file = join(folder, "webhook_config.yaml");
  async function write(text: string): Promise<void> {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  }
  if (text !== undefined) await write(text);
  return { folder, file, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

let events = 0;
function send(gateway: TestGateway, source: string, secret: string): Promise<Answered> {
  events += 1;
  return gateway.send(source, JSON.stringify({ event_type: "test", data: { events } }), { secret });
}

describe("sources of webhook_config.yaml", () => {
  let config: ConfigFolder;
  let gateway: TestGateway;
  before(async () => {
    config = await aConfigFolder(`
# What the text shows, and what it does not.
sources:
  email-gateway:
    secret: "\${EMAIL_GATEWAY_SECRET}"
    auto_triage: true
    playbook: phishing_triage
    severity_mapping:
      critical: critical
      5: low
  edr:
    plugin: crowdstrike
    secrets: ["${fromFile}", "\${EDR_SECRET:-${fromEnv}}"]
    tolerance_seconds: 60
    enabled: \${EDR_ENABLED:-true}
  dollars:
    secret: test-secret-with-$$-in-it
`);
    gateway = await aGateway({ TW_CONFIG: config.file, EMAIL_GATEWAY_SECRET: fromEnv });
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await config[Symbol.asyncDispose]();
  });

  test("are there from the start, with their variables filled in", async () => {
    assert.equal((await send(gateway, "email-gateway", fromEnv)).status, 202);
    assert.equal((await send(gateway, "dollars", "test-secret-with-$-in-it")).status, 202);
    for (const secret of [fromFile, fromEnv]) {
      assertRefused(await send(gateway, "edr", secret), { status: 422, code: "invalid_payload", path: "" });
    }
  });

  test("are shown like any other, as what they are, without their secrets", async () => {
    const { body } = await gateway.api("GET", "/api/webhooks");
    assert.deepEqual(
      body.data.map(({ source, origin }: Readonly<Record<string, string>>) => [source, origin]),
      [
        ["dollars", "file"],
        ["edr", "file"],
        ["email-gateway", "file"],
      ],
    );
    assert.ok(!JSON.stringify(body).includes("test-secret"));
    const { body: mail } = await gateway.api("GET", "/api/webhooks/email-gateway");
    assert.deepEqual(
      [mail.auto_triage, mail.playbook, mail.severity_mapping],
      [true, "phishing_triage", { 5: "low", critical: "critical" }],
    );
    const { body: edr } = await gateway.api("GET", "/api/webhooks/edr");
    assert.deepEqual([edr.enabled, edr.tolerance_seconds, edr.secrets.length], [true, 60, 2]);
  });

  test("are read-only: not changed, not deleted, not registered over", async () => {
    const readOnly = {
      status: 409,
      code: "source_read_only",
      message: "Webhook source 'email-gateway' comes from the configuration file and is changed there",
    } as const;
    const path = "/api/webhooks/email-gateway";
    assertRefused(await gateway.api("PATCH", path, { enabled: false }), readOnly);
    assertRefused(await gateway.api("DELETE", path), readOnly);
    assertRefused(await gateway.api("POST", "/api/webhooks", { source: "email-gateway", secret: fromApi }), readOnly);
    assert.equal((await send(gateway, "email-gateway", fromEnv)).status, 202);
  });

  test("can be tested", async () => {
    assert.equal((await gateway.api("POST", "/api/webhooks/edr/test")).body.ok, true);
  });
});

function only(name: string, secret: string): string {
  return `sources: { ${name}: { secret: ${secret} } }`;
}

describe("a configuration file that changes", { concurrency: true }, () => {
  async function known(gateway: TestGateway, ...names: readonly string[]): Promise<void> {
    await eventually(async () => {
      const { body } = await gateway.api("GET", "/api/webhooks");
      const found = body.data.map(({ source }: { readonly source: string }) => source);
      return found.join() === names.join() ? true : undefined;
    });
  }

  test("is read again: sources appear, change and go", async () => {
    await using config = await aConfigFolder(only("one", fromFile));
    await using gateway = await aGateway({ TW_CONFIG: config.file });
    assert.equal((await send(gateway, "one", fromFile)).status, 202);

    await config.write(`sources: { one: { secret: ${fromEnv} }, two: { secret: ${fromFile} } }`);
    await known(gateway, "one", "two");
    assertRefused(await send(gateway, "one", fromFile), { status: 401, code: "invalid_signature" });
    assert.equal((await send(gateway, "one", fromEnv)).status, 202);
    assert.equal((await send(gateway, "two", fromFile)).status, 202);

    await config.write(only("two", fromFile));
    await known(gateway, "two");
    assertRefused(await send(gateway, "one", fromEnv), { status: 404, code: "unknown_source" });
  });

  test("is read when it appears only after the start", async () => {
    await using config = await aConfigFolder();
    await using gateway = await aGateway({ TW_DATA_DIR: config.folder });
    await known(gateway);
    await config.write(only("late", fromFile));
    await known(gateway, "late");
    assert.equal((await send(gateway, "late", fromFile)).status, 202);
  });

  test("goes before a source of the API with the same name, which is back when the file lets go of it", async () => {
    await using config = await aConfigFolder(only("other", fromFile));
    await using gateway = await aGateway({ TW_CONFIG: config.file });
    await gateway.api("POST", "/api/webhooks", { source: "shared", secret: fromApi });
    const origin = async (): Promise<string> => (await gateway.api("GET", "/api/webhooks/shared")).body.origin;

    await config.write(only("shared", fromFile));
    await eventually(async () => ((await origin()) === "file" ? true : undefined));
    assert.equal((await send(gateway, "shared", fromFile)).status, 202);
    assertRefused(await send(gateway, "shared", fromApi), { status: 401, code: "invalid_signature" });

    await config.write(only("other", fromFile));
    await eventually(async () => ((await origin()) === "api" ? true : undefined));
    assert.equal((await send(gateway, "shared", fromApi)).status, 202);
  });

  test("and is broken leaves what was there in force, says which line is wrong, and is taken when it is mended", async () => {
    await using config = await aConfigFolder(only("one", fromFile));
    await using gateway = await running(join(config.folder, "data"));
    const names = async (): Promise<readonly string[]> => {
      const { body } = await gateway.api("GET", "/api/webhooks");
      return body.data.map(({ source }: { readonly source: string }) => source);
    };
    const complaints = (): readonly unknown[] =>
      gateway
        .stdout()
        .split("\n")
        .filter((line) => line.includes("Configuration file was not taken; the one before stays in force"))
        .map((line) => JSON.parse(line).problem);
    const broken = [
      [
        `sources:\n  two:\n    secret: \${TEST_NOT_SET}`,
        /^webhook_config\.yaml:3: the variable TEST_NOT_SET is not set$/,
      ],
      [`${only("two", fromFile)}\nplaybooks: {}`, /^webhook_config\.yaml:\d: `playbooks` is not a section/],
    ] as const;
    for (const [index, [text, problem]] of broken.entries()) {
      await config.write(text);
      await eventually(async () => (complaints().length > index ? true : undefined));
      assert.match(String(complaints()[index]), problem);
      assert.deepEqual(await names(), ["one"]);
    }

    await rm(config.file);
    await eventually(async () => (complaints().length > broken.length ? true : undefined));
    assert.match(String(complaints().at(-1)), /webhook_config\.yaml: cannot be read: ENOENT/);
    assert.deepEqual(await names(), ["one"]);

    await config.write(only("mended", fromFile));
    await eventually(async () => ((await names()).includes("mended") ? true : undefined));
    assert.deepEqual(await names(), ["mended"]);
    assert.ok(!gateway.stdout().includes("test-secret"));
  });
});
