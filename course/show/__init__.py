"""What learners look at: pictures, tables and live trainings, with one look for all lessons.

A lesson's notebook imports its door, ``l00`` … ``l09``, and nothing else of this room. A door's
``__all__`` is for good: learners keep their copies of the notebooks. All other modules are the
rooms behind the doors and may change: ``style`` and ``charts`` (the look), ``live`` (the live
demo), ``text``, ``sizes``, ``sources``, ``answers``, and the parts of each lesson, ``l03_lora`` …
Importing this loads nothing, and a door neither torch nor matplotlib: functions import them.
"""
