import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { UserError } from "../errors.ts";

/** Seals secrets at rest: AES-256-GCM under the master key, each with a nonce of its own. */
export interface Sealer {
  /** @param context what the secret belongs to; it opens for nothing else */
  seal(plain: string, context: string): string;
  /** @throws {UserError} where the master key is not the one that sealed it */
  open(sealed: string, context: string): string;
}

const version = "v1";
const nonceBytes = 12;
const tagBytes = 16;

/** @param masterKey 32 bytes */
export function sealer(masterKey: Buffer): Sealer {
  return {
    seal(plain, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", masterKey, nonce);
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `${version}:${sealed.toString("base64")}`;
    },
    open(sealed, context) {
      try {
        const bytes = Buffer.from(sealed.slice(version.length + 1), "base64");
        const decipher = createDecipheriv("aes-256-gcm", masterKey, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        });
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(-tagBytes));
        const plain = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
        return Buffer.concat([plain, decipher.final()]).toString("utf8");
      } catch (cause) {
        throw new UserError(
          `A secret of ${context} cannot be opened: the master key is not the one that sealed it. Start with the master key of this data folder`,
          { cause },
        );
      }
    },
  };
}
