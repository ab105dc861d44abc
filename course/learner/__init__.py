"""The learner's own copy: check it, see how far one is, the map, JupyterLab."""
