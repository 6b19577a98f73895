"""Computes the vectors that no vendor publishes, without a line of Thruway's: `python3 test/vectors/compute.py`.

Needs the package "cryptography". Its keys are those that RFC 7515 (A.2, A.3) and RFC 8037 (A.1) print; nobody should use them for
anything else.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

BODY = '{"alert":"ünïcode"}'
AT = "1705320000"


def mac(key, message, algorithm="sha256"):
    key = key if isinstance(key, bytes) else key.encode()
    return hmac.new(key, message.encode(), algorithm)


def b64(raw):
    return base64.b64encode(raw).decode()


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


N = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"
    "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"
    "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
)
D = (
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKV"
    "RUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoF"
    "aFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"
)


def rsa_key():
    n, d = number(N), number(D)
    p, q = rsa.rsa_recover_prime_factors(n, 65537, d)
    public = rsa.RSAPublicNumbers(65537, n)
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    ).private_key()


def ec_key():
    return ec.derive_private_key(number("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"), ec.SECP256R1())


def ed_key():
    return ed25519.Ed25519PrivateKey.from_private_bytes(number("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").to_bytes(32, "big"))


def certificate(name, key):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2024, 1, 1, tzinfo=timezone.utc))
        .not_valid_after(datetime(2049, 1, 1, tzinfo=timezone.utc))
        # PKCS #1 signatures are the same each time.
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode(), built.fingerprint(hashes.SHA256()).hex()


def token(header, claims, sign):
    signed = b64url(json.dumps(header, separators=(",", ":")).encode()) + "." + b64url(json.dumps(claims, separators=(",", ":")).encode())
    return signed + "." + b64url(sign(signed.encode()))


def es256(message):
    r, s = decode_dss_signature(ec_key().sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sns(fields, digest):
    signed = "".join(f"{name}\n{fields[name]}\n" for name in sorted(fields) if name in SIGNED[fields["Type"]])
    return b64(rsa_key().sign(signed.encode(), padding.PKCS1v15(), digest))


SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}

CLAIMS = {
    "iss": "https://issuer.example/",
    "aud": "api://thruway",
    "azp": "11111111-2222-3333-4444-555555555555",
    "iat": 1705319900,
    "nbf": 1705319900,
    "exp": 1705323500,
}

NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
    "Subject": "My First Message",
    "Message": "Hello world!\nünïcode",
    "Timestamp": "2024-01-15T12:00:00.000Z",
}

CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37fb687f5d51e6e2425a8a5871",
    "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
    "Message": "You have chosen to subscribe to the topic arn:aws:sns:us-west-2:123456789012:MyTopic.",
    "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-west-2:123456789012:MyTopic"
    "&Token=2336412f37fb687f5d51e6e2425a8a5871",
    "Timestamp": "2024-01-15T12:00:00.000Z",
}

sns_certificate, _ = certificate("sns.amazonaws.com", rsa_key())
client_certificate, client_fingerprint = certificate("client.example", rsa_key())

print(
    json.dumps(
        {
            "stripe": mac("whsec_test-secret-of-stripe", f"{AT}.{BODY}").hexdigest(),
            "shopify": b64(mac("test-secret-of-shopify", BODY).digest()),
            "sentry": mac("test-secret-of-sentry", BODY).hexdigest(),
            "sentry empty": mac("test-secret-of-sentry", "").hexdigest(),
            "crowdstrike": b64(mac("test-secret-of-at-least-32-characters", BODY + "2024-01-15T12:00:00Z").digest()),
            "hmac base64 secret": mac(base64.b64decode("dGVzdC1zZWNyZXQtaW4tYmFzZTY0"), BODY).hexdigest(),
            "hmac whsec secret": mac(base64.b64decode("dGVzdC1zZWNyZXQtaW4tYmFzZTY0"), BODY, "sha512").hexdigest(),
            "hmac url": mac("test-secret-of-hmac", "https://hooks.example/in?a=1" + BODY, "sha1").hexdigest(),
            "hmac id": b64(mac("test-secret-of-hmac", f"msg-1|{AT}|{BODY}").digest()),
            "v1a": b64(ed_key().sign(f"msg_1.{AT}.{BODY}".encode())),
            "whpk": "whpk_" + b64(ed_key().public_key().public_bytes_raw()),
            "bearer-jwt RS256": token(
                {"alg": "RS256", "kid": "rsa"}, CLAIMS, lambda m: rsa_key().sign(m, padding.PKCS1v15(), hashes.SHA256())
            ),
            "bearer-jwt ES256": token({"alg": "ES256", "kid": "ec"}, CLAIMS, es256),
            "bearer-jwt EdDSA": token({"alg": "EdDSA", "kid": "ed"}, CLAIMS, lambda m: ed_key().sign(m)),
            "aws-sns 1": sns(NOTIFICATION, hashes.SHA1()),
            "aws-sns 2": sns(NOTIFICATION, hashes.SHA256()),
            "aws-sns confirmation": sns(CONFIRMATION, hashes.SHA256()),
            "aws-sns certificate": sns_certificate,
            "mutual-tls certificate": client_certificate,
            "mutual-tls fingerprint": client_fingerprint,
        },
        indent=2,
    )
)
