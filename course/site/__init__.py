"""The course as pages for a browser: to read, with all pictures, without installing anything."""
