import type { SignatureOptions } from "../signature.ts";

/** For senders that cannot sign and let their operator add a header. */
export const bearer: SignatureOptions = { scheme: "token", header: "Authorization", prefix: "Bearer " };
