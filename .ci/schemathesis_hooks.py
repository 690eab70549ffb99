"""Leads schemathesis past the door: random text is no cron line, and a random id is nobody's.

Half of what it makes up stays as it is, and all that is out of its limits. The choice hangs on the value alone, so that a
seed tells all of a run.
"""

import os
import zlib

import schemathesis

CHOICES = {
    "schedule": ["0 2 * * *", "*/5 * * * *", "@hourly", "1h30m", "2120-01-01T00:00:00Z", "30 1 29 2 *"],
    "timezone": ["UTC", "Europe/Berlin", "America/New_York"],
    "command": ["true", "exit 3", "echo hello"],
}


def digest(text):
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def stays(text):
    return digest(text) % 2 == 0


def better(name, value):
    if not isinstance(value, str) or not 0 < len(value) <= 50 or stays(value):
        return value
    if name == "email":
        return f"{digest(value):x}@tests.example"
    choices = CHOICES.get(name, [value])
    return choices[digest(value) // 2 % len(choices)]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Puts the ids that .ci/check-api has made into paths, but for what would remove them."""
    if not path_parameters or context.operation.method.lower() == "delete":
        return path_parameters
    values = list(path_parameters.values())
    if not all(isinstance(value, str) and len(value) == 36 for value in values) or stays("".join(values)):
        return path_parameters
    known = {name: os.environ.get(f"QKRON_{name.upper()}") for name in path_parameters}
    return known if all(known.values()) else path_parameters


def is_own(text):
    """Whether this is the id, the username or the e-mail of the superuser who asks."""
    return isinstance(text, str) and text.casefold() in os.environ["QKRON_SELF"].casefold().split("\n")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Leaves the superuser who asks as it is: wrong passwords would lock its login, and other fields its rights.

    What answers tell of it is asked about again, in places that no hook before this one sees.
    """
    parameters, body = case.path_parameters or {}, case.body
    if case.method.upper() in ("PUT", "PATCH") and is_own(parameters.get("user_id")):
        case.path_parameters = {**parameters, "user_id": os.environ["QKRON_USER_ID"]}
    if isinstance(body, dict) and "password" in body and is_own(body.get("username")):
        case.body = {**body, "username": os.environ["QKRON_USER_NAME"]}


@schemathesis.hook
def map_body(context, body):
    return {name: better(name, value) for name, value in body.items()} if isinstance(body, dict) else body
