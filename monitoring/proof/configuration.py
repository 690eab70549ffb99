"""Writes monitoring/prometheus.yml for one server at URL, scraped once a second: configuration.py URL FILE"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml

URL, FILE = sys.argv[1:]
HERE = Path("monitoring").resolve()

configuration = yaml.safe_load((HERE / "prometheus.yml").read_text(encoding="utf-8"))
configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
configuration["rule_files"] = [str(HERE / name) for name in configuration["rule_files"]]
for job in configuration["scrape_configs"]:
    job["static_configs"] = [{"targets": [urlsplit(URL).netloc]}]
Path(FILE).write_text(yaml.safe_dump(configuration), encoding="utf-8")
