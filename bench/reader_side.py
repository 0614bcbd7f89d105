"""The other side of feeds.py, run with the interpreter that has `reader`: one round of polling for each line of input.

python bench/reader_side.py DATABASE WORKERS URL...
"""

import json
import sys
import time

from reader import __version__, make_reader

database, workers, *urls = sys.argv[1:]
reader = make_reader(database)
for url in urls:
    reader.add_feed(url)
print(__version__, flush=True)
for _ in sys.stdin:
    before = reader.get_entry_counts().total or 0
    began, cpu = time.perf_counter(), time.process_time()
    reader.update_feeds(workers=int(workers), scheduled=False)
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    entries = reader.get_entry_counts().total or 0
    print(json.dumps(took | {"new": entries - before, "total": entries}), flush=True)
