import { awsSns } from "@thruway/sdk";
import { computed, noon, type Vector } from "./vector.ts";

export const topic = "arn:aws:sns:us-west-2:123456789012:MyTopic";
export const certificateUrl =
  "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem";

/** Where no certificate of SNS lies, though it may look so. */
export const elsewhere = [
  certificateUrl.replace("https:", "http:"),
  certificateUrl.replace("sns.us-west-2.amazonaws.com", "sns.us-west-2.amazonaws.com.attacker.example"),
  // Whoever has the bucket "sns" there.
  certificateUrl.replace("sns.us-west-2", "sns.s3-us-west-2"),
  certificateUrl.replace("sns.us-west-2", "attacker"),
  certificateUrl.replace("sns.us-west-2", "sns.us-west-2.attacker"),
  certificateUrl.replace("https://", "https://sns.us-west-2.amazonaws.com@attacker.example/"),
  certificateUrl.replace("https://", "https://user@"),
  certificateUrl.replace(".com/", ".com:8443/"),
  `${certificateUrl}?a=1`,
  `${certificateUrl}#a`,
  certificateUrl.replace(".pem", ".txt"),
  certificateUrl.replace("/Simple", "/bucket/Simple"),
  "https://sns.us-west-2.amazonaws.com/../SimpleNotificationService.pem",
  "https://sns.us-west-2.amazonaws.com/../etc/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem",
  "http://169.254.169.254/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem",
  "file:///etc/passwd",
  "",
];
/** The private key that RFC 7515, A.2 prints: nobody's, since everybody has it. */
export const printedKey = {
  kty: "RSA",
  n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  e: "AQAB",
  d: "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
  p: "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
  q: "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
  dp: "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
  dq: "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
  qi: "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
} as const;
/** Self-signed, with the key of RFC 7515, A.2. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIICsTCCAZmgAwIBAgIBATANBgkqhkiG9w0BAQsFADAcMRowGAYDVQQDDBFzbnMu
YW1hem9uYXdzLmNvbTAeFw0yNDAxMDEwMDAwMDBaFw00OTAxMDEwMDAwMDBaMBwx
GjAYBgNVBAMMEXNucy5hbWF6b25hd3MuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOC
AQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0
l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC
gNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSX
ndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD
Zlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8
q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABMA0GCSqGSIb3DQEBCwUA
A4IBAQCLthGkYk3nvuPygKArB1khLEs3gJrYJhH0Wta/tomLhNmVj87XeqWfAXdA
VS7X6c3yQZ7g5eUudFpO3hptN1XceNTXqNgvH6vAvft74v0zF+tUtejU2HOC6VfM
7Cfx7sV6oCT2Fm1haicfneUEjFAxZYtHyf2mlyVVT/GsB+D+nyGcDx0T2Lh5FpNa
vHjsLKQMg+tfypjB80jan9Yo/NomOj81aB4LPVGiGqR8qZd0B5YzpS16Rc4n76Ir
2Dm00hBa/r1Y+p6qLcyo00V06qLfJSyLyFrKq8bqR83jARp37DeLXVZY7QJmTCVc
H9/eBUDZUpS0y7aVMz5Va5DJJPVu
-----END CERTIFICATE-----
`;

const notification = {
  Type: "Notification",
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: topic,
  Subject: "My First Message",
  Message: "Hello world!\nünïcode",
  Timestamp: "2024-01-15T12:00:00.000Z",
  SigningCertURL: certificateUrl,
};
const signatures = {
  "1": "BGk+peBxMCM6kwf/Y9QjggsQoWKRjLGGYHwR7A8NmfV7J3nc7YLoaLo5hH3Zsk8EIzSRTAmIhCd7eQ4k5NDToC0o+cB6I135EZ6raE1bGJZ74Z2xoMcqQJ/32CMjJnLwwdd0/uukqtq8ijWhaqh5RKTQkpzatrO0uNK9Fcqqaenai/7ASDj8PCzr6wBGqWm5CLYd38+WB9w6AKtTi1JmZGB3t4HDiWIXq+bPKquCPMGxzsia0EKH8ks4voTqOBaboaoRpk1oZc7TtsHvktsxOisSk1Gxmol9ozAb6DYc9uNcn7+vqS8NRXNeJmValie6rDYAE2Ul1UeCdXqQDngfmg==",
  "2": "oOlbQXjt4E7E+S86IrKWRxfBwnhLCTFUPI7YQIOgbxZqzujgdWgLVZU9q5UUg4fjMhnbPRGChV7tkh8cmVp28apEMXS4lMLrzcsjosPZmWxIoSfSFRiYE1c9g/AN/o5W2HLvpnY8qaz3LFMWOBYleMZc3vo5hX9CSJfZaSSglGe1dygSsYRL1otYjV0k/UdlyWcqKSsv4+G7k1v/4YvZXZOX0u/KmBZL4HZhEwi716yuxJW1OFcEpQsXouL4UZ7cHQDIYWrIHWTGEjatMW0SDQNClfXi89hH4m2mhByNL7zglr6+YhHsA8yjcTNUJxKZ+sITQJbjQt/H9ZxlAaOBZw==",
} as const;

export const confirmation = {
  Type: "SubscriptionConfirmation",
  MessageId: "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
  Token: "2336412f37fb687f5d51e6e2425a8a5871",
  TopicArn: topic,
  Message: "You have chosen to subscribe to the topic arn:aws:sns:us-west-2:123456789012:MyTopic.",
  SubscribeURL: `https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topic}&Token=2336412f37fb687f5d51e6e2425a8a5871`,
  Timestamp: "2024-01-15T12:00:00.000Z",
  SignatureVersion: "2",
  Signature:
    "U7kvmzh6RMb60aFpz/X3+wSup5XPfH0LTwdGYwpRxqSxOfH/sjRHmeUvW+aar9h2fSd4IpK8hH1UjWOqsrRmrw/3siW19X5m5cunT1hrPerSHXcIA/1FGulMXig5RU2kiNL9AAFw3iGtLDXJibGlT3vlyboP5A7tySlO/mjc9loW5dYDvlyUpd5unvg/IdFqrApj0pun55TelVHH049jtSzvdm5A5PT2aJqz2+IF4PUurLiQ35QQw84oyWiRB9ROvWEhXxdXgq9SMlcmAN1KOCuk7CPFTOh/jab115ZWFrLN4lkoD8r4saSx+7KngCrYm7xoELWJrr5arbSdzZNFXQ==",
  SigningCertURL: certificateUrl,
};

/** A message as SNS posts it. */
export function posted(message: object): Vector["delivery"] {
  return {
    body: JSON.stringify(message, null, 2),
    receivedAt: noon,
    headers: { "Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification" },
  };
}

function signed(version: keyof typeof signatures, changes: object = {}): Vector["delivery"] {
  return posted({ ...notification, SignatureVersion: version, Signature: signatures[version], ...changes });
}

const common = {
  source: computed,
  scheme: awsSns({ topics: [topic] }),
  secrets: [],
  sentAt: noon.toISOString(),
  needs: [],
  fetched: { [certificateUrl]: certificate },
} as const;

/** Of `text`, in which the byte changes a value that is signed. */
function within(text: string, of: Vector["delivery"]): readonly number[] {
  return [Buffer.from(of.body ?? "").indexOf(text)];
}

export default [
  {
    title: "a notification, version 1",
    ...common,
    delivery: signed("1"),
    flips: within("Hello world", signed("1")),
    refused: { "as version 2": signed("1", { SignatureVersion: "2" }) },
  },
  {
    title: "a notification, version 2",
    ...common,
    delivery: signed("2"),
    flips: [0, ...within("My First", signed("2")), ...within("22b80b92", signed("2"))],
    refused: {
      "of another topic": signed("2", { TopicArn: `${topic}2` }),
      "with another message": signed("2", { Message: "Hello world" }),
      "without its subject": signed("2", { Subject: undefined }),
      "with another time": signed("2", { Timestamp: "2024-01-15T12:00:01.000Z" }),
      "with a time that is none": signed("2", { Timestamp: "yesterday" }),
      "as another type": signed("2", { Type: "UnsubscribeConfirmation" }),
      "of a version to come": signed("2", { SignatureVersion: "3" }),
      "with a signature that is none": signed("2", { Signature: "!" }),
      "without a signature": signed("2", { Signature: undefined }),
      "no message of SNS": posted({ event_type: "test" }),
      ...Object.fromEntries(
        elsewhere.map((SigningCertURL) => [
          `whose certificate lies at ${SigningCertURL}`,
          signed("2", { SigningCertURL }),
        ]),
      ),
    },
  },
  {
    title: "a confirmation of a subscription",
    ...common,
    delivery: posted(confirmation),
    flips: within("2336412f", posted(confirmation)),
    refused: {
      "with another link": posted({ ...confirmation, SubscribeURL: `${confirmation.SubscribeURL}0` }),
      "as a notification": posted({ ...confirmation, Type: "Notification" }),
    },
  },
] satisfies readonly Vector[];
