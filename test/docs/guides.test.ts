import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { glob, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { anyOf, unsigned, webhookSignature } from "@thruway/sdk";
import { checks } from "@thruway/sdk/testing";
import { parse } from "yaml";
import { catalogueMarkdown, readCatalogue, withCatalogue } from "../../core/cli/plugin-kit/catalogue/catalogue.ts";
import { errorTable } from "../../core/errors.ts";
import { newSourceSchema } from "../../core/sources/registration.ts";
import plugin from "../../plugins/generic/index.ts";
import * as readers from "../../sdk/read.ts";
import * as statusReaders from "../../sdk/status.ts";
import { aGateway } from "../support/gateway.ts";
import { blocksOf, codeOf, linksOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";
import { aCheckout, anEmptyFolder, checkCode, missing, walkThrough } from "../support/page.ts";

const run = promisify(execFile);
const nil = "00000000-0000-0000-0000-000000000000";

const absent = missing("bash", "curl", "openssl", "python3");
const skip = absent.length > 0 && `NOT RUN: this machine has no ${absent.join(", ")}`;

test("docs/sending.md: its scripts sign in bash, Python and Node, and every answer is as shown", { skip }, async () => {
  await using gateway = await aGateway();
  await using place = await anEmptyFolder({ TW_API_URL: gateway.url, TW_API_KEY: gateway.token });
  await walkThrough("docs/sending.md", place, { url: gateway.url });
  const { body } = await gateway.api("GET", "/api/incidents");
  assert.equal(body.data.length, 1, "all scripts sent one alert");
});

/** What only those who manage sources meet. */
const management = [
  ...["unauthorized", "invalid_request", "source_exists", "source_read_only", "not_replayable"],
  ...["forbidden_transition", "merged_incident", "version_mismatch"],
  ...["invalid_playbook", "playbook_exists", "playbook_read_only", "approval_decided"],
];

/** The codes of a delivery only. */
const neverAnswered = ["plugin_stalled", "fetch_failed"];

test("docs/sending.md says of every error that a sender can meet what to do, with its status", async () => {
  const rows = rowsOf(await readPage("docs/sending.md")).filter(([, status]) => Number.isInteger(Number(status)));
  const documented = Object.fromEntries(rows.map(([code = "", status]) => [codeOf(code)[0], Number(status)]));
  const met = Object.entries(errorTable).filter(([code]) => ![...management, ...neverAnswered].includes(code));
  assert.deepEqual(documented, Object.fromEntries(met.map(([code, { status }]) => [code, status])));
});

test("docs/write-a-plugin.md: the plugin that it writes passes every check and takes events", { skip }, async () => {
  await using checkout = await aCheckout();
  await walkThrough("docs/write-a-plugin.md", checkout);
  await checkCode(checkout.folder, "plugins/acme");
});

test("docs/plugins.md has the catalogue of what plugins.json lists, as npm run docs writes it", async () => {
  const file = join(root, "docs/plugins.md");
  const page = await readPage("docs/plugins.md");
  const catalogue = catalogueMarkdown(await readCatalogue(join(root, "plugins.json")), dirname(file));
  assert.equal(page, withCatalogue(page, catalogue, file), "run npm run docs");
});

test("docs/plugins.md lists every check by its name, and no other", async () => {
  const section = sectionsOf(await readPage("docs/plugins.md")).find(({ anchor }) => anchor === "the-checks");
  const documented = rowsOf(section?.text ?? "").map(([name = ""]) => name);
  const sample = { name: "a", body: Buffer.from('{"event_type":"test"}'), expected: undefined };
  const schemes = [webhookSignature(), anyOf(webhookSignature(), unsigned("it cannot"))];
  const broken = (): never => assert.fail("no scheme");
  const names = [...schemes.map((scheme) => () => scheme), broken].flatMap((signature) =>
    checks({ ...plugin, signature }, [sample]).map(({ name }) => name.replace(/^a: /, "")),
  );
  assert.deepEqual(new Set(documented), new Set(names));
});

test("docs/plugins.md lists the members of a plugin in their order", async () => {
  const members = sectionsOf(await readPage("docs/plugins.md")).find(({ anchor }) => anchor === "the-members");
  assert.deepEqual(
    rowsOf(members?.text ?? "").map(([member = ""]) => codeOf(member)[0]),
    Object.keys(plugin),
  );
});

test("docs/plugins.md lists every signature scheme and every reader of the SDK", async () => {
  const sections = sectionsOf(await readPage("docs/plugins.md"));
  const named = (anchor: string): readonly string[] =>
    rowsOf(sections.find((section) => section.anchor === anchor)?.text ?? "").flatMap(([first = ""]) => codeOf(first));
  const schemes = named("signature-schemes").map((code) => code.replace(/\(.*/, ""));
  const files = readdirSync(join(root, "sdk/signature")).filter((file) => file !== "scheme.ts");
  assert.equal(schemes.length, files.length);
  const sdk: object = await import("@thruway/sdk");
  for (const scheme of schemes) assert.ok(scheme in sdk, `${scheme} is not in the SDK`);
  assert.deepEqual(named("readers").toSorted(), Object.keys({ ...readers, ...statusReaders }).toSorted());
});

test("CONTRIBUTING.md: its commands do what it says", async () => {
  await using checkout = await aCheckout();
  await walkThrough("CONTRIBUTING.md", checkout);
});

test("webhook_config.example.yaml is valid once its variables are set, and shows every field of a source", async () => {
  const file = join(root, "webhook_config.example.yaml");
  const text = await readPage("webhook_config.example.yaml");
  const variables = [...text.matchAll(/"\$\{([A-Z_]+)\}"/g)].map(([, name = ""]) => name);
  const secrets = Object.fromEntries(
    variables.map((name) => [name, `whsec_${Buffer.from(`throw-away-test-secret-${name}`).toString("base64")}`]),
  );
  await using place = await anEmptyFolder();
  const validate = (env: NodeJS.ProcessEnv): Promise<{ readonly stdout: string }> =>
    run("tw-cli", ["config", "validate", file], { cwd: place.folder, env: { ...place.env, ...env } });

  assert.match((await validate(secrets)).stdout, /is valid, with 4 sources: email-gateway, edr, siem, old-siem/);
  await assert.rejects(validate({}), ({ stderr }: { stderr: string }) => {
    for (const name of variables) assert.match(stderr, new RegExp(`: the variable ${name} is not set`));
    return true;
  });

  const sources: Readonly<Record<string, object>> = parse(text).sources;
  const shown = new Set(["source", ...Object.values(sources).flatMap((source) => Object.keys(source))]);
  assert.deepEqual([...shown].toSorted(), Object.keys(newSourceSchema.describe().keys ?? {}).toSorted());
});

test("every link between the pages leads to a file, and to a heading of it where it names one", async () => {
  const broken: string[] = [];
  for (const page of await pages()) {
    for (const link of linksOf(await readPage(page))) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      const known =
        existsSync(join(root, target)) && (anchor === undefined || (await anchors(target)).includes(anchor));
      if (!known) broken.push(`${page}: ${link}`);
    }
  }
  assert.deepEqual(broken, []);
});

test("every file that a page writes is named in the text above it", async () => {
  for (const page of await pages()) {
    const markdown = await readPage(page);
    const lines = markdown.split("\n");
    let from = 0;
    for (const { attributes, line, text } of blocksOf(markdown)) {
      const file = attributes.get("file");
      const above = lines.slice(from, line - 1).join("\n");
      if (file !== undefined)
        assert.ok(above.includes(`\`${file}\``), `${page}:${line} does not say that it is ${file}`);
      from = line + text.split("\n").length;
    }
  }
});

test("every npm script that a page names is one", async () => {
  const { scripts } = JSON.parse(await readPage("package.json"));
  for (const page of await pages()) {
    for (const [, name = ""] of (await readPage(page)).matchAll(/npm (?:run )?((?<=run )[a-z:]+|start|test)\b/g)) {
      assert.ok(name in scripts, `${page} names the npm script ${name}`);
    }
  }
});

const wrong = {
  "a command that fails": "```bash\nfalse\n```\n",
  "a command that fails in the middle": "```bash\nfalse\ntrue\n```\n",
  "output that was not printed": "```bash\necho one\n```\n```console\ntwo\n```\n",
  "output in another order": "```bash\necho one; echo two\n```\n```console\ntwo\none\n```\n",
  "another id where there was one twice": `\`\`\`bash\necho ${randomUUID()} ${randomUUID()}\n\`\`\`\n\`\`\`console\n${nil} ${nil}\n\`\`\`\n`,
  "a command in a language that is not run": "```sh\ntrue\n```\n",
};

for (const [what, text] of Object.entries(wrong)) {
  test(`a page with ${what} is caught, by its line`, async () => {
    await using place = await anEmptyFolder();
    const page = join(place.folder, "page.md");
    await writeFile(page, text);
    await assert.rejects(walkThrough(page, place), /page\.md:\d/);
  });
}

async function pages(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const page of glob(["*.md", "docs/**/*.md", "plugins/*/README.md"], { cwd: root })) found.push(page);
  return found;
}

async function anchors(page: string): Promise<readonly string[]> {
  return sectionsOf(await readPage(page)).map(({ anchor }) => anchor);
}
