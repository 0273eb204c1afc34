"""Nothing that was accepted is lost or counted twice: the proof, with real faults.

ledger      what clients sent and were promised, held against the database
recounts    every report and visit, recounted from the rows
clients     browsers that send until they are answered
door        a port in front of a server, which loses answers or is shut
stage       the site, its workers, Redis and a database as processes
faults      what can go wrong, and how it is mended
run         one seed: a stage, a crowd, faults, the verdict; ``make faults``
app, worker the programs that the stage runs
sabotage    two broken workers that must turn the proof red
"""

from __future__ import annotations

PREFIX = "/k3x9"
HOST = "shop.example"
