#!/usr/bin/env bash
# scim2-models keeps the classes that `Path[User]` makes by weak references alone. It asks whether the class is there, and then looks it up:
# a garbage collection in between takes it away, and the subscription raises KeyError. A server that looks at paths in each request
# answers one in some ten thousands with 500, whatever was asked, the sooner the more threads it has.
# Seen with scim2-models 0.12.3 and Python 3.11: KeyError after some thousand subscriptions beside a thread that collects.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "scim2-models==0.12.3" 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import gc
import sys
import threading
import time

from scim2_models import Group, Path, User

done, lost, tries = threading.Event(), None, 0
sys.setswitchinterval(1e-6)


def collect():
    while not done.is_set():
        gc.collect()


beside = threading.Thread(target=collect)
beside.start()
end = time.monotonic() + 120
while lost is None and time.monotonic() < end:
    for model in (User, Group):
        tries += 1
        try:
            Path[model]
        except KeyError as error:
            lost = error
done.set()
beside.join()
print(f"KeyError after {tries} subscriptions" if lost else f"none of {tries} subscriptions was lost")
sys.exit(lost is None)
PYTHON
