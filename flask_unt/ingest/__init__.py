"""The browser's door: taking events in, and putting the script into pages."""
