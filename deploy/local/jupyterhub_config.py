"""JupyterHub on this machine alone, for `make hub`: never a hub for a class.

It wants three variables: HUB_ADDRESS, where it listens; HUB_FOLDER, for all that it writes; HUB_PASSWORD, the
same for all. Whoever logs in acts as the person who started it, so it listens on loopback only.
"""

import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

folder = Path(os.environ["HUB_FOLDER"])
root = Path(__file__).resolve().parents[2]
binaries = Path(sys.executable).parent


def address():
    """Return an address on loopback with a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


if urlsplit(os.environ["HUB_ADDRESS"]).hostname != "127.0.0.1":
    raise ValueError(f"HUB_ADDRESS must be on loopback, got {os.environ['HUB_ADDRESS']!r}")

c = get_config()  # noqa: F821
c.JupyterHub.bind_url = os.environ["HUB_ADDRESS"]
c.JupyterHub.hub_bind_url = address()
c.ConfigurableHTTPProxy.api_url = address()
c.ConfigurableHTTPProxy.command = [
    str(binaries / "node"),
    str(binaries.parent / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
]
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie-secret"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["HUB_PASSWORD"]
c.Authenticator.allowed_users = {"ada", "grace"}

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = f"{folder}/homes/{{username}}"
c.Spawner.ip = "127.0.0.1"
c.Spawner.default_url = "/lab"
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"] + ["--allow-root"] * (os.geteuid() == 0)
c.Spawner.environment = {
    "OPENBLAS_NUM_THREADS": "1",  # as in the hubs that these figures are for
    "PYTHONPATH": str(root / "tests/offline"),  # neither servers nor kernels reach another machine
    "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    "JUPYTER_PREFER_ENV_PATH": "1",
}
