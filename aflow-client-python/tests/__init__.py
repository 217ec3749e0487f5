"""The SDK's tests: `python3 -m unittest discover` in the folder above."""
