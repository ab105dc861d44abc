"""The invented village: its facts and what it writes. Plain Python, no torch.

``village`` holds the facts, ``phrases`` the ways to state and to ask them, ``dice`` the choices
and their probabilities, ``web`` the text for pre-training, ``talk`` the requests and answers of
the later stages.
"""
