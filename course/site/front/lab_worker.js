// Python for the exercises of a page, beside it.
self.onmessage = () => {};
