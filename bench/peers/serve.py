"""The Python side of bench/harness/peer.ts: jobs come and figures go as lines of JSON."""

import json
import signal
import sys
import time


def serve(facts, prepare, clear=lambda: None):
    """Serves jobs until standard input ends; prepare(job) returns a function that measures it, and
    clear() drops what the jobs so far have in common."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reads the figures
    say({"facts": facts})
    turns = []
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                turns.append(prepare(request["prepare"]))
                say({"ready": len(turns) - 1})
            elif "run" in request:
                say({"figures": turns[request["run"]]()})
            else:
                turns.clear()
                clear()
                say({"done": True})
        except Exception as error:
            say({"error": str(error)})


def say(answer):
    print(json.dumps(answer), flush=True)


def milliseconds(work, least=20):
    """The mean time of a call, over as many as fill `least` milliseconds."""
    start = time.perf_counter()
    calls, elapsed = 0, 0
    while elapsed < least:
        work()
        calls += 1
        elapsed = 1000 * (time.perf_counter() - start)
    return elapsed / calls
