"""How GPT-3 became ChatGPT: the library that the lessons import.

Rooms, and the only way their imports point: ``show`` → ``lm`` → ``world``; ``classroom`` stands
apart (it knows nbgrader and none of the three); ``cli`` sits on top. ``paths``, ``shield``,
``errors``, ``records`` and ``checks`` are the ground floor: every room may use them. Importing
``course`` or ``course.world`` imports no torch.
"""

__version__ = "0.1.0"
