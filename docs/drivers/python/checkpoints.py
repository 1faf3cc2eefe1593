"""What the programs for psycopg and SQLAlchemy have in common."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import time
import uuid

DATABASE = os.environ["POSTERN_DATABASE"]  # its name on the server
KEY_ID = os.environ["POSTERN_KEY_ID"]
KEY = pathlib.Path(os.environ["POSTERN_KEY_FILE"]).read_bytes()  # its bytes as they are


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(user: str) -> str:
    """Returns a new token for one transaction of a user."""
    now = int(time.time())
    claims = {"sub": user, "aud": DATABASE, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    signed = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": KEY_ID}, claims))
    return signed + "." + encode(hmac.digest(KEY, signed.encode(), hashlib.sha256))


def question(detail: str) -> dict:
    """Returns what to ask. It shows what the challenge says, because a trigger could raise another DETAIL."""
    asked = json.loads(detail)
    signed = asked["challenge"].split(".")[0]
    return asked | json.loads(base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)))


def prompt(asked: dict) -> dict:  # here: your dialog
    print(asked["message"], flush=True)
    return {"username": asked["username"] or input(), "pin": input(), "comment": input()}
