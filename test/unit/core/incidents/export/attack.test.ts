import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Mitre } from "@thruway/sdk";
import { type Attack, attackOf } from "../../../../../core/incidents/export/attack.ts";

const cases: readonly (readonly [Mitre, Attack | undefined])[] = [
  [{ id: "T1059" }, { technique: { id: "T1059" } }],
  [{ id: "t1059.001" }, { technique: { id: "T1059" }, subTechnique: { id: "T1059.001" } }],
  [
    { id: "T1003.001", technique: "LSASS Memory" },
    { technique: { id: "T1003" }, subTechnique: { id: "T1003.001", name: "LSASS Memory" } },
  ],
  [{ id: "TA0007", tactic: "Discovery" }, { tactic: { id: "TA0007", name: "Discovery" } }],
  [{ id: "TA0112" }, { tactic: { id: "TA0112" } }],
  [{ tactic: "command-and-control" }, { tactic: { id: "TA0011", name: "Command and Control" } }],
  [{ tactic: "privilege_escalation" }, { tactic: { id: "TA0004", name: "Privilege Escalation" } }],
  [
    { tactic: "Impact", technique: "Resource Hijacking" },
    { tactic: { id: "TA0040", name: "Impact" }, technique: { name: "Resource Hijacking" } },
  ],
  [{ technique: "Exfiltration Over Web Service" }, { technique: { name: "Exfiltration Over Web Service" } }],
  [
    { id: "T1110", tactic: "A new tactic" },
    { tactic: { name: "A new tactic" }, technique: { id: "T1110" } },
  ],
  [{ tactic: "Malware", technique: "Malicious File" }, undefined],
  [{ id: "CST0007", technique: "Sensor-based ML" }, undefined],
  [{}, undefined],
  [{ tactic: "", technique: "" }, undefined],
];

describe("what a vendor says of ATT&CK", () => {
  for (const [entry, attack] of cases) {
    test(JSON.stringify(entry), () => assert.deepEqual(attackOf(entry), attack));
  }
});
