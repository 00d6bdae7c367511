"""HyperQueue's own server and a worker of so many cores, until the input ends: DIRECTORY CORES."""

import sys

from hyperqueue import LocalCluster
from hyperqueue.cluster import WorkerConfig

directory, cores = sys.argv[1:]
with LocalCluster(directory) as cluster:
    cluster.start_worker(WorkerConfig(cores=int(cores)))
    print("started", flush=True)
    sys.stdin.read()
