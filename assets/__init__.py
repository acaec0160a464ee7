"""The built-in models and the icons, found through importlib.resources wherever the application lies."""
