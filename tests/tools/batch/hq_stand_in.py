"""
Stands in for HyperQueue's command line, which its package for Python lacks, before its own server: knows
`submit --array`, `job list --all` and `task list` with the options of `hyperqueue.ts`, and answers as hq does.
The server's directory is HQ_SERVER_DIR; what was submitted lies there in submitted.json.
"""

import argparse
import json
import os

from hyperqueue import Client, Job


class Seen(Exception):
    """How a job fares has been seen."""


def main():
    hq = argparse.ArgumentParser()
    hq.add_argument("--output-mode")
    commands = hq.add_subparsers(dest="command", required=True)
    submit = commands.add_parser("submit")
    for option in ["--name", "--array", "--stdout", "--stderr"]:
        submit.add_argument(option, required=True)
    submit.add_argument("program", nargs="+")
    for name in ["job", "task"]:
        listing = commands.add_parser(name)
        listing.add_argument("list", choices=["list"])
        listing.add_argument("--all", action="store_true")
        listing.add_argument("ids", nargs="?")
    args = hq.parse_args()
    # hq's own directory of the server lies below the one that was asked for
    client = Client(os.environ["HQ_SERVER_DIR"] + "/hq-current")
    if args.command == "submit":
        return print(submit_array(client, args))
    jobs = submitted()
    if args.command == "job":
        return print(json.dumps([{"id": int(id), "name": name} for id, (name, _) in jobs.items()]))
    print(json.dumps({id: tasks_of(client, int(id), jobs[id][1]) for id in args.ids.split(",")}))


def submit_array(client, args):
    first, last = map(int, args.array.split("-"))
    assert first == 0 and args.stderr == "none", "it knows no others"
    job = Job(max_fails=None)
    for _ in range(last + 1):
        job.program(args.program, stdout=os.path.abspath(args.stdout), stderr=None)
    id = client.submit(job).id
    jobs = {**submitted(), str(id): (args.name, last + 1)}
    with open(register(), "w") as file:
        json.dump(jobs, file)
    return id


def tasks_of(client, job, count):
    failed = client.connection.get_failed_tasks([job]).get(job, {})
    state = "finished" if is_completed(client, job) else "running"
    return [{"id": id, "state": "failed" if id in failed else state} for id in range(count)]


def is_completed(client, job):
    """Looks once: the server's own way to ask is to wait until the end, and to be told on the way."""
    seen = {}

    def look(jobs):
        seen.update(jobs)
        raise Seen()

    try:
        client.connection.wait_for_jobs([job], look)
    except Seen:
        pass
    return seen[job]["completed"]


def register():
    return os.environ["HQ_SERVER_DIR"] + "/submitted.json"


def submitted():
    try:
        with open(register()) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


main()
