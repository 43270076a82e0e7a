"""A command for junctor.Exec, for one call or for many. It answers a call of
com.example.command.refuse with an error, any other one with what it was given.
"""

import json
import sys

for line in sys.stdin:
    call = json.loads(line)
    if "cancel" in call:
        continue
    answer = {key: call[key] for key in ("id", "args", "kwargs") if key in call}
    if call["details"]["procedure"] == "com.example.command.refuse":
        answer["error"] = "com.example.error.refused"
    print(json.dumps(answer), flush=True)
