"""The settings of qkron, as .env.example lists them."""

import re


def known_keys():
    """Their names as the environment bears them, with and without _FILE."""
    with open(".env.example", encoding="utf-8") as file:
        keys = re.findall(r"^#(\w+)=", file.read().split("docker compose only")[0], re.MULTILINE)
    return {f"QKRON_{key}{suffix}" for key in keys for suffix in ("", "_FILE")}
