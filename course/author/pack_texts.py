"""What only a student's pack has: its README, and what Git and Codespaces ask for."""

README = """\
# How GPT-3 became ChatGPT

Your copy of the course. You need Python 3.11, 3.12 or 3.13 and a network for the first start, about
2 GB of disk, no compiler and no GPU. In this folder:

```
python3 start.py                      # set up once, then JupyterLab on your lessons, in work/
python3 start.py test                 # is this copy whole?
```

On Windows write `py -3.12` in place of `python3`. You may stop the first start at any time: the
same command goes on. Then:

```
python3 start.py check                # what is done, and what next
python3 start.py check 01_pretraining # one lesson, exercise by exercise
python3 start.py update               # after a newer pack was unzipped over this folder
```

Your answers live in `work/`, and no command writes over them. `check` runs the visible checks;
hidden ones run when your instructor grades.

**To hand in** a lesson give the file `work/LESSON/LESSON.ipynb` under its own name, in the way that
your class uses. In a GitHub Classroom commit it and push: `git add work`, `git commit`, `git push`.

**Codespaces**: open the repository in one. It sets the course up, which takes some minutes; then
open a notebook in `work/` and choose the kernel `.venv`.
"""

GITIGNORE = """\
# Made by start.py and tools. work/ isn't here: in a GitHub Classroom it is what you hand in.
.venv/
__pycache__/
*.egg-info/
*.part
.pytest_cache/
.ipynb_checkpoints/
/work/older/
"""

DEVCONTAINER = """\
{
  "name": "How GPT-3 became ChatGPT",
  "image": "mcr.microsoft.com/devcontainers/python:3.12",
  "postCreateCommand": "python3 start.py install",
  "customizations": {
    "vscode": { "extensions": ["ms-python.python", "ms-toolsai.jupyter"] }
  }
}
"""

STUDENT = {
    "README.md": README,
    ".gitignore": GITIGNORE,
    ".devcontainer/devcontainer.json": DEVCONTAINER,
}
