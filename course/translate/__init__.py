"""The course in another language: catalogues of translations, and lessons made with them."""
