/** What ECS files an alert under. `outcome` only where the type says it. */
export interface Category {
  readonly category: readonly [string];
  readonly type: readonly [string];
  readonly outcome?: "failure" | "success";
}

/** By the words of an incident's type, of which plugins and vendors choose their own; the first that fits. */
const categories: readonly (readonly [words: RegExp, category: Category])[] = [
  [
    /fail(ed|ure)?_(log_?[io]n|sign_?in|auth)|(log_?[io]n|sign_?in|auth\w*)_fail|brute_?force|password_(spray|guess)/,
    { category: ["authentication"], type: ["start"], outcome: "failure" },
  ],
  [/malware|ransom|trojan|virus|worm|spyware|backdoor|rootkit/, { category: ["malware"], type: ["info"] }],
  [/phish|spam|e?mail|mailbox|spoof/, { category: ["email"], type: ["info"] }],
  [/log_?[io]n|sign_?in|authenticat|credential|password|mfa/, { category: ["authentication"], type: ["info"] }],
  [/privilege|identity|account|user_/, { category: ["iam"], type: ["info"] }],
  [/vulnerab|cve_/, { category: ["vulnerability"], type: ["info"] }],
  [/firewall|network|dns|port_?scan|c2|command_and_control/, { category: ["network"], type: ["info"] }],
  [/web_|url|http|xss|sql_?injection/, { category: ["web"], type: ["info"] }],
];

/** What most vendors of endpoint and network detections are filed under. */
const detection: Category = { category: ["intrusion_detection"], type: ["info"] };

/** @param type of an incident, in snake_case */
export function categoryOf(type: string): Category {
  const lower = type.toLowerCase();
  return categories.find(([words]) => words.test(lower))?.[1] ?? detection;
}
