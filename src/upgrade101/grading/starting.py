"""Start the kernel of a submission in its walls: with the grader's cloud for its own, and nothing else around it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .. import cloud
from .kernel import START_SECONDS, Gone, Kernel
from .sandbox import Box, Limits, Walls
from .sandbox.walls import mark_readable

HANDING = "upgrade101.grading.inside.handing"
"""The module through which a kernel hands answers over, by the name that it has in there."""

_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Seat:
    """Where the kernels of one submission run: behind which walls, in which folder, with which package to import."""

    walls: Walls
    folder: Path
    overlay: Path
    output_mb: int

    def kernel(self, number: int) -> Kernel:
        """Start the kernel with this number, which is ready then: it has imported what it answers with. Raises Gone."""
        home = self.walls.home or self.folder / f"home-{number}"
        if self.walls.home is None:
            home.mkdir(mode=0o700)
        port = cloud.local().gateway.port

        def command(connection_file: Path) -> list[str]:
            mark_readable(connection_file)
            ports = (port, *Kernel.ports(connection_file))
            write = () if self.walls.home else (home,)
            box = Box(_LIMITS, read=(self.overlay, connection_file), write=write, hide=(_package(),), ports=ports)
            return self.walls.around(box, self.folder)

        kernel = Kernel(
            self.folder,
            command,
            self._variables(home),
            cwd=self.folder,
            most_output=self.output_mb << 20,
            sockets=home if self.walls.home is None and os.name == "posix" else None,
        )
        try:
            kernel.wait_until_ready()
            stay = "" if self.walls.holds_network else f".stay_here({port})"
            kernel.run(f"__import__({HANDING!r}, fromlist=['']){stay}", seconds=START_SECONDS)
        except Gone:
            kernel.close()
            raise
        return kernel

    def _variables(self, home: Path) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(home),
            "IPYTHONDIR": str(home / ".ipython"),
            "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
            "MPLCONFIGDIR": str(home / ".matplotlib"),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.overlay),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "OPENBLAS_NUM_THREADS": "2",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": cloud.local().region,
            "AWS_ENDPOINT_URL": cloud.local().url,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"https://execute-api.{cloud.local().region}.amazonaws.com",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        }


def _package() -> Path:
    return Path(__file__).parents[1]
