"""web/vendor: scripts of third parties are unchanged."""

import hashlib
import json

from server import WEB

VENDOR = WEB / "vendor"


def test_each_script_has_its_recorded_hash() -> None:
    recorded = {
        name: source["sha256"]
        for name, source in json.loads((VENDOR / "sources.json").read_text()).items()
    }
    scripts = VENDOR.glob("*.js")
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in scripts}
    assert found and found == recorded
