"""nbgrader on everybody's own server: the hub says who is in which course; hand-ins are closed."""

import os

c = get_config()  # noqa: F821  (nbgrader puts this name here)
c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"
c.Exchange.root = os.environ["COURSE_EXCHANGE"]
c.Exchange.path_includes_course = True
c.ExchangeFactory.submit = "course.grader.submit.Submit"
