"""The server that the instructors of a course share: its formgrader may be a panel of JupyterLab.

JupyterHub forbids every page to show another one within it. Here pages of this very hub may.
"""

c = get_config()  # noqa: F821  (Jupyter puts this name here)
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
