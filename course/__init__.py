"""How GPT-3 became ChatGPT: the library that the lessons import.

Rooms, and the only way their imports point: ``show`` → ``studies`` → ``stages`` → ``lm`` →
``world``, with ``real`` (the open models) next to ``stages``; ``learner`` and ``author`` →
``grader``; ``bench`` and ``cli`` sit on top. ``paths``, ``shield``, ``errors``, ``records``,
``checks`` and ``stats`` are the ground floor: every room but ``grader`` may use them. Importing
``course`` or ``course.world`` imports no torch.
"""

__version__ = "0.1.0"
