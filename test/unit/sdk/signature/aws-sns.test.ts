import assert from "node:assert/strict";
import { test } from "node:test";
import { awsSns, type Fetch } from "@thruway/sdk";
import { certificate, certificateUrl, confirmation, elsewhere, posted, topic } from "../../../vectors/aws-sns.ts";
import { aDelivery, refusal } from "../a-delivery.ts";

const credentials = { secrets: [], allowUnsigned: false };
const scheme = awsSns({ topics: [topic] });
/** Has the certificate at every address. */
const everywhere: Fetch = () => Promise.resolve({ ok: true, text: certificate, at: new Date() });
const nowhere: Fetch = ({ url }) => assert.fail(`${url} is fetched`);

test("a message that SNS has signed for a topic of somebody else's is refused, and nothing is fetched for it", () => {
  const other = awsSns({ topics: [`${topic}2`] });
  assert.equal(
    refusal(other.verify(aDelivery(posted(confirmation)), credentials, nowhere)),
    "invalid_signature body.TopicArn is not a topic that this source takes",
  );
});

for (const SigningCertURL of elsewhere) {
  test(`a certificate that lies elsewhere is not fetched, nor believed: ${SigningCertURL || "nowhere"}`, () => {
    const delivery = aDelivery(posted({ ...confirmation, SigningCertURL }));
    assert.equal(
      refusal(scheme.verify(delivery, credentials, nowhere)),
      "invalid_signature body.SigningCertURL must be the address of a certificate at AWS SNS",
    );
  });
}

test("every region has its own, those of China among them", async () => {
  for (const host of [
    "sns.eu-west-1.amazonaws.com",
    "sns.us-gov-west-1.amazonaws.com",
    "sns.ap-southeast-3.amazonaws.com",
    "sns.cn-north-1.amazonaws.com.cn",
    "sns.mx-central-1.amazonaws.com",
  ]) {
    const SigningCertURL = certificateUrl.replace("sns.us-west-2.amazonaws.com", host);
    const delivery = aDelivery(posted({ ...confirmation, SigningCertURL }));
    assert.equal(refusal(await scheme.verify(delivery, credentials, everywhere)), "verified", host);
  }
});
