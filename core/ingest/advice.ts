import type { DeliveryRecord } from "../store/ports.ts";
import { queueIdOf } from "./answer.ts";

/** What an operator does next about a delivery: sentences, each with the command where there is one. Empty where all is well. */
export function adviceFor(delivery: DeliveryRecord): readonly string[] {
  const { id, source, outcome, duplicate_of: original } = delivery;
  switch (outcome) {
    case "accepted":
      return [];
    case "duplicate":
      return [`It repeats another one, which has its bytes and its incident: tw-cli delivery show ${original ?? ""}`];
    case "queued":
      return [`What becomes of it: tw-cli queue show ${queueIdOf(id)}`];
    case "ignored":
      return [`Where the plugin or the source makes more of such events by now: tw-cli delivery replay ${id}`];
    case "rejected":
    case "dead":
      return isOfSender(delivery)
        ? ["The sender has to mend what it sends, as the reason says, and to send it again"]
        : [remedyFor(delivery), `Then run its bytes again: tw-cli delivery replay ${id}`];
    default:
      return refusedAdvice(delivery, source);
  }
}

/** What no plugin makes anything of. */
function isOfSender({ code }: DeliveryRecord): boolean {
  return code === "invalid_json" || code === "unsupported_media_type";
}

function remedyFor({ code, source }: DeliveryRecord): string {
  switch (code) {
    case "fetch_failed":
      return `Mend the credentials that the source fetches with, or what they may do: tw-cli webhook show ${source}`;
    case "unknown_source":
      return `Register the source again: tw-cli webhook add ${source}`;
    case "source_disabled":
      return `Mend the source: tw-cli webhook show ${source} says what is wrong with it`;
    case "invalid_payload":
      return `Set the source to the plugin of its sender (tw-cli webhook update ${source} --plugin <name>; tw-cli plugin list), or mend the plugin; or let the sender mend the fields that are named`;
    default:
      return "Mend the plugin: the log has its stack under this delivery_id";
  }
}

function refusedAdvice({ code, diagnosis }: DeliveryRecord, source: string): readonly string[] {
  switch (code) {
    case "invalid_signature":
    case "invalid_timestamp":
    case "timestamp_expired":
      return [...unproven(code, source, diagnosis), `Whether this side is in order: tw-cli webhook test ${source}`];
    case "unknown_source":
      return ["The address names a source that is not registered; those that are: tw-cli webhook list"];
    case "source_disabled":
      return [
        `Switch the source on (tw-cli webhook update ${source} --enabled), or mend what tw-cli webhook show ${source} says`,
      ];
    case "rate_limited":
      return [
        `The sender sends more than the source takes: tw-cli webhook update ${source} --rate-limit <requests/seconds>`,
      ];
    case "payload_too_large":
      return ["Let the sender send less at a time, or set TW_MAX_BODY_BYTES"];
    case "request_timeout":
      return ["The network or the sender was too slow; TW_RECEIVE_TIMEOUT_MS says how long a request may take"];
    case "vendor_unreachable":
      return ["Let the gateway out to the address that the log names under: Vendor could not be asked"];
    default:
      return [];
  }
}

function unproven(code: string, source: string, diagnosis: DeliveryRecord["diagnosis"]): readonly string[] {
  if (diagnosis === null) {
    return [
      `Only the first refusals of a minute are looked into; others of the kind: tw-cli delivery list --source ${source} --code ${code}`,
    ];
  }
  if (diagnosis.findings.length > 0) return ["Tell the sender what was found above"];
  const absent = diagnosis.proof.filter(({ found }) => found !== "once");
  if (absent.length > 0 || code !== "invalid_signature") {
    return [`The sender has to send ${diagnosis.expected.summary}`];
  }
  return [
    `No usual mistake explains it, so most likely the secrets differ. Give the sender a new one while the old stays good: tw-cli webhook update ${source} --add-secret-stdin`,
    "Or the bytes differ: let the sender compare the SHA-256 of the body that it signed with the one above",
  ];
}
