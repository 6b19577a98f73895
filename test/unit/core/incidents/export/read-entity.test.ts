import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  accountOf,
  algorithmOf,
  isAddress,
  isMailbox,
  pathOf,
  processOf,
} from "../../../../../core/incidents/export/read-entity.ts";

function each<T>(what: string, read: (value: string) => T, cases: Readonly<Record<string, T>>): void {
  describe(what, () => {
    for (const [value, expected] of Object.entries(cases)) {
      test(JSON.stringify(value), () => assert.deepEqual(read(value), expected));
    }
  });
}

each("an account", accountOf, {
  "j.doe": { name: "j.doe" },
  "CORP\\j.doe": { name: "j.doe", domain: "CORP" },
  "NT SERVICE\\MSSQLSERVER": { name: "MSSQLSERVER", domain: "NT SERVICE" },
  "j.doe@example.com": { name: "j.doe@example.com", email: "j.doe@example.com" },
  "a\\b\\c": { name: "a\\b\\c" },
  "\\": { name: "\\" },
});

each("a path", pathOf, {
  "invoice.docm": { name: "invoice.docm", extension: "docm" },
  "prices, 2026.xlsx": { name: "prices, 2026.xlsx", extension: "xlsx" },
  "/etc/ssh/sshd_config": { name: "sshd_config", path: "/etc/ssh/sshd_config", directory: "/etc/ssh" },
  "/vmlinuz": { name: "vmlinuz", path: "/vmlinuz", directory: "/" },
  "C:\\a\\b.exe": { name: "b.exe", path: "C:\\a\\b.exe", directory: "C:\\a", extension: "exe" },
  ".bashrc": { name: ".bashrc" },
  "C:\\folder\\": { name: "C:\\folder\\" },
});

each("a process", processOf, {
  "powershell.exe": { name: "powershell.exe" },
  "/usr/bin/ssh": { name: "ssh", executable: "/usr/bin/ssh" },
  "WINWORD.EXE /n invoice.docm": { name: "WINWORD.EXE", commandLine: "WINWORD.EXE /n invoice.docm" },
  '"C:\\Program Files\\a.exe"': { name: "a.exe", executable: "C:\\Program Files\\a.exe" },
  '"C:\\Program Files\\a.exe" /q': {
    name: "a.exe",
    executable: "C:\\Program Files\\a.exe",
    commandLine: '"C:\\Program Files\\a.exe" /q',
  },
  "C:\\Program Files\\a.exe": { commandLine: "C:\\Program Files\\a.exe" },
});

each("a digest", algorithmOf, {
  ["0".repeat(32)]: "md5",
  ["F".repeat(40)]: "sha1",
  ["a".repeat(64)]: "sha256",
  ["a".repeat(96)]: "sha384",
  ["a".repeat(128)]: "sha512",
  ["g".repeat(32)]: undefined,
  ["a".repeat(33)]: undefined,
});

each("an address", isAddress, {
  "192.0.2.1": true,
  "2001:db8::1": true,
  "fe80::1%eth0": true,
  "::ffff:192.0.2.1": true,
  "192.0.2": false,
  "192.0.2.1:80": false,
  "web-01": false,
});

each("a mailbox", isMailbox, {
  "a@b.example": true,
  "a.b+c@sub.example.com": true,
  "a@localhost": false,
  "ü@b.example": false,
  "Kim <kim@b.example>": false,
});
