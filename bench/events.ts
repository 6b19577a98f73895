import crowdstrike from "../plugins/crowdstrike/index.ts";

export const benchSource = "bench-edr";
export const benchSecret = "throw-away-bench-secret-0123456789abcdef";

/** A CrowdStrike detection of ordinary size (1.3 KB), different from every other. */
export function detection(index: number, at: Date): object {
  const id = (index * 2_654_435_761) % 4_294_967_296;
  return {
    metadata: {
      customerIDString: "0123456789abcdef0123456789abcdef",
      offset: index,
      eventType: "DetectionSummaryEvent",
      eventCreationTime: at.getTime(),
      version: "1.0",
    },
    event: {
      ProcessStartTime: Math.floor(at.getTime() / 1000) - 60,
      ProcessId: 1_234_567_890 + index,
      ComputerName: `WORKSTATION-${index % 5_000}`,
      UserName: `user${index % 3_000}`,
      MachineDomain: "EXAMPLE",
      DetectName: "Malicious File Detected",
      DetectDescription: "A process launched a file that is known to be malicious and tried to reach a rare address.",
      Severity: 1 + (index % 5),
      SeverityName: ["Informational", "Low", "Medium", "High", "Critical"][index % 5],
      FileName: "invoice.exe",
      FilePath: "\\Device\\HarddiskVolume2\\Users\\user\\Downloads",
      CommandLine: '"C:\\Users\\user\\Downloads\\invoice.exe" --silent --no-window',
      SHA256String: index.toString(16).padStart(64, "a"),
      MD5String: index.toString(16).padStart(32, "b"),
      FalconHostLink: `https://falcon.example.com/activity/detections/detail/${id.toString(16)}/${index}`,
      SensorId: id.toString(16).padStart(32, "c"),
      DetectId: `ldt:${id.toString(16).padStart(32, "d")}:${index}`,
      LocalIP: `192.0.2.${index % 256}`,
      MACAddress: "00-00-5e-00-53-01",
      Tactic: "Execution",
      Technique: "User Execution",
      Objective: "Follow Through",
      PatternDispositionDescription: "Prevention, process was blocked from execution.",
      PatternDispositionValue: 2176,
      ParentImageFileName: "\\Device\\HarddiskVolume2\\Windows\\explorer.exe",
      ParentCommandLine: "C:\\Windows\\Explorer.EXE",
    },
  };
}

/** Whole HTTP requests, signed by the text's own scheme. */
export function requests(from: number, count: number): readonly Buffer[] {
  const at = new Date();
  const scheme = crowdstrike.signature({});
  const url = `/api/webhooks/${benchSource}`;
  return Array.from({ length: count }, (_, index) => {
    const body = Buffer.from(JSON.stringify(detection(from + index, at)));
    const { headers } = scheme.sign({ url, body }, benchSecret, at);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST ${url} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${lines.join("")}\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  });
}
