"""PgBouncer in transaction mode, as Debian packages it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from processes import Process
from processes import answers
from processes import command_path
from processes import free_port
from servers import PostgresServer

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server} user=unt

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
server_reset_query =
"""


class Bouncer:
    """Clients of ``port`` share so many connections to the server's port."""

    def __init__(self, server: int, connections: int) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="unt-", dir="/tmp"))
        configuration = self.folder / "pgbouncer.ini"
        configuration.write_text(
            CONFIGURATION.format(server=server, port=self.port, connections=connections)
        )
        # It refuses to run as root.
        user = PostgresServer.system_user if self.folder.owner() == "root" else None

        if user is not None:
            shutil.chown(self.folder, user)

        self.process = Process(
            [command_path("pgbouncer"), str(configuration)],
            self.folder / "pgbouncer.log",
            folder=self.folder,
            user=user,
        )

    def start(self) -> None:
        self.process.start()
        self.process.wait_until(lambda: answers(self.port))

    def __enter__(self) -> Bouncer:
        self.start()

        return self

    def __exit__(self, *error: object) -> None:
        self.process.stop(patience=2)
        shutil.rmtree(self.folder, ignore_errors=True)
