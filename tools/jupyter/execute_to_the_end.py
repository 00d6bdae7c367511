"""Executes notebooks as nbconvert does, but waits for output that comes after its cell.

Deno's kernel may report a cell as finished before it has sent the cell's last output, which nbconvert
then drops. So after each cell this waits until no more output comes, and as long as the result is
missing where the cell's metadata promise one: {"result": true}.

A cell whose metadata say {"stop_after": SECONDS} is interrupted then, as the button Stop does.
"""

import asyncio
import sys
import time
from queue import Empty

from nbclient.exceptions import CellExecutionComplete
from nbclient.util import ensure_async
from nbconvert.preprocessors import ExecutePreprocessor

QUIET_SECONDS = 0.2
RESULT_SECONDS = 20
ENDINGS = ("execute_result", "error")


class ExecuteToTheEnd(ExecutePreprocessor):
    enabled = True

    def __init__(self, **options):
        super().__init__(**options)
        self.allow_errors = True  # an error is an output, which the caller looks for
        self.timeout = None
        self.iopub_timeout = RESULT_SECONDS + 10

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        stop = asyncio.ensure_future(self.stop_after(cell.metadata.get("stop_after")))
        await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        stop.cancel()
        promised = cell.metadata.get("result", False)
        deadline = time.monotonic() + RESULT_SECONDS
        while True:
            try:
                message = await ensure_async(self.kc.iopub_channel.get_msg(timeout=QUIET_SECONDS))
            except Empty:
                complete = any(output.output_type in ENDINGS for output in cell.outputs)
                if complete or not promised or time.monotonic() > deadline:
                    break
                continue
            if message["parent_header"].get("msg_id") == parent_msg_id:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    pass
        print(f"finished cell {cell_index + 1}", file=sys.stderr, flush=True)

    async def stop_after(self, seconds):
        if seconds is not None:
            await asyncio.sleep(seconds)
            await ensure_async(self.km.interrupt_kernel())
