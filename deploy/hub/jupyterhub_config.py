"""JupyterHub's configuration for `course hub`: each course a shared service, each student a server.

What differs from class to class is in ``hub.toml``. Nobody gets more rights than JupyterHub's own
default ones, but for this: who teaches a course may open its service. It runs under the course's
account, with the formgrader, and so do the terminals and kernels that instructors open in it.
"""

import os
import socket
import sys
from pathlib import Path

from course.grader import hub

PATIENCE = 300  # seconds that a server may take to begin: a class opens them all at once
c = get_config()  # noqa: F821  (JupyterHub puts this name here)
here = Path(__file__).resolve().parent
own = hub.read(Path(os.environ[hub.VARIABLE]))
tools = str(Path(sys.executable).parent)
server = str(Path(tools) / "jupyterhub-singleuser")


def address() -> str:
    """Return an address on this machine that is free."""
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{ours.getsockname()[1]}"


def environment(kind: str, **more: str) -> dict[str, str]:
    """Return the variables for a server: of this kind, with our programs before all others."""
    return {
        "PATH": os.pathsep.join([tools, os.environ.get("PATH", os.defpath)]),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(str(here / "etc" / one) for one in (kind, "all")),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "COURSE_EXCHANGE": str(own.exchange),
        **more,
    }


# Where it is, and what it keeps.
c.JupyterHub.bind_url = own.address
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = own.certificate, own.key
c.JupyterHub.hub_bind_url = address()
c.ConfigurableHTTPProxy.api_url = address()
c.ConfigurableHTTPProxy.command = hub.proxy(here.parent.parent)
c.ConfigurableHTTPProxy.pid_file = str(own.state / "proxy.pid")
c.JupyterHub.cookie_secret_file = str(own.state / "cookie_secret")
c.JupyterHub.db_url = f"sqlite:///{own.state / 'hub.sqlite'}"

# Who may come in, and as what.
c.JupyterHub.authenticator_class = hub.Accounts
c.Accounts.file = str(own.file)
c.Authenticator.manage_groups = True
c.Authenticator.any_allow_config = True  # `Accounts` has its own
c.JupyterHub.load_roles = [
    {
        "name": f"formgrade-{course.name}",
        "groups": [f"formgrade-{course.name}"],
        "scopes": [f"access:services!service={course.name}"],
    }
    for course in own.courses
]

# Everybody's own server.
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [server]
c.Spawner.default_url = "/lab"
c.Spawner.environment = environment("student")
c.Spawner.start_timeout, c.Spawner.http_timeout = PATIENCE, PATIENCE
c.Spawner.pre_spawn_hook = lambda spawner: hub.close_home(spawner.user.name)

# Each course's service.
c.JupyterHub.services = [
    {
        "name": course.name,
        "user": course.account,
        "url": address(),
        "command": [*hub.with_us(), server, f"--ServerApp.root_dir={course.folder}"],
        "cwd": str(course.folder),
        "oauth_no_confirm": True,
        "timeout": PATIENCE,
        "environment": environment(
            "course",
            COURSE_ROOT=str(course.folder),
            JUPYTERHUB_DEFAULT_URL="/lab",
        ),
    }
    for course in own.courses
]
