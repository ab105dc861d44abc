"""A kernel that several notebooks share, one after the other: starting one costs seconds.

Each notebook finds no name of the one before it, its own folder and environment, and the course's
modules loaded anew; other modules (torch, pandas) stay as they are. Who must have more than that
starts a new one.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import nbformat
import warm
from nbclient import NotebookClient

FRESH = """%reset -f
import os, sys
os.chdir({folder!r})
os.environ.clear()
os.environ.update({environment!r})
for name in [name for name in sys.modules if name.split(".")[0] == "course"]:
    del sys.modules[name]
if "matplotlib.pyplot" in sys.modules:
    sys.modules["matplotlib.pyplot"].close("all")
del os, sys
"""


class Kernel:
    """Runs notebooks; a cell that fails doesn't stop them.

    Parameters
    ----------
    timeout : int
        Seconds for a cell.
    cold : bool
        Not a warm one (`warm`), whose heavy modules are loaded already.
    """

    def __init__(self, timeout: int = 900, cold: bool = False) -> None:
        self.timeout, self.loop = timeout, asyncio.new_event_loop()
        self.warm = None if cold else warm.jupyter_path()
        self.client: NotebookClient | None = None

    def execute(self, nb: Any, folder: Path, **environment: str) -> None:
        """Execute `nb` in place, in `folder`.

        Parameters
        ----------
        environment : str
            Comes on top of ours, which is never that of grading.
        """
        env = {k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"} | environment
        self.loop.run_until_complete(self._execute(nb, folder, env))

    async def _execute(self, nb: Any, folder: Path, env: dict[str, str]) -> None:
        if self.client is None:
            self.client = NotebookClient(nb, timeout=self.timeout, allow_errors=True)
            self.client.resources = {"metadata": {"path": str(folder)}}
            manager = self.client.create_kernel_manager()
            if self.warm:
                manager.kernel_spec_manager.kernel_dirs = [str(self.warm / "kernels")]
                manager.kernel_name = "warm"
            await self.client.async_start_new_kernel(env=env, cwd=str(folder))
            await self.client.async_start_new_kernel_client()
        else:
            fresh = FRESH.format(folder=str(folder), environment=env)
            self.client.nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(fresh)])
            await self.client.async_execute_cell(self.client.nb.cells[0], 0)
            assert not self.client.nb.cells[0].outputs
        self.client.nb = nb
        for number, cell in enumerate(nb.cells):
            await self.client.async_execute_cell(cell, number)

    def end(self) -> None:
        """Stop the kernel; the next notebook gets a new one."""
        if self.client is not None:
            self.loop.run_until_complete(self.client._async_cleanup_kernel())
            self.client = None

    def close(self) -> None:
        """Stop the kernel for good."""
        self.end()
        self.loop.close()
