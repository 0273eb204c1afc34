"""The methods of a store, by what they are about.

Each opens a transaction, and leaves the work to functions that are given a connection.
"""
