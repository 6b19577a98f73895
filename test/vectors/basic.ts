import { basic } from "@thruway/sdk";
import { body, type Vector } from "./vector.ts";

const common = { published: true, wrongSecret: "another password", needs: ["authorization"] } as const;

export default [
  {
    title: "the example of the standard",
    source: "RFC 7617, 2",
    ...common,
    scheme: basic({ username: "Aladdin" }),
    secrets: ["open sesame"],
    delivery: { body, headers: { Authorization: "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" } },
    refused: {
      "as somebody else": {
        headers: { Authorization: `Basic ${Buffer.from("Jafar:open sesame").toString("base64")}` },
      },
      "without a name": { headers: { Authorization: `Basic ${Buffer.from(":open sesame").toString("base64")}` } },
      "as another scheme": { headers: { Authorization: "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==" } },
      "not in base64": { headers: { Authorization: "Basic Aladdin:open" } },
    },
  },
  {
    title: "the example of the standard in UTF-8",
    source: "RFC 7617, 2.1",
    ...common,
    scheme: basic({ username: "test" }),
    secrets: ["123£"],
    delivery: { body, headers: { Authorization: "Basic dGVzdDoxMjPCow==" } },
  },
] satisfies readonly Vector[];
