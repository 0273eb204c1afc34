"""The real servers that tests run against, each with a data folder of its own."""

from __future__ import annotations

import getpass
import glob
import os
import secrets
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg
import pymysql
import redis
from processes import Process
from processes import command_path
from processes import free_port

MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 4 << 30


def data_root() -> str:
    """Where databases are kept: in memory, where there is plenty of it.

    A killed process leaves its files behind in either, and no test cuts the power;
    but making the tables on a disk takes ten times as long.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        return str(MEMORY)

    return "/tmp"


class Server:
    """Data folder, port and process of one server.

    ``start()`` returns once it serves. ``stop()``, ``kill()`` (as ``kill -9``),
    ``freeze()`` and ``thaw()`` keep the data, so that it can be started again on the
    same port; ``remove()`` ends it for good. ``attach(folder, port)`` gives the same
    object without the process, for a server that somebody else keeps.
    """

    system_user: str | None = None
    stop_signal: int = signal.SIGTERM

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="unt-", dir=data_root()))
        self.port = free_port()
        self._process: Process | None = None

        if self.runs_as is not None:
            shutil.chown(self.folder, self.runs_as)

    @classmethod
    def attach(cls, folder: str, port: int) -> Server:
        server = cls.__new__(cls)
        server.folder = Path(folder)
        server.port = port
        server._process = None

        return server

    @property
    def runs_as(self) -> str | None:
        return self.system_user if os.geteuid() == 0 else None

    @property
    def process(self) -> Process:
        if self._process is None:
            raise RuntimeError("This server is shared: take an own_… fixture instead.")

        return self._process

    def start(self) -> Server:
        self._process = self.run(self.command())
        self._process.start()
        self._process.wait_until(self.ready)

        return self

    def run(self, command: list[str]) -> Process:
        log = self.folder / "server.log"
        log.touch()

        if self.runs_as is not None:
            shutil.chown(log, self.runs_as)

        return Process(
            command,
            log,
            folder=self.folder,
            user=self.runs_as,
            stop_signal=self.stop_signal,
        )

    def run_once(self, command: list[str]) -> None:
        process = self.run(command).start()

        if process.wait():
            raise RuntimeError(f"{command} failed.\n{process.log()[-4000:]}")

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def freeze(self) -> None:
        self.process.freeze()

    def thaw(self) -> None:
        self.process.thaw()

    def remove(self) -> None:
        if self._process is not None:
            self._process.stop(patience=2)

        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer(Server):
    """Redis; ``options`` are lines of redis.conf, such as ``appendonly="yes"``."""

    def __init__(self, password: str | None = None, **options: str) -> None:
        super().__init__()
        self.password = password
        self.options = options

    @classmethod
    def attach(cls, folder: str, port: int) -> RedisServer:
        server = super().attach(folder, port)
        assert isinstance(server, RedisServer)
        server.password = None
        server.options = {}

        return server

    def command(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "databases": "10000",
            **({"requirepass": self.password} if self.password else {}),
            **{name.replace("_", "-"): value for name, value in self.options.items()},
        }
        arguments = [part for name in options for part in (f"--{name}", options[name])]

        return [command_path("redis-server"), *arguments]

    def ready(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False

    def url(self, database: int = 0) -> str:
        secret = f":{self.password}@" if self.password else ""

        return f"redis://{secret}127.0.0.1:{self.port}/{database}"

    def client(self, database: int = 0) -> redis.Redis:
        """A plain client; close it, or use it in a ``with`` block."""
        return redis.Redis.from_url(self.url(database), socket_timeout=10)

    def fresh_database(self) -> str:
        """The URL of an empty database that no other test has."""
        with self.client() as client:
            return self.url(int(client.incr("last database")) % 9999 + 1)


class PostgresServer(Server):
    """PostgreSQL whose superuser is ``unt``, without password and without fsync."""

    system_user = "postgres"
    stop_signal = signal.SIGINT  # ends at once; SIGTERM would wait for its clients

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options
        self.run_once(
            [
                *(self.program("initdb"), "--pgdata", str(self.folder / "data")),
                *("--username", "unt", "--auth", "trust", "--no-sync"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8"),
            ]
        )

    @staticmethod
    def program(name: str) -> str:
        return command_path(name, *sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:])

    def command(self) -> list[str]:
        options = [
            *("fsync=off", "full_page_writes=off"),
            *("max_connections=300", "shared_buffers=32MB", "jit=off"),
            *("listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"),
            *self.options,
        ]
        place = ["-D", str(self.folder / "data"), "-p", str(self.port)]

        return [
            self.program("postgres"),
            *place,
            *(part for option in options for part in ("-c", option)),
        ]

    def ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False

        return True

    def execute(self, statement: str, database: str = "postgres") -> None:
        where = f"postgresql://unt@127.0.0.1:{self.port}/{database}"

        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)

    def fresh_database(self, driver: str = "psycopg") -> str:
        """The SQLAlchemy URL of an empty database that no other test has."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")

        return f"postgresql+{driver}://unt@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")


class MariadbServer(Server):
    """MariaDB with the user ``root``, without password, over TCP."""

    system_user = "mysql"

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options
        user = self.runs_as or getpass.getuser()
        self.run_once(
            [
                *(command_path("mariadb-install-db"), "--no-defaults"),
                *(f"--datadir={self.folder / 'data'}", f"--user={user}"),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
            ]
        )

    def command(self) -> list[str]:
        return [
            *(command_path("mariadbd"), "--no-defaults"),
            *(f"--datadir={self.folder / 'data'}", f"--port={self.port}"),
            *(f"--socket={self.folder / 'socket'}", "--bind-address=127.0.0.1"),
            *(f"--pid-file={self.folder / 'pid'}", "--skip-name-resolve"),
            *("--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M"),
            # A starting server deletes all temporary tables there: not in /tmp.
            *("--skip-log-bin", "--max-connections=300", f"--tmpdir={self.folder}"),
            *self.options,
        ]

    def ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except pymysql.err.OperationalError:
            return False

        return True

    def execute(self, statement: str) -> None:
        connection = pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", autocommit=True
        )

        with connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def fresh_database(self, driver: str = "pymysql") -> str:
        """The SQLAlchemy URL of an empty database that no other test has."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")

        return f"mysql+{driver}://root@127.0.0.1:{self.port}/{name}?charset=utf8mb4"

    def drop_database(self, url: str) -> None:
        name = url.rpartition("/")[2].partition("?")[0]
        self.execute(f"DROP DATABASE IF EXISTS {name}")
